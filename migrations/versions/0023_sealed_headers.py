"""The values of owners' headers are sealed like secrets, and what is sealed can be sealed anew.

Revision ID: 0023
Revises: 0022
"""

from migrations.walls import script

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# What `headers` holds in clear is sealed by `skooly webhooks reseal` or the nightly job: no key is known here.
SEALED = """
ALTER TABLE endpoint ADD COLUMN header_names text[] NOT NULL DEFAULT '{}';
ALTER TABLE endpoint ADD COLUMN sealed_headers bytea;
ALTER TABLE endpoint ADD COLUMN headers_key_version integer;
ALTER TABLE endpoint ADD CONSTRAINT ck_endpoint_sealed_headers
    CHECK (num_nonnulls(sealed_headers, headers_key_version) <> 1);
GRANT UPDATE (ciphertext, key_version) ON endpoint_secret TO skooly_app;
"""


def upgrade() -> None:
    script(SEALED)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
