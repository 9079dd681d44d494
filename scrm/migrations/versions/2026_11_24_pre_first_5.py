"""The first tables, part 5: made from the models, never edited after the first release."""

import sqlalchemy as sa
from alembic import op

from scrm.db import BigId, Json, UtcDateTime

revision = "first_5"
down_revision = "first_4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_batch",
        sa.Column("pattern_id", BigId, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("undone_by", BigId, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["evidence_pattern.id"], name=op.f("fk_review_batch_pattern_id_evidence_pattern")
        ),
        sa.ForeignKeyConstraint(["undone_by"], ["app_user.id"], name=op.f("fk_review_batch_undone_by_app_user")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_review_batch_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_batch")),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_batch_public_id")),
    )
    op.create_index("ix_review_batch_due_at", "review_batch", ["due_at"], unique=False)
    op.create_table(
        "sign_in_link",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_sign_in_link_user_id_app_user")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_link")),
    )
    op.create_table(
        "timeline_due",
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_timeline_due_profile_id_profile")),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_timeline_due")),
    )
    op.create_index("ix_timeline_due_due_at", "timeline_due", ["due_at"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_web_session_user_id_app_user")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_web_session")),
    )
    op.create_index("ix_web_session_user_id", "web_session", ["user_id"], unique=False)
    op.create_table(
        "write_plan",
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("is_anew", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("last_entry_id", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", BigId, nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("approved_by", BigId, nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approved_by"], ["app_user.id"], name=op.f("fk_write_plan_approved_by_app_user")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_write_plan_contact_id_contact")),
        sa.ForeignKeyConstraint(["created_by"], ["app_user.id"], name=op.f("fk_write_plan_created_by_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_plan")),
        sa.UniqueConstraint("public_id", name=op.f("uq_write_plan_public_id")),
    )
    op.create_index("ix_write_plan_due_at", "write_plan", ["due_at"], unique=False)
    op.create_table(
        "candidate",
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("bits", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("for_review", sa.Boolean(), nullable=False),
        sa.Column("model_id", BigId, nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_candidate_contact_id_contact")),
        sa.ForeignKeyConstraint(["model_id"], ["match_model.id"], name=op.f("fk_candidate_model_id_match_model")),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_candidate_profile_id_profile")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("profile_id", "contact_id", name=op.f("uq_candidate_profile_id_contact_id")),
    )
    op.create_index("ix_candidate_contact_id", "candidate", ["contact_id"], unique=False)
    op.create_table(
        "community",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("connection_id", BigId, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_community_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community")),
        sa.UniqueConstraint("native_id", "network", "scope", name=op.f("uq_community_native_id_network_scope")),
        sa.UniqueConstraint("public_id", name=op.f("uq_community_public_id")),
    )
    op.create_table(
        "coverage_gap",
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_coverage_gap_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_gap")),
    )
    op.create_index(
        "ix_coverage_gap_connection_id_stream", "coverage_gap", ["connection_id", "stream", "until"], unique=False
    )
    op.create_table(
        "judgment",
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("judge", sa.Text(), nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("token_id", BigId, nullable=True),
        sa.Column("model_id", BigId, nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("undoes_id", BigId, nullable=True),
        sa.Column("pattern_id", BigId, nullable=True),
        sa.Column("batch_id", BigId, nullable=True),
        sa.Column("is_best", sa.Boolean(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["review_batch.id"], name=op.f("fk_judgment_batch_id_review_batch")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_judgment_contact_id_contact")),
        sa.ForeignKeyConstraint(["model_id"], ["match_model.id"], name=op.f("fk_judgment_model_id_match_model")),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["evidence_pattern.id"], name=op.f("fk_judgment_pattern_id_evidence_pattern")
        ),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_judgment_profile_id_profile")),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_judgment_token_id_api_token")),
        sa.ForeignKeyConstraint(["undoes_id"], ["judgment.id"], name=op.f("fk_judgment_undoes_id_judgment")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_judgment_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgment")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_judgment_undoes_id")),
    )
    op.create_index("ix_judgment_batch_id", "judgment", ["batch_id", "id"], unique=False)
    op.create_index("ix_judgment_contact_id", "judgment", ["contact_id"], unique=False)
    op.create_index("ix_judgment_judge", "judgment", ["judge", "id"], unique=False)
    op.create_index("ix_judgment_profile_id", "judgment", ["profile_id", "id"], unique=False)
    op.create_index("ix_judgment_user_id", "judgment", ["user_id", "id"], unique=False)
    op.create_table(
        "model_trial",
        sa.Column("change", Json, nullable=False),
        sa.Column("model_id", BigId, nullable=True),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["match_model.id"], name=op.f("fk_model_trial_model_id_match_model")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_model_trial_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_trial")),
        sa.UniqueConstraint("public_id", name=op.f("uq_model_trial_public_id")),
    )
    op.create_index("ix_model_trial_due_at", "model_trial", ["due_at"], unique=False)
    op.create_table(
        "paid_item",
        sa.Column("connection_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_paid_item_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("connection_id", "day", "kind", "native_id", name=op.f("pk_paid_item")),
    )
    op.create_index("ix_paid_item_day", "paid_item", ["day"], unique=False)
