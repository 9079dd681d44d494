"""The first tables, part 7: made from the models, never edited after the first release."""

import sqlalchemy as sa
from alembic import op

from scrm.db import BigId, Json, UtcDateTime

revision = "first_7"
down_revision = "first_6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_case",
        sa.Column("profile_id", BigId, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("pattern_id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=True),
        sa.Column("community_id", BigId, nullable=True),
        sa.Column("worth", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", BigId, nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("asked_of", BigId, nullable=True),
        sa.Column("notes", Json, nullable=False),
        sa.ForeignKeyConstraint(["asked_of"], ["app_user.id"], name=op.f("fk_review_case_asked_of_app_user")),
        sa.ForeignKeyConstraint(["claimed_by"], ["app_user.id"], name=op.f("fk_review_case_claimed_by_app_user")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["community.id"], name=op.f("fk_review_case_community_id_community")
        ),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["evidence_pattern.id"], name=op.f("fk_review_case_pattern_id_evidence_pattern")
        ),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_review_case_profile_id_profile")),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_review_case")),
    )
    op.create_index("ix_review_case_asked_of", "review_case", ["asked_of"], unique=False)
    op.create_index("ix_review_case_claimed_by", "review_case", ["claimed_by"], unique=False)
    op.create_index(
        "ix_review_case_state_pattern_id_worth",
        "review_case",
        ["state", "pattern_id", "worth", "profile_id"],
        unique=False,
    )
    op.create_table(
        "timeline_entry",
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("external_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("interaction_id", BigId, nullable=True),
        sa.Column("profile_id", BigId, nullable=True),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("is_forced", sa.Boolean(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_version", sa.Integer(), nullable=False),
        sa.Column("interaction_version", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("below_record_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("waits_for_plan", sa.Boolean(), nullable=False),
        sa.Column("bulk_id", BigId, nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crash_count", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(interaction_id IS NULL) <> (profile_id IS NULL)", name=op.f("ck_timeline_entry_about_one")
        ),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_write.id"], name=op.f("fk_timeline_entry_bulk_id_bulk_write")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_timeline_entry_contact_id_contact")),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interaction.id"], name=op.f("fk_timeline_entry_interaction_id_interaction")
        ),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_timeline_entry_profile_id_profile")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_entry")),
        sa.UniqueConstraint("crm_id", "external_key", name=op.f("uq_timeline_entry_crm_id_external_key")),
        sa.UniqueConstraint("interaction_id", "crm_id", name=op.f("uq_timeline_entry_interaction_id_crm_id")),
        sa.UniqueConstraint("profile_id", "crm_id", name=op.f("uq_timeline_entry_profile_id_crm_id")),
    )
    op.create_index("ix_timeline_entry_bulk_id", "timeline_entry", ["bulk_id"], unique=False)
    op.create_index("ix_timeline_entry_contact_id", "timeline_entry", ["contact_id"], unique=False)
    op.create_index(
        "ix_timeline_entry_work", "timeline_entry", ["crm_id", "state", "is_wanted", "kind", "due_at"], unique=False
    )
    op.create_table(
        "delivery",
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["timeline_entry.id"], name=op.f("fk_delivery_entry_id_timeline_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_ended_at", "delivery", ["ended_at"], unique=False)
    op.create_index("ix_delivery_entry_id", "delivery", ["entry_id"], unique=False)
    op.create_table(
        "journal",
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("changed_by_others", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_journal_contact_id_contact")),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name=op.f("fk_journal_entry_id_timeline_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_contact_id", "journal", ["contact_id"], unique=False)
    op.create_index("ix_journal_entry_id", "journal", ["entry_id"], unique=False)
    op.create_table(
        "plan_step",
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_plan_step_contact_id_contact")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["timeline_entry.id"], name=op.f("fk_plan_step_entry_id_timeline_entry")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["write_plan.id"], name=op.f("fk_plan_step_plan_id_write_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_step")),
        sa.UniqueConstraint("plan_id", "entry_id", name=op.f("uq_plan_step_plan_id_entry_id")),
    )
    op.create_index("ix_plan_step_entry_id", "plan_step", ["entry_id"], unique=False)
    op.create_index("ix_plan_step_result", "plan_step", ["plan_id", "result", "action", "kind"], unique=False)
