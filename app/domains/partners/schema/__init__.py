"""Schools, partners and their keys, as the API shows and changes them."""

import strawberry

from app.domains.partners.schema.issuing import IssuingMutation
from app.domains.partners.schema.keys import KeyMutation, KeyQuery
from app.domains.partners.schema.partners import PartnerMutation, PartnerQuery
from app.domains.partners.schema.schools import SchoolMutation, SchoolQuery
from app.domains.partners.schema.viewer import ViewerQuery


@strawberry.type
class Query(SchoolQuery, PartnerQuery, KeyQuery, ViewerQuery):
    pass


@strawberry.type
class Mutation(SchoolMutation, PartnerMutation, IssuingMutation, KeyMutation):
    pass
