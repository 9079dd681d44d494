"""The calls that answer with users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.x import paging

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.x.serving import Ask, Core
    from scrm.sandbox.x.state import User

FOLLOWERS = 100


class UserCalls:
    """Looks users up, lists followers, searches names."""

    def __init__(self, core: Core) -> None:
        self._state = core.state

    def handlers(self) -> dict[tuple[str, str], Callable[[Ask], dict[str, Any]]]:
        return {
            ("GET", "/2/users/me"): self.me,
            ("GET", "/2/users/by"): self.by_usernames,
            ("GET", "/2/users/by/username/{username}"): self.by_username,
            ("GET", "/2/users/search"): self.search,
            ("GET", "/2/users"): self.by_ids,
            ("GET", "/2/users/{id}"): self.by_id,
            ("GET", "/2/users/{id}/followers"): self.followers,
        }

    def me(self, ask: Ask) -> dict[str, Any]:
        if ask.viewer:
            ask.document.one_user(ask.viewer)
        return ask.document.body()

    def by_usernames(self, ask: Ask) -> dict[str, Any]:
        found = {name: self._state.by_username.get(name.lower()) for name in ask.values["usernames"]}
        return self._several(ask, found, "usernames")

    def by_ids(self, ask: Ask) -> dict[str, Any]:
        found = {number: self._state.users.get(int(number)) for number in ask.values["ids"]}
        return self._several(ask, found, "ids")

    def by_username(self, ask: Ask) -> dict[str, Any]:
        name = ask.parts["username"]
        return self._one(ask, self._state.by_username.get(name.lower()), "username", name)

    def by_id(self, ask: Ask) -> dict[str, Any]:
        return self._one(ask, self._state.users.get(int(ask.parts["id"])), "id", ask.parts["id"])

    def _several(self, ask: Ask, found: dict[str, User | None], parameter: str) -> dict[str, Any]:
        known = [ask.document.look_up(user, parameter, value) for value, user in found.items()]
        ask.document.users(user for user in known if user)
        return ask.document.body()

    def _one(self, ask: Ask, user: User | None, parameter: str, value: str) -> dict[str, Any]:
        if known := ask.document.look_up(user, parameter, value):
            ask.document.one_user(known)
        return ask.document.body()

    def followers(self, ask: Ask) -> dict[str, Any]:
        number = ask.parts["id"]
        user = ask.document.look_up(self._state.users.get(int(number)), "id", number)
        if user:
            size = ask.values.get("max_results", FOLLOWERS)
            token = ask.values.get("pagination_token")
            page = paging.cut(sorted(user.followers), size, token, of=f"followers {number}")
            followers = (user.followers[row] for row in page.numbers)
            ask.document.users(followers, "follower", is_owned=ask.is_owned(user))
            ask.document.meta = page.meta()
        return ask.document.body()

    def search(self, ask: Ask) -> dict[str, Any]:
        words = ask.values["query"].lower().split()
        found = [
            user.id
            for user in self._state.users.values()
            if all(word in f"{user.name} {user.username}".lower() for word in words)
        ]
        size, token = ask.values["max_results"], ask.values.get("next_token")
        page = paging.cut(sorted(found), size, token, of=f"users {words}", name="next_token")
        ask.document.users(self._state.users[number] for number in page.numbers)
        ask.document.meta = {name: value for name, value in page.meta().items() if name != "result_count"}
        return ask.document.body()
