"""Schools, the integrations they let in, and the keys those hold: commands and reads, by topic."""

from app.domains.partners.service.granting import Peppers, ShownKey, grant_key, offered, replace_key
from app.domains.partners.service.key_lists import KeyRecord, describe_key, key_state, list_keys, page_of_keys
from app.domains.partners.service.keys import (
    GRACE_HOURS,
    IssuedKey,
    find_key,
    issue_key,
    revoke_key,
    rotate_key,
)
from app.domains.partners.service.partners import (
    PartnerRecord,
    create_partner,
    ensure_partner,
    find_partner,
    page_of_partners,
    rename_partner,
)
from app.domains.partners.service.platform import (
    IssuedPlatformKey,
    describe_platform_key,
    find_platform_key,
    issue_platform_key,
    list_platform_keys,
    revoke_platform_key,
    rotate_platform_key,
)
from app.domains.partners.service.schools import (
    create_school,
    find_school,
    list_schools,
    own_school,
    page_of_schools,
    update_school,
)

__all__ = [
    "GRACE_HOURS",
    "IssuedKey",
    "IssuedPlatformKey",
    "KeyRecord",
    "PartnerRecord",
    "Peppers",
    "ShownKey",
    "create_partner",
    "create_school",
    "describe_key",
    "describe_platform_key",
    "ensure_partner",
    "find_key",
    "find_partner",
    "find_platform_key",
    "find_school",
    "grant_key",
    "issue_key",
    "issue_platform_key",
    "key_state",
    "list_keys",
    "list_platform_keys",
    "list_schools",
    "offered",
    "own_school",
    "page_of_keys",
    "page_of_partners",
    "page_of_schools",
    "rename_partner",
    "replace_key",
    "revoke_key",
    "revoke_platform_key",
    "rotate_key",
    "rotate_platform_key",
    "update_school",
]
