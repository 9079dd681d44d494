"""What people do on the live network: a history to be read at first, then changes to be followed."""

from tests.live.bluesky.network import LiveNetwork

COMPANY = "nordwerk"
CROWD = 120  # mentions, so that lists have more than one page
DEPTH = 7  # below the fifth level nobody above is told


def begin(network: LiveNetwork) -> dict[str, str]:
    """Accounts and a history; the uris by what they are."""
    network.add(COMPANY, display_name="Nordwerk", bio="Pumps and gears", website="https://nordwerk.example")
    network.add("katharina", display_name="Katharina Kohl", bio="Oil 🛢️ and gears", website="https://kohl.example")
    network.add("helene", display_name="Hélène Roux")
    network.add("bilal", display_name="Bilal Demir", bio="Works with pumps")
    network.add("mae", display_name="Mae Chen")
    link = {
        "index": {"byteStart": 5, "byteEnd": 19},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://nordwerk.example/catalog/2026"}],
    }
    uris = {"news": network.post(COMPANY, "🎉 nordwerk.ex... is out", facets=[link])}
    uris["question"] = network.post("katharina", "Which oil do I need?", reply_to=uris["news"])
    uris["answer"] = network.post(COMPANY, "The green one.", reply_to=uris["question"])
    uris["aside"] = network.post("helene", "Same here!", reply_to=uris["question"])
    uris["hello"] = network.post("bilal", "🎉 @nordwerk.test great service", mentions=(COMPANY,))
    uris["quote"] = network.post("mae", "Worth a look", quote=uris["news"])
    uris["tip"] = network.post("mae", "How to align a gearbox")
    uris["joined"] = network.post(COMPANY, "May we answer here?", reply_to=uris["tip"])
    uris["welcome"] = network.post("mae", "Of course", reply_to=uris["joined"])
    uris["share"] = network.repost(COMPANY, uris["tip"])
    uris["like"] = network.like("helene", uris["news"])
    uris["second like"] = network.like("bilal", uris["news"])
    uris["repost"] = network.repost("mae", uris["news"])
    uris["follow"] = network.follow("katharina", COMPANY)
    uris["second follow"] = network.follow("mae", COMPANY)
    uris["never mind"] = network.post("mae", "@nordwerk.test never mind", mentions=(COMPANY,))
    network.delete(uris["never mind"])
    level = uris["question"]
    for number in range(DEPTH):
        level = network.post("helene" if number % 2 else "bilal", f"and then {number}", reply_to=level)
    uris["deepest"] = level
    network.post("bilal", "Nobody asked the company", reply_to=uris["tip"])
    for number in range(CROWD):
        name = ("katharina", "bilal", "mae")[number % 3]
        uris[f"crowd {number}"] = network.post(name, f"@nordwerk.test {number}", mentions=(COMPANY,))
    return uris


def go_on(network: LiveNetwork, uris: dict[str, str]) -> dict[str, str]:
    """New deeds, one of them sorted by a slow clock among what was read already; edits, deletions, a new handle."""
    slow = network.record(uris[f"crowd {CROWD // 2}"])["value"]["createdAt"]
    network.create("mae", "app.bsky.feed.like", {"subject": network.reference(uris["answer"])})
    uris["late"] = network.post("helene", "@nordwerk.test late", mentions=(COMPANY,), createdAt=slow)
    uris["unnamed"] = network.post("helene", "Still below your news", reply_to=uris["aside"])
    network.edit(uris["question"], "Which oil do I need, please?")
    for name in ("hello", "like", "repost", "second follow"):
        network.delete(uris[name])
    network.rename("katharina", "katharina-kohl.test")
    return uris


def leave(network: LiveNetwork, name: str) -> None:
    """Deactivate an account: everything of it disappears until it comes back."""
    network.call("com.atproto.server.deactivateAccount", by=name, json={})
