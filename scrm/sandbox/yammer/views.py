"""The JSON of people, communities, topics, threads and messages.

Fields from apache/camel (camel-yammer), pnp/cli-microsoft365 and a recorded stream of the public client
`yammer-realtime`, all read 2026-11-24. `admin` and the like are strings; references hold less than the thing
itself, of people no address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.yammer.ids import stamp
from scrm.sandbox.yammer.text import addresses, excerpt, parsed, plain, rich, topics

if TYPE_CHECKING:
    from scrm.sandbox.yammer.state import Group, Message, State, User

API = "https://www.yammer.com/api/v1"
PICTURES = "https://mugshot0.assets-yammer.com/mugshot/images"
Json = dict[str, object]


def _flag(*, is_set: bool) -> str:
    return "true" if is_set else "false"


class Views:
    """Writes what the network shows; `most_names` is how many people a message names who like it."""

    def __init__(self, state: State, *, most_names: int) -> None:
        self._state = state
        self._most_names = most_names

    def user_reference(self, user: User) -> Json:
        written = [one for one in self._state.messages.values() if one.sender is user]
        return {
            "type": "user",
            "id": user.id,
            "name": user.name,
            "state": "active",
            "full_name": user.full_name,
            "job_title": user.person.title or None,
            "network_id": user.home.id,
            "mugshot_url": f"{PICTURES}/no_photo.png?size=48x48",
            "mugshot_url_template": f"{PICTURES}/no_photo.png?size={{width}}x{{height}}",
            "url": f"{API}/users/{user.id}",
            "web_url": f"{self._state.network.web_url}/users/{user.id}",
            "activated_at": stamp(user.created_at),
            "stats": {"updates": len(written), "following": 0, "followers": 0},
        }

    def user(self, user: User) -> Json:
        person = user.person
        email = f"user-{user.id}@noemail.yammer.example" if user.has_fake_email else user.email
        return {
            **self.user_reference(user),
            "first_name": user.first_name,
            "last_name": user.last_name,
            "location": person.city or None,
            "department": None,
            "summary": user.summary or None,
            "expertise": None,
            "interests": None,
            "timezone": "(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
            "network_name": user.home.name,
            "network_domains": [user.home.domain],
            "external_urls": [person.website] if person.website else [],
            "admin": _flag(is_set=user.is_admin),
            "verified_admin": _flag(is_set=user.is_admin),
            "supervisor_admin": "false",
            "can_broadcast": _flag(is_set=not user.is_guest),
            "email": email,
            "guest": False,
            "aad_guest": user.is_guest,
            "previous_companies": [],
            "schools": [],
            "contact": {
                "im": {"provider": "", "username": ""},
                "phone_numbers": [],
                "email_addresses": [{"type": "primary", "address": email}],
                "has_fake_email": user.has_fake_email,
            },
        }

    def group_reference(self, group: Group) -> Json:
        return {
            "type": "group",
            "id": group.id,
            "full_name": group.full_name,
            "name": group.full_name.replace(" ", "").lower(),
            "description": group.description,
            "privacy": group.privacy,
            "network_id": self._state.network.id,
            "url": f"{API}/groups/{group.id}",
            "web_url": f"{self._state.network.web_url}/#/threads/inGroup?type=in_group&feedId={group.id}",
            "mugshot_url": f"{PICTURES}/group_profile.png?size=48x48",
            "created_at": stamp(group.created_at),
        }

    def group(self, group: Group) -> Json:
        written = [one for one in self._state.messages.values() if one.group is group]
        last = max(written, key=lambda one: one.id, default=None)
        guests = sum(self._state.users[number].is_guest for number in group.members)
        return {
            **self.group_reference(group),
            "email": "",
            "show_in_directory": "true",
            "aad_guests": guests,
            "external": any(self._state.users[number].home is not self._state.network for number in group.members),
            "moderated": False,
            "category": "unclassified",
            "company_group": False,
            "creator_type": "user",
            "creator_id": group.creator.id,
            "state": "active",
            "stats": {
                "members": len(group.members),
                "aad_guests": guests,
                "updates": len(written),
                "last_message_id": last.id if last else None,
                "last_message_at": stamp(last.created_at) if last else None,
            },
        }

    def topic(self, number: int, kind: str = "topic") -> Json:
        name = self._state.topics[number]
        return {
            "type": kind,
            "id": number,
            "name": name,
            "normalized_name": name.casefold(),
            "permalink": name.casefold(),
            "url": f"{API}/topics/{number}",
            "web_url": f"{self._state.network.web_url}/topics/{number}",
        }

    def thread(self, thread_id: int) -> Json:
        messages = self._state.thread(thread_id)
        starter, replies = messages[0], [one for one in messages if not one.is_starter]
        return {
            "type": "thread",
            "id": thread_id,
            "thread_starter_id": thread_id,
            "network_id": self._state.network.id,
            "group_id": starter.group.id if starter.group else None,
            "url": f"{API}/messages/in_thread/{thread_id}",
            "web_url": f"{self._state.network.web_url}#/Threads/show?threadId={thread_id}",
            "privacy": _privacy(starter),
            "direct_message": starter.is_direct,
            "has_attachments": False,
            "topics": [{"type": "topic", "id": number} for number in self.topics_of(messages)],
            "stats": {
                "updates": len(messages),
                "first_reply_id": replies[0].id if replies else None,
                "first_reply_at": stamp(replies[0].created_at) if replies else None,
                "latest_reply_id": messages[-1].id,
                "latest_reply_at": stamp(messages[-1].created_at),
            },
        }

    def topics_of(self, messages: list[Message]) -> list[int]:
        return list(dict.fromkeys(number for one in messages for number in topics(one.text)))

    def message_reference(self, message: Message) -> Json:
        return {
            "type": "message",
            "id": message.id,
            "thread_id": message.thread_id,
            "replied_to_id": message.replied_to_id,
            "sender_id": message.sender.id,
            "sender_type": "user",
            "network_id": self._state.network.id,
            "message_type": message.kind,
            "system_message": message.is_system,
            "created_at": stamp(message.created_at),
            "body": {"plain": plain(message)},
            "url": f"{API}/messages/{message.id}",
            "web_url": f"{self._state.network.web_url}/messages/{message.id}",
        }

    def message(self, message: Message) -> Json:
        shown = {name: value for name, value in self.message_reference(message).items() if name != "type"}
        shown |= {
            "delegate_id": None,
            "body": {
                "plain": plain(message),
                "parsed": parsed(message),
                "rich": rich(message),
                "urls": addresses(message),
            },
            "client_type": "Web",
            "client_url": "https://www.yammer.com/",
            "direct_message": message.is_direct,
            "privacy": _privacy(message),
            "language": message.sender.person.language,
            "notified_user_ids": [one.id for one in message.mentions],
            "attachments": [],
            "liked_by": self._liked_by(message),
            "content_excerpt": excerpt(message),
            "chat_client_sequence": None,
            "supplemental_reply": False,
        }
        if message.title is not None:
            shown["title"] = message.title
        if message.group:
            shown |= {"group_id": message.group.id, "group_created_id": message.group.id}
        else:
            shown["conversation_id"] = message.thread_id
        return shown

    def _liked_by(self, message: Message) -> Json:
        people = [self._state.users[number] for number in message.likes]
        names = [
            {
                "full_name": one.full_name,
                "permalink": one.name,
                "user_id": one.id,
                "network_id": one.home.id,
            }
            for one in people[: self._most_names]
        ]
        return {"count": len(people), "names": names}


def _privacy(message: Message) -> str:
    return "private" if message.group is None else message.group.privacy
