"""The first tables, part 4: made from the models, never edited after the first release."""

import sqlalchemy as sa
from alembic import op

from scrm.db import BigId, Json, UtcDateTime

revision = "first_4"
down_revision = "first_3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_interest",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_interest_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_contact_interest_user_id_app_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "contact_id", name=op.f("pk_contact_interest")),
    )
    op.create_index("ix_contact_interest_contact_id", "contact_interest", ["contact_id"], unique=False)
    op.create_table(
        "contact_turn",
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("into_id", BigId, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_turn_contact_id_contact")),
        sa.ForeignKeyConstraint(["into_id"], ["contact.id"], name=op.f("fk_contact_turn_into_id_contact")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_turn")),
    )
    op.create_index("ix_contact_turn_at", "contact_turn", ["at"], unique=False)
    op.create_index("ix_contact_turn_contact_id", "contact_turn", ["contact_id"], unique=False)
    op.create_table(
        "contact_visit",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_visit_contact_id_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_contact_visit_user_id_app_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "contact_id", name=op.f("pk_contact_visit")),
    )
    op.create_index("ix_contact_visit_contact_id", "contact_visit", ["contact_id"], unique=False)
    op.create_table(
        "crm_setup",
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("is_check_only", sa.Boolean(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=True),
        sa.Column("objections", Json, nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("has_rights", sa.Boolean(), nullable=True),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("ordered_by", BigId, nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ordered_by"], ["app_user.id"], name=op.f("fk_crm_setup_ordered_by_app_user")),
        sa.PrimaryKeyConstraint("crm_id", name=op.f("pk_crm_setup")),
    )
    op.create_index("ix_crm_setup_due_at", "crm_setup", ["due_at"], unique=False)
    op.create_table(
        "directory_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_directory_identity_user_id_app_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_directory_identity_issuer_subject")),
    )
    op.create_index(op.f("ix_directory_identity_user_id"), "directory_identity", ["user_id"], unique=False)
    op.create_table(
        "forgetting",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("profile_id", sa.Integer(), nullable=True),
        sa.Column("sought", sa.Text(), nullable=True),
        sa.Column("asked_by", BigId, nullable=True),
        sa.Column("approved_by", BigId, nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("local_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("places", Json, nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approved_by"], ["app_user.id"], name=op.f("fk_forgetting_approved_by_app_user")),
        sa.ForeignKeyConstraint(["asked_by"], ["app_user.id"], name=op.f("fk_forgetting_asked_by_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forgetting")),
        sa.UniqueConstraint("public_id", name=op.f("uq_forgetting_public_id")),
    )
    op.create_index("ix_forgetting_due_at", "forgetting", ["due_at"], unique=False)
    op.create_index("ix_forgetting_state", "forgetting", ["state", "id"], unique=False)
    op.create_table(
        "ground",
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_ground_profile_id_profile")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_ground_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ground")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ground_public_id")),
    )
    op.create_index("ix_ground_expires_at", "ground", ["expires_at"], unique=False)
    op.create_index("ix_ground_profile_id", "ground", ["profile_id"], unique=False)
    op.create_table(
        "handle_history",
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_handle_history_profile_id_profile")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handle_history")),
        sa.UniqueConstraint("profile_id", "handle", name=op.f("uq_handle_history_profile_id_handle")),
    )
    op.create_index("ix_handle_history_folded", "handle_history", ["folded"], unique=False)
    op.create_index("ix_handle_history_handle", "handle_history", ["handle"], unique=False)
    op.create_table(
        "mail",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("alert_id", BigId, nullable=True),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_mail_alert_id_alert"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_mail_user_id_app_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_mail_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mail_public_id")),
    )
    op.create_index("ix_mail_alert_id", "mail", ["alert_id"], unique=False)
    op.create_index("ix_mail_due_at", "mail", ["due_at"], unique=False)
    op.create_index("ix_mail_user_id", "mail", ["user_id"], unique=False)
    op.create_table(
        "match_model",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name=op.f("fk_match_model_created_by_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_model")),
    )
    op.create_table(
        "retention_rule",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("set_by", BigId, nullable=True),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("removing", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["app_user.id"], name=op.f("fk_retention_rule_set_by_app_user")),
        sa.PrimaryKeyConstraint("network", "kind", name=op.f("pk_retention_rule")),
    )
