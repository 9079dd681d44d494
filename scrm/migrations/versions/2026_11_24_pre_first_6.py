"""The first tables, part 6: made from the models, never edited after the first release."""

import sqlalchemy as sa
from alembic import op

from scrm.db import BigId, UtcDateTime

revision = "first_6"
down_revision = "first_5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "raw_record",
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=True),
        sa.Column("author_id", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("quarantine", sa.Text(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_raw_record_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_record")),
        sa.UniqueConstraint(
            "connection_id", "stream", "digest", name=op.f("uq_raw_record_connection_id_stream_digest")
        ),
    )
    op.create_index("ix_raw_record_expires_at", "raw_record", ["expires_at"], unique=False)
    op.create_index("ix_raw_record_key", "raw_record", ["native_id", "network"], unique=False)
    op.create_table(
        "run",
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_run_connection_id_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_connection_id_started_at", "run", ["connection_id", "started_at"], unique=False)
    op.create_table(
        "sign_in_flow",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("connection_id", BigId, nullable=True),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("is_redeemed", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_sign_in_flow_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_sign_in_flow_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_flow")),
    )
    op.create_index("ix_sign_in_flow_state", "sign_in_flow", ["state"], unique=True)
    op.create_table(
        "stream_state",
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("backfilled_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("reached_at", UtcDateTime(), nullable=True),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_since", UtcDateTime(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_stream_state_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream_state")),
        sa.UniqueConstraint("connection_id", "stream", name=op.f("uq_stream_state_connection_id_stream")),
    )
    op.create_index("ix_stream_state_due_at", "stream_state", ["due_at"], unique=False)
    op.create_table(
        "usage",
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_usage_connection_id_connection")),
        sa.PrimaryKeyConstraint("connection_id", "begins_on", name=op.f("pk_usage")),
    )
    op.create_table(
        "watch",
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("fetch_ref", sa.Text(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_watch_connection_id_connection")),
        sa.PrimaryKeyConstraint("connection_id", "stream", "native_id", name=op.f("pk_watch")),
    )
    op.create_index(
        "ix_watch_connection_id_stream_due_at", "watch", ["connection_id", "stream", "due_at"], unique=False
    )
    op.create_table(
        "interaction",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("party_id", BigId, nullable=True),
        sa.Column("community_id", BigId, nullable=True),
        sa.Column("connection_id", BigId, nullable=True),
        sa.Column("fetch_ref", sa.Text(), nullable=True),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("thread_key", sa.Text(), nullable=True),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_interaction_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_interaction_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["profile.id"], name=op.f("fk_interaction_party_id_profile")),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_interaction_profile_id_profile")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sa.UniqueConstraint("native_id", "network", "scope", name=op.f("uq_interaction_native_id_network_scope")),
        sa.UniqueConstraint("public_id", name=op.f("uq_interaction_public_id")),
    )
    op.create_index(
        "ix_interaction_answer",
        "interaction",
        ["party_id", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("direction = 'out'"),
        postgresql_where=sa.text("direction = 'out'"),
    )
    op.create_index(
        "ix_interaction_expires_at",
        "interaction",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_interaction_kept",
        "interaction",
        ["network", "kind", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_interaction_party_id_occurred_at", "interaction", ["party_id", "occurred_at", "id"], unique=False
    )
    op.create_index("ix_interaction_thread_key", "interaction", ["thread_key", "network"], unique=False)
    op.create_table(
        "link",
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("judgment_id", BigId, nullable=False),
        sa.Column("model_id", BigId, nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_link_contact_id_contact")),
        sa.ForeignKeyConstraint(["judgment_id"], ["judgment.id"], name=op.f("fk_link_judgment_id_judgment")),
        sa.ForeignKeyConstraint(["model_id"], ["match_model.id"], name=op.f("fk_link_model_id_match_model")),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_link_profile_id_profile")),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_link")),
    )
    op.create_index("ix_link_basis", "link", ["basis"], unique=False)
    op.create_index("ix_link_contact_id", "link", ["contact_id"], unique=False)
    op.create_table(
        "link_audit",
        sa.Column("judgment_id", BigId, nullable=False),
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("answer_id", BigId, nullable=True),
        sa.Column("is_right", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["judgment.id"], name=op.f("fk_link_audit_answer_id_judgment")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_link_audit_contact_id_contact")),
        sa.ForeignKeyConstraint(["judgment_id"], ["judgment.id"], name=op.f("fk_link_audit_judgment_id_judgment")),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_link_audit_profile_id_profile")),
        sa.PrimaryKeyConstraint("judgment_id", name=op.f("pk_link_audit")),
    )
    op.create_index("ix_link_audit_basis", "link_audit", ["basis"], unique=False)
    op.create_index("ix_link_audit_profile_id", "link_audit", ["profile_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("community_id", BigId, nullable=False),
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_membership_community_id_community")
        ),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_membership_profile_id_profile")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("community_id", "profile_id", name=op.f("uq_membership_community_id_profile_id")),
    )
    op.create_index("ix_membership_profile_id", "membership", ["profile_id"], unique=False)
    op.create_table(
        "objection",
        sa.Column("judgment_id", BigId, nullable=False),
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_objection_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["judgment_id"], ["judgment.id"], name=op.f("fk_objection_judgment_id_judgment"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_objection_profile_id_profile"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_objection_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("judgment_id", name=op.f("uq_objection_judgment_id")),
    )
    op.create_index("ix_objection_profile_id", "objection", ["profile_id"], unique=False)
