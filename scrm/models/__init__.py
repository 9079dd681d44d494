"""Rows; no outside calls. Importing this package registers every table."""

from scrm.models.access import NetworkApp, SignInFlow
from scrm.models.alert import Alert, AlertKind
from scrm.models.api_token import ApiToken
from scrm.models.archive import ArchiveFile, ArchiveState
from scrm.models.audit import AuditChain, AuditEntry
from scrm.models.base import Row, claim, still_mine, uuid7
from scrm.models.community import AudienceChange, Community, Membership, audience_now, audience_of
from scrm.models.connection import Connection, ConnectionState, CoverageGap, Run, StreamState, Watch
from scrm.models.contact import Contact, ContactKind, ContactTurn, Relation, Turn, survivor
from scrm.models.crm_connection import CrmConnection, CrmFieldMap, CrmSetup
from scrm.models.crm_local import LocalContact, LocalLedger, LocalRecord
from scrm.models.directory import DirectoryIdentity
from scrm.models.due import mark_audiences_due, mark_timelines_due, watch_again
from scrm.models.erasure import Asked, Forgetting, ForgettingState, Origin, Tombstone, TombstoneKey, ask_to_forget
from scrm.models.ground import Basis, Ground, Purpose
from scrm.models.hooks import Announcement, AnnouncementState, Hook, HookEvent, HookState
from scrm.models.inbox import InboxItem, InboxState, WebhookEndpoint
from scrm.models.interaction import Interaction
from scrm.models.keeping import RetentionRule
from scrm.models.mail import Mail, MailState
from scrm.models.matching import (
    Candidate,
    Consent,
    Judge,
    Judgment,
    KeyCount,
    Link,
    MatchKey,
    MatchModelRow,
    Side,
    ValueCount,
    Verdict,
)
from scrm.models.organization import Chore, Preference
from scrm.models.people import Role, SignInLink, User, WebSession
from scrm.models.plan import PlanState, PlanStep, StepAction, StepResult, WritePlan
from scrm.models.profile import HandleHistory, MatchState, Profile
from scrm.models.raw import RawRecord
from scrm.models.reading import ContactInterest, ContactVisit, Objection, undoubted
from scrm.models.review import (
    BatchState,
    EvidencePattern,
    LinkAudit,
    ModelTrial,
    QualityCount,
    QualityFinding,
    ReviewBatch,
    ReviewCase,
)
from scrm.models.timeline import (
    BulkStage,
    BulkWrite,
    CrmState,
    Delivery,
    EntryState,
    Journal,
    RecordKind,
    TimelineDue,
    TimelineEntry,
)
from scrm.models.usage import PaidItem, Usage
from scrm.models.words import Words

__all__ = [
    "Alert",
    "AlertKind",
    "Announcement",
    "AnnouncementState",
    "ApiToken",
    "ArchiveFile",
    "ArchiveState",
    "Asked",
    "AudienceChange",
    "AuditChain",
    "AuditEntry",
    "Basis",
    "BatchState",
    "BulkStage",
    "BulkWrite",
    "Candidate",
    "Chore",
    "Community",
    "Connection",
    "ConnectionState",
    "Consent",
    "Contact",
    "ContactInterest",
    "ContactKind",
    "ContactTurn",
    "ContactVisit",
    "CoverageGap",
    "CrmConnection",
    "CrmFieldMap",
    "CrmSetup",
    "CrmState",
    "Delivery",
    "DirectoryIdentity",
    "EntryState",
    "EvidencePattern",
    "Forgetting",
    "ForgettingState",
    "Ground",
    "HandleHistory",
    "Hook",
    "HookEvent",
    "HookState",
    "InboxItem",
    "InboxState",
    "Interaction",
    "Journal",
    "Judge",
    "Judgment",
    "KeyCount",
    "Link",
    "LinkAudit",
    "LocalContact",
    "LocalLedger",
    "LocalRecord",
    "Mail",
    "MailState",
    "MatchKey",
    "MatchModelRow",
    "MatchState",
    "Membership",
    "ModelTrial",
    "NetworkApp",
    "Objection",
    "Origin",
    "PaidItem",
    "PlanState",
    "PlanStep",
    "Preference",
    "Profile",
    "Purpose",
    "QualityCount",
    "QualityFinding",
    "RawRecord",
    "RecordKind",
    "Relation",
    "RetentionRule",
    "ReviewBatch",
    "ReviewCase",
    "Role",
    "Row",
    "Run",
    "Side",
    "SignInFlow",
    "SignInLink",
    "StepAction",
    "StepResult",
    "StreamState",
    "TimelineDue",
    "TimelineEntry",
    "Tombstone",
    "TombstoneKey",
    "Turn",
    "Usage",
    "User",
    "ValueCount",
    "Verdict",
    "Watch",
    "WebSession",
    "WebhookEndpoint",
    "Words",
    "WritePlan",
    "ask_to_forget",
    "audience_now",
    "audience_of",
    "claim",
    "mark_audiences_due",
    "mark_timelines_due",
    "still_mine",
    "survivor",
    "undoubted",
    "uuid7",
    "watch_again",
]
