"""What people do on Facebook: the verbs, and what each changes in the state, the truth and the webhooks.

A person's post without a mention stands on the company's page, one that names the page on the person's own
timeline, where only `tagged` shows it; a quote is a share with a text. Shares and followers are only counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.facebook import ids
from scrm.sandbox.facebook.names import REACTIONS
from scrm.sandbox.facebook.state import (
    TASKS,
    Comment,
    Human,
    Message,
    Page,
    Post,
    Reaction,
    Review,
    State,
    Tag,
    author_id,
)
from scrm.sandbox.facebook.truth import Truth, reaction_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from threading import RLock

    from scrm.sandbox.facebook.notices import Notices
    from scrm.sandbox.facebook.state import Item
    from scrm.sandbox.network import Person

KINDS = REACTIONS - {"NONE"}


class Life:
    """The verbs of the network, all under the server's lock."""

    def __init__(self, *, state: State, notices: Notices, lock: RLock) -> None:
        self._state = state
        self._truth = Truth()
        self._notices = notices
        self._lock = lock

    def add_account(self, person: Person, *, at: datetime) -> str:  # noqa: ARG002 - no age is shown
        """Open an account and return its id: a page's own, or a person's for the company's page (PSID)."""
        with self._lock:
            if person.key in self._state.humans or person.key in self._state.pages:
                raise ValueError("this key has an account already")
            if person.role == "company":
                return self._add_page(person).id
            first, last = person.first_name, person.last_name
            if not (first or last):
                first, _, last = person.full_name.partition(" ")
            self._state.humans[person.key] = Human(
                person=person,
                name=person.full_name,
                first_name=first,
                last_name=last,
                tasks=TASKS if person.role == "staff" else (),
            )
            return ids.psid(COMPANY_KEY, person.key)

    def _add_page(self, person: Person) -> Page:
        page = Page(
            key=person.key,
            name=person.full_name,
            username=person.handle,
            about=person.bio,
            website=person.website,
            email=person.email,
            city=person.city,
            country=person.country,
        )
        self._state.pages[person.key] = page
        return page

    def post(  # noqa: PLR0913 - a post is made of these
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        mentions: Sequence[str] = (),
        visibility: str = "public",
        quote: str | None = None,
    ) -> str:
        """Write a post, or with `reply_to` a comment on a post or an answer to a comment."""
        if visibility != "public":
            raise ValueError("what is written on a page is public; message() is private")
        with self._lock:
            author = self._state.author(person_key)
            text, tags = _tagged(text, [self._state.author(key) for key in mentions if key != person_key])
            if reply_to:
                return self._comment(author, text, tags, reply_to, at)
            return self._post(author, text, tags, quote, at)

    def _post(self, author: Human | Page, text: str, tags: tuple[Tag, ...], quote: str | None, at: datetime) -> str:
        shared = self._state.posts[quote] if quote else None
        page = author if isinstance(author, Page) else _page_named(tags) or self._page()
        is_tagging = isinstance(author, Human) and any(tag.author is page for tag in tags)
        is_elsewhere = isinstance(author, Human) and (is_tagging or shared is not None)
        post = Post(
            page=page,
            owner=author if is_elsewhere else page,
            number=self._number(),
            author=author,
            text=text,
            created_at=at,
            tags=tags,
            is_tagging=is_tagging,
            shared=shared,
        )
        self._state.add_post(post)
        self._truth.wrote(post)
        self._notices.post(post, "add", at)
        return post.id

    def _comment(self, author: Human | Page, text: str, tags: tuple[Tag, ...], reply_to: str, at: datetime) -> str:
        above = self._state.item(reply_to)
        answered = above if isinstance(above, Comment) else None
        comment = Comment(
            page=above.page,
            post=above.post if isinstance(above, Comment) else above,
            parent=(answered.parent or answered) if answered else None,
            number=self._number(),
            author=author,
            text=text,
            created_at=at,
            tags=tags,
        )
        self._state.add_comment(comment)
        self._truth.commented(comment)
        self._notices.comment(comment, "add", at)
        return comment.id

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        return self.react(person_key, post_id, at=at)

    def react(self, person_key: str, post_id: str, *, at: datetime, type: str = "LIKE") -> str:  # noqa: A002
        """React to a post or comment; another reaction takes the place of the first."""
        if type not in KINDS:
            raise ValueError(f"unknown reaction; known are {', '.join(sorted(KINDS))}")
        with self._lock:
            author, item = self._state.author(person_key), self._state.item(post_id)
            known = item.reactions.get(person_key)
            if known is None or known.type != type:
                reaction = Reaction(author=author, type=type, at=at, row=self._state.row())
                item.reactions[person_key] = reaction
                self._truth.reacted(item, reaction)
                self._notices.reaction(item, reaction, "edit" if known else "add", at)
            return reaction_id(item, author)

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            item = self._state.item(post_id)
            reaction = item.reactions.pop(person_key)
            self._truth.deleted(reaction_id(item, reaction.author), at)
            self._notices.reaction(item, reaction, "remove", at)

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:
        """Share a post without a word: the page on itself, others on their timelines, where only a count shows it."""
        with self._lock:
            return self._post(self._state.author(person_key), "", (), post_id, at)

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:
        with self._lock:
            human, page = self._state.humans[person_key], self._state.pages[target_key]
            number = f"{page.id}#follower-{author_id(human, page)}"
            if person_key not in page.followers:
                page.followers[person_key] = self._state.row()
                self._truth.followed(human, page, number, at)
            return number

    def review(self, person_key: str, text: str, *, at: datetime, is_positive: bool = True) -> str:
        """Recommend the company's page, or warn of it, and return the id of the story."""
        with self._lock:
            review = Review(
                page=self._page(),
                number=self._number(),
                author=self._state.humans[person_key],
                text=text,
                is_positive=is_positive,
                created_at=at,
            )
            self._state.reviews[review.id] = review
            self._truth.reviewed(review)
            self._notices.review(review, "add", at)
            return review.id

    def message(
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        to: str = COMPANY_KEY,
        folder: str = "inbox",
    ) -> str:
        """Write a private message to a page, or as a page to the person named by `to`."""
        with self._lock:
            page_key, human_key = (person_key, to) if person_key in self._state.pages else (to, person_key)
            if page_key not in self._state.pages or human_key not in self._state.humans:
                raise ValueError("messages go between a page and a person")
            page, human = self._state.pages[page_key], self._state.humans[human_key]
            row = self._state.row()
            message = Message(
                conversation=self._state.conversation(page, human, folder),
                id=ids.message_id(row),
                row=row,
                author=self._state.author(person_key),
                text=text,
                created_at=at,
                reply_to=self._state.messages[reply_to] if reply_to else None,
            )
            self._state.add_message(message)
            self._truth.messaged(message)
            self._notices.message(message)
            return message.id

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            if review := self._state.reviews.get(post_id):
                review.text = text
                self._notices.review(review, "edit", at)
            else:
                item = self._state.item(post_id)
                item.text, item.tags = _tagged(text, [tag.author for tag in item.tags])
                item.edited_at = at
                self._tell(item, "edited", at)
            self._truth.edited(post_id, at)

    def hide(self, post_id: str, *, at: datetime, is_hidden: bool = True) -> None:
        """Let the page hide a comment or post from others, or show it again."""
        with self._lock:
            item = self._state.item(post_id)
            item.is_hidden = is_hidden
            self._tell(item, "hide" if is_hidden else "unhide", at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        """Delete a post with all below it, a comment with its answers, a review or a message."""
        with self._lock:
            if message := self._state.messages.get(post_id):
                self._state.remove_message(message)
            elif review := self._state.reviews.pop(post_id, None):
                self._notices.review(review, "remove", at)
            else:
                self._delete(self._state.item(post_id), at)
            self._truth.deleted(post_id, at)

    def _delete(self, item: Post | Comment, at: datetime) -> None:
        for gone in self._state.remove(item):
            self._truth.deleted(gone.id, at)
            for reaction in gone.reactions.values():
                self._truth.deleted(reaction_id(gone, reaction.author), at)
        self._tell(item, "remove", at)

    def _tell(self, item: Item, verb: str, at: datetime) -> None:
        if isinstance(item, Post):
            self._notices.post(item, verb, at)
        elif isinstance(item, Comment):
            self._notices.comment(item, verb, at)

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,  # noqa: ARG002 - no time of a change is shown
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        """Change a page's name, about and username, or a person's name; a person's bio is never shown."""
        with self._lock:
            author = self._state.author(person_key)
            if display_name is not None:
                author.name = display_name
            if isinstance(author, Page):
                author.about = author.about if bio is None else bio
                author.username = author.username if handle is None else handle
            elif display_name is not None:
                author.first_name, _, author.last_name = display_name.partition(" ")

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()

    def _number(self) -> str:
        return ids.story_number(self._state.row())

    def _page(self) -> Page:
        return self._state.pages[COMPANY_KEY]


def _page_named(tags: Sequence[Tag]) -> Page | None:
    return next((tag.author for tag in tags if isinstance(tag.author, Page)), None)


def _tagged(text: str, authors: Sequence[Human | Page]) -> tuple[str, tuple[Tag, ...]]:
    """Name everybody in the text whom it does not name yet, and say where the names stand."""
    missing = [one.name for one in authors if one.name not in text]
    whole = " ".join([*missing, text])
    tags = (Tag(author=one, offset=whole.index(one.name), length=len(one.name)) for one in authors)
    return whole, tuple(tags)
