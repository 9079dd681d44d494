"""The admin says how long things stay: other days each time, and all so long that nothing of the sweep goes."""

from tests.kills.world import Browser


def set_days(admin: Browser, days: int) -> None:
    form = {"act": "save", "said": str(days), "looked": f"said={days}"}
    admin.post("/admin/retention/mastodon", form, page="/admin/retention/mastodon")
