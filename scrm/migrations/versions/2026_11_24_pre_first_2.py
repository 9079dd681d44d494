"""The first tables, part 2: made from the models, never edited after the first release."""

import sqlalchemy as sa
from alembic import op

from scrm.db import BigId, Json, UtcDateTime

revision = "first_2"
down_revision = "first_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hook",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("networks", Json, nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("old_secret_until", UtcDateTime(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
        sa.UniqueConstraint("name", name=op.f("uq_hook_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_hook_public_id")),
    )
    op.create_table(
        "inbox_item",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("delivery_key", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_item")),
        sa.UniqueConstraint("endpoint", "delivery_key", name=op.f("uq_inbox_item_endpoint_delivery_key")),
    )
    op.create_index("ix_inbox_item_due_at", "inbox_item", ["due_at"], unique=False)
    op.create_table(
        "key_count",
        sa.Column("key", BigId, autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_key_count")),
    )
    op.create_table(
        "local_contact",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_contact")),
        sa.UniqueConstraint("source_id", name=op.f("uq_local_contact_source_id")),
    )
    op.create_index("ix_local_contact_seq", "local_contact", ["seq"], unique=False)
    op.create_table(
        "local_ledger",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("external_key", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("contact_native_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_ledger")),
    )
    op.create_index("ix_local_ledger_external_key", "local_ledger", ["external_key"], unique=False)
    op.create_table(
        "local_record",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_key", sa.Text(), nullable=False),
        sa.Column("profile_record_id", sa.Text(), nullable=True),
        sa.Column("contact_native_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("written", Json, nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_record")),
        sa.UniqueConstraint("external_key", name=op.f("uq_local_record_external_key")),
    )
    op.create_index("ix_local_record_contact", "local_record", ["contact_native_id", "occurred_at"], unique=False)
    op.create_index("ix_local_record_profile_record_id", "local_record", ["profile_record_id"], unique=False)
    op.create_table(
        "match_key",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", BigId, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("side", "key", "owner_id", name=op.f("pk_match_key")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_match_key_owner", "match_key", ["side", "owner_id"], unique=False)
    op.create_table(
        "network_app",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("network", name=op.f("pk_network_app")),
    )
    op.create_table(
        "preference",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_preference")),
    )
    op.create_table(
        "profile",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("handle_is_recycled", sa.Boolean(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("links", Json, nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("is_organization", sa.Boolean(), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("match_state", sa.Text(), nullable=False),
        sa.Column("match_due_at", UtcDateTime(), nullable=True),
        sa.Column("match_generation", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
        sa.UniqueConstraint("native_id", "network", "scope", name=op.f("uq_profile_native_id_network_scope")),
        sa.UniqueConstraint("public_id", name=op.f("uq_profile_public_id")),
    )
    op.create_index("ix_profile_match_due_at", "profile", ["match_due_at"], unique=False)
    op.create_index("ix_profile_match_state", "profile", ["match_state", "id"], unique=False)
    op.create_table(
        "quality_count",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_quality_count")),
    )
