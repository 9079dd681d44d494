"""What people do on LinkedIn, and which of it the page is told.

Told are reactions to and comments on the page's public posts, shares of them, and public posts that name the page;
not told is what happens under other people's posts (organization-social-action-notifications,
learn.microsoft.com/linkedin, read 2026-11-23).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrm.sandbox.linkedin.leads import Lead
from scrm.sandbox.linkedin.state import Comment, Member, Organization, Post, Reaction
from scrm.sandbox.linkedin.urns import lead_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scrm.sandbox.linkedin.state import Actor, State, Target
    from scrm.sandbox.linkedin.subscriptions import Subscriptions
    from scrm.sandbox.linkedin.truth import Truth
    from scrm.sandbox.linkedin.urns import Numbers

ACTIVITY_IS_LATER_BY = 96  # milliseconds, as between a recorded share and its activity
VISIBILITIES = {
    "public": "PUBLIC",
    "unlisted": "PUBLIC",
    "followers": "CONNECTIONS",
    "private": "CONNECTIONS",
    "community": "LOGGED_IN",
}
REACTIONS = frozenset({"LIKE", "PRAISE", "EMPATHY", "INTEREST", "APPRECIATION", "ENTERTAINMENT"})


@dataclass(frozen=True, kw_only=True)
class Life:
    """The deeds; the caller holds the lock."""

    state: State
    truth: Truth
    numbers: Numbers
    subscriptions: Subscriptions
    agent_of: Callable[[Organization], Member]  # who writes in the name of a page

    def post(
        self,
        author: Actor,
        text: str,
        *,
        at: datetime,
        mentions: Sequence[Actor],
        visibility: str,
        reshare_of: Post | None = None,
    ) -> str:
        if visibility not in VISIBILITIES:
            raise ValueError(f"LinkedIn has no posts that are {visibility}")
        written = self.state.written.get(author.urn, [])
        kind = "ugcPost" if isinstance(author, Organization) and len(written) % 2 else "share"
        post = Post(
            urn=f"urn:li:{kind}:{self.numbers.at(at)}",
            activity_urn=f"urn:li:activity:{self.numbers.at(at, later_by=ACTIVITY_IS_LATER_BY)}",
            author=author,
            text=text,
            created_at=at,
            modified_at=at,
            visibility=VISIBILITIES[visibility],
            mentions=tuple(mentions),
            reshare_of=reshare_of,
        )
        self.state.add_post(post)
        self.truth.wrote(post)
        if isinstance(author, Member) and post.visibility == "PUBLIC":
            if reshare_of and isinstance(reshare_of.author, Organization) and reshare_of.visibility == "PUBLIC":
                self._tell("SHARE", reshare_of.author, reshare_of, post.urn, post, at)
            for page in mentions:
                if isinstance(page, Organization):
                    self._tell("SHARE_MENTION", page, post, post.urn, post, at)
        return post.urn

    def comment(self, author: Actor, text: str, target: Target, *, at: datetime, mentions: Sequence[Actor]) -> str:
        above = target if isinstance(target, Comment) else None
        comment = Comment(
            id=self.numbers.at(at),
            post=target.post,
            author=author,
            agent=self.agent_of(author) if isinstance(author, Organization) else None,
            text=text,
            created_at=at,
            modified_at=at,
            parent=above.parent or above if above else None,
            mentions=tuple(mentions),
        )
        self.state.add_comment(comment)
        self.truth.commented(comment)
        self._tell_of_comment("ADMIN_COMMENT" if comment.agent else "COMMENT", comment, at)
        return comment.urn

    def like(self, actor: Actor, target: Target, kind: str, *, at: datetime) -> str:
        if kind not in REACTIONS:
            raise ValueError(f"LinkedIn knows no reaction {kind}")
        known = target.reactions.get(actor.urn)
        if known is None:
            known = target.reactions[actor.urn] = Reaction(actor=actor, target=target, kind=kind, at=at)
            self.truth.reacted(known)
            post = target.post
            if isinstance(target, Post) and isinstance(post.author, Organization) and isinstance(actor, Member):
                activity = f"urn:li:like:({actor.urn},{post.activity_urn})"
                self._tell("LIKE", post.author, post, activity, None, at)
        return known.urn

    def unlike(self, actor: Actor, target: Target, *, at: datetime) -> None:
        """Take a reaction back; nobody is told."""
        self.truth.deleted(target.reactions.pop(actor.urn).urn, at)

    def follow(self, member: Member, page: Organization, *, at: datetime) -> str:
        native_id = f"urn:li:follow:({member.urn},{page.urn})"
        if member.id not in page.followers:
            page.followers[member.id] = at
            self.truth.followed(native_id, member, at)
        return native_id

    def edit(self, target: Target, text: str, *, at: datetime) -> None:
        target.text, target.modified_at, target.is_edited = text, at, True
        self.truth.edited(target.urn, at)
        if isinstance(target, Comment):
            self._tell_of_comment("COMMENT_EDIT", target, at)

    def delete(self, target: Target, *, at: datetime) -> None:
        """Delete a post with all under it, or a comment with the answers to it; only the comment itself is told."""
        below = target.comments if isinstance(target, Post) else target.replies
        for gone in [target, *below.values()]:
            self.truth.deleted(gone.urn, at)
            for reaction in gone.reactions.values():
                self.truth.deleted(reaction.urn, at)
        if isinstance(target, Post):
            self.state.remove_post(target)
        else:
            self.state.remove_comment(target)
            self._tell_of_comment("COMMENT_DELETE", target, at)

    def lead(
        self,
        member: Member,
        *,
        at: datetime,
        lead_type: str,
        email: str | None,
        is_consenting: bool,
        is_test: bool,
    ) -> str:
        form = next((one for one in self.state.forms.values() if one.lead_type == lead_type), None)
        if form is None:
            raise ValueError(f"the page has no form for {lead_type}")
        person = member.person
        lead = Lead(
            id=lead_id(self.numbers.at(at)),
            form=form,
            member=member,
            answers={
                "FIRST_NAME": member.first_name,
                "LAST_NAME": member.last_name,
                "EMAIL": person.email if email is None else email,
                "COMPANY_NAME": person.company,
                "JOB_TITLE": person.title,
            },
            is_consenting=is_consenting,
            is_test=is_test,
            at=at,
        )
        self.state.leads[lead.id] = lead
        self.truth.led(lead)
        self.subscriptions.told_lead(lead, "CREATED", at)
        return lead.id

    def delete_lead(self, lead: Lead, *, at: datetime) -> None:
        del self.state.leads[lead.id]
        self.truth.deleted(lead.id, at)
        self.subscriptions.told_lead(lead, "DELETED", at)

    def _tell_of_comment(self, action: str, comment: Comment, at: datetime) -> None:
        if isinstance(comment.post.author, Organization):
            self._tell(action, comment.post.author, comment.post, comment.urn, comment, at)

    def _tell(
        self, action: str, page: Organization, post: Post, activity: str, subject: Target | None, at: datetime
    ) -> None:
        if post.visibility == "PUBLIC":
            self.subscriptions.told(self.state.notify(action, page, post, activity, subject, at))
