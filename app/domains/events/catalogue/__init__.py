"""The catalogue: what each topic means, which facts it tells, and an example of them.

The schemas, the AsyncAPI document and what a key may ask about topics all come from here.
"""

from collections.abc import Mapping

from app.domains.events.catalogue.books import BOOKS
from app.domains.events.catalogue.endpoints import ENDPOINTS
from app.domains.events.catalogue.money import MONEY
from app.domains.events.catalogue.places import PLACES
from app.domains.events.catalogue.shapes import Described
from app.domains.events.catalogue.students import STUDENTS
from app.domains.events.topics import Topic

__all__ = ["CATALOGUE", "Described"]

CATALOGUE: Mapping[Topic, Described] = {each.topic: each for each in (*STUDENTS, *MONEY, *BOOKS, *PLACES, *ENDPOINTS)}
