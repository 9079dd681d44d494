"""The JSON of the LinkedIn API.

Posts, comments, reactions, counts and access rights as in posts-api, comments-api, reactions-api,
social-metadata-api and organization-access-control-by-role; notices as in organization-social-action-notifications
(all learn.microsoft.com/linkedin, read 2026-11-24, partly from memory) and as recorded from a delivery in 2023:
`sourcePost` is the activity, the decorations name the share. Nothing but URNs tells who wrote a comment.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from scrm.sandbox.linkedin.state import CLOSED, PRIVATE, Comment, Member, Organization, Post
from scrm.sandbox.linkedin.text import commentary, message, plain
from scrm.sandbox.linkedin.urns import milliseconds, small_number

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.linkedin.state import Notice, Reaction, State, Target

COUNTRIES = {"en": "US", "ar": "AE", "cs": "CZ", "el": "GR", "he": "IL", "ja": "JP", "uk": "UA", "zh": "CN"}


def _locale(language: str) -> dict[str, str]:
    return {"country": COUNTRIES.get(language, language.upper()), "language": language}


def _localized(text: str, language: str) -> dict[str, Any]:
    locale = _locale(language)
    return {"localized": {f"{language}_{locale['country']}": text}, "preferredLocale": locale}


def member_entity(member: Member, *, is_own: bool = False) -> dict[str, Any] | None:
    """Return the profile as others get it; None for somebody who is not seen outside LinkedIn at all."""
    if member.privacy == CLOSED and not is_own:
        return None
    if member.privacy == PRIVATE and not is_own:
        return {"id": "private", "localizedFirstName": "private", "localizedLastName": "private"}
    language = member.person.language
    return {
        "id": member.id,
        "vanityName": member.vanity_name,
        "localizedFirstName": member.first_name,
        "localizedLastName": member.last_name,
        "localizedHeadline": member.headline,
        "firstName": _localized(member.first_name, language),
        "lastName": _localized(member.last_name, language),
        "headline": _localized(member.headline, language),
        "profilePicture": {"displayImage": f"urn:li:digitalmediaAsset:C4D03{member.id}"},
    }


def userinfo_entity(member: Member) -> dict[str, Any]:
    locale = _locale(member.person.language)
    return {
        "sub": member.id,
        "name": member.name,
        "given_name": member.first_name,
        "family_name": member.last_name,
        "locale": locale,
        "email": member.person.email,
        "email_verified": True,
    }


def organization_entity(organization: Organization, *, is_administered: bool) -> dict[str, Any]:
    """Return a page: everything to its people, a few fields to others."""
    entity: dict[str, Any] = {
        "id": organization.id,
        "name": _localized(organization.name, organization.person.language),
        "localizedName": organization.name,
        "vanityName": organization.vanity_name,
        "localizedWebsite": organization.website,
        "logoV2": {"original": f"urn:li:digitalmediaAsset:C4E0B{organization.id}"},
        "locations": [{"locationType": "HEADQUARTERS", "address": {"city": organization.person.city}}],
        "primaryOrganizationType": "NONE",
    }
    if is_administered:
        entity |= {
            "$URN": organization.urn,
            "localizedDescription": organization.description,
            "organizationStatus": "OPERATING",
            "created": {"time": milliseconds(organization.created_at)},
        }
    return entity


def acl_entity(organization: Organization, member: Member, role: str, since: datetime) -> dict[str, Any]:
    stamp = {
        "actor": member.urn,
        "impersonator": "urn:li:servicePrincipal:organization",
        "time": milliseconds(since),
    }
    return {
        "roleAssignee": member.urn,
        "role": role,
        "state": "APPROVED",
        "organization": organization.urn,
        "created": stamp,
        "lastModified": stamp,
    }


def post_entity(post: Post) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "id": post.urn,
        "author": post.author.urn,
        "commentary": commentary(post.text, post.mentions),
        "visibility": post.visibility,
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": post.is_edited},
        "isReshareDisabledByAuthor": False,
        "createdAt": milliseconds(post.created_at),
        "publishedAt": milliseconds(post.created_at),
        "lastModifiedAt": milliseconds(post.modified_at),
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
    }
    if post.reshare_of:
        root = post.reshare_of
        while root.reshare_of:
            root = root.reshare_of
        entity["reshareContext"] = {"parent": post.reshare_of.urn, "root": root.urn}
    return entity


def comment_entity(comment: Comment) -> dict[str, Any]:
    stamp = {"actor": comment.author.urn}
    entity: dict[str, Any] = {"actor": comment.author.urn}
    if comment.agent:
        entity["agent"] = comment.agent.urn
        stamp["impersonator"] = comment.agent.urn
    first_level = len(comment.replies)
    entity |= {
        "$URN": comment.urn,
        "commentUrn": comment.urn,
        "id": str(comment.id),
        "object": comment_object(comment),
        "created": {**stamp, "time": milliseconds(comment.created_at)},
        "lastModified": {**stamp, "time": milliseconds(comment.modified_at)},
        "message": message(comment.text, comment.mentions),
        "likesSummary": {
            "aggregatedTotalLikes": len(comment.reactions),
            "totalLikes": len(comment.reactions),
            "likedByCurrentUser": False,
            "selectedLikes": [],
        },
        "commentsSummary": {
            "aggregatedTotalComments": first_level,
            "totalFirstLevelComments": first_level,
            "selectedComments": [],
        },
    }
    if comment.parent:
        entity["parentComment"] = comment.parent.urn
    return entity


def comment_object(comment: Comment) -> str:
    """Return what a comment says it is on: newer kinds of posts by their own name, shares by their activity."""
    post = comment.post
    return post.urn if post.urn.startswith("urn:li:ugcPost:") else post.activity_urn


def reaction_entity(reaction: Reaction) -> dict[str, Any]:
    stamp = {"actor": reaction.actor.urn, "time": milliseconds(reaction.at)}
    return {
        "id": reaction.urn,
        "reactionType": reaction.kind,
        "root": reaction.target.thread_urn,
        "created": stamp,
        "lastModified": stamp,
    }


def metadata_entity(target: Target) -> dict[str, Any]:
    comments = target.comments if isinstance(target, Post) else target.replies
    top = [one for one in comments.values() if one.parent is None or one.parent is target]
    kinds = Counter(reaction.kind for reaction in target.reactions.values())
    return {
        "entity": target.thread_urn,
        "commentsState": "OPEN",
        "commentSummary": {"count": len(comments), "topLevelCount": len(top)},
        "reactionSummaries": {kind: {"reactionType": kind, "count": count} for kind, count in kinds.items()},
    }


def notice_entity(notice: Notice, state: State, subscriber: Member, *, is_pushed: bool) -> dict[str, Any]:
    """Return a notice with what it is about, as far as that still exists.

    A delivery names the comment in the short form without `urn:li:` in the middle, as recorded.
    """
    activity = notice.activity
    if is_pushed:
        activity = activity.replace("urn:li:comment:(urn:li:", "urn:li:comment:(")
    entity: dict[str, Any] = {
        "notificationId": notice.id,
        "organizationalEntity": notice.organization.urn,
        "action": notice.action,
        "sourcePost": notice.post.activity_urn,
        "generatedActivity": activity,
        "lastModifiedAt": milliseconds(notice.at),
        "subscriber": subscriber.urn,
    }
    if state.exists(notice.post):
        entity["decoratedSourcePost"] = _decorated_post(notice.post)
    if notice.subject and state.exists(notice.subject):
        entity["decoratedGeneratedActivity"] = _decorated(notice.subject)
    return entity


def _decorated(subject: Target) -> dict[str, Any]:
    if isinstance(subject, Post):
        return {"share": _decorated_post(subject)}
    return {
        "comment": {
            "entity": subject.urn,
            "owner": subject.author.urn,
            "text": plain(subject.text, subject.mentions),
            "object": subject.post.activity_urn,
        }
    }


def _decorated_post(post: Post) -> dict[str, Any]:
    return {
        "entity": post.urn,
        "owner": post.author.urn,
        "text": plain(post.text, post.mentions),
        "mediaCategory": "NONE",
    }


def follower_entity(member: Member) -> dict[str, Any]:
    """Return what the search for people to mention gives."""
    return {
        "member": member.urn,
        "firstName": member.first_name,
        "lastName": member.last_name,
        "headline": member.headline,
        "photo": f"urn:li:digitalmediaAsset:C4D03{small_number(member.id)}",
    }
