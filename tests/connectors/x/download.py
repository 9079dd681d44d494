"""The archive X hands out, made of posts and messages as its API gives them."""

import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scrm.connectors.base import Account


def in_old_words(item: Mapping[str, Any]) -> dict[str, Any]:
    """A post of API 2 in the words of API 1.1, as archives have it."""
    post, users = item["post"], {one["id"]: one for one in item["users"]}
    at = datetime.fromisoformat(post["created_at"])
    found = {
        "id": post["id"],
        "id_str": post["id"],
        "created_at": at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "full_text": post["text"],
        "lang": post.get("lang", "und"),
        "truncated": False,
        "retweeted": False,
        "entities": {
            "urls": [
                {"url": one["url"], "expanded_url": one["expanded_url"], "display_url": one["expanded_url"][8:]}
                for one in post.get("entities", {}).get("urls", [])
            ],
            "user_mentions": [
                {"id_str": one["id"], "screen_name": one["username"], "name": one["username"], "indices": ["0", "1"]}
                for one in post.get("entities", {}).get("mentions", [])
            ],
        },
        "edit_info": {"initial": {"editTweetIds": [post["id"]], "isEditEligible": False}},
    }
    references = [*post.get("referenced_posts", []), *post.get("referenced_tweets", [])]
    for one in references:
        if one["type"] == "replied_to":
            found["in_reply_to_status_id_str"] = one["id"]
        if one["type"] == "retweeted":
            found["full_text"] = f"RT @somebody: {post['text']}"
    if answered := post.get("in_reply_to_user_id"):
        found |= {"in_reply_to_user_id_str": answered}
        if answered in users:
            found["in_reply_to_screen_name"] = users[answered]["username"]
            named = {"id_str": answered, "screen_name": users[answered]["username"], "name": users[answered]["name"]}
            if answered not in {one["id_str"] for one in found["entities"]["user_mentions"]}:
                found["entities"]["user_mentions"].append(named)
    if len(versions := post.get("edit_history_post_ids", post.get("edit_history_tweet_ids", []))) > 1:
        found["edit_info"] = {
            "edit": {"initialTweetId": versions[0], "editControlInitial": {"editTweetIds": versions}}
        }
    return {"tweet": found}


def in_conversations(items: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        one = item["message"]
        entry = {
            "id": one["id"],
            "senderId": one["sender_id"],
            "recipientId": "0",
            "text": one["text"],
            "createdAt": one["created_at"],
            "urls": [],
            "mediaUrls": [],
            "reactions": [],
        }
        found.setdefault(one["dm_conversation_id"], []).append({"messageCreate": entry})
    return [{"dmConversation": {"conversationId": name, "messages": some}} for name, some in found.items()]


def script(name: str, found: list[Any]) -> str:
    return f"window.YTD.{name}.part0 = {json.dumps(found, indent=2, ensure_ascii=False)}"


def files(account: Account, posts: list[Any], messages: list[Any]) -> dict[str, str]:
    own = {"accountId": account.key.native_id, "username": account.handle, "email": "x@nordwerk.example"}
    half = len(posts) // 2
    return {
        "Your archive.html": "<html></html>",
        "data/account.js": script("account", [{"account": own}]),
        "data/tweets.js": script("tweets", posts[:half]),
        "data/tweets-part1.js": script("tweets", posts[half:]).replace("part0", "part1"),
        "data/direct-messages.js": script("direct_messages", messages),
        "data/direct-messages-group.js": script("direct_messages", []),
    }


def saved(folder: Path, found: Mapping[str, str | bytes]) -> Path:
    target = folder / "archive"
    with zipfile.ZipFile(target, "w") as made:
        for name, body in found.items():
            made.writestr(name, body)
    return target
