"""The Atom documents that YouTube's hub sends: an upload or a changed title or description, and a deletion.

developers.google.com/youtube/v3/guides/push_notifications (read 2026-11-24) for uploads; the tombstone is
RFC 6721's as quoted from real notifications in public sources, read 2026-11-24.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from scrm.sandbox.youtube.state import Channel, Video

HUB = "https://pubsubhubbub.appspot.com"
TOPIC = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="
NAMESPACES = 'xmlns="http://www.w3.org/2005/Atom"'


def upload(video: Video) -> bytes:
    channel = video.channel
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" {NAMESPACES}><link rel="hub" href="{HUB}"/>\
<link rel="self" href={quoteattr(TOPIC + channel.id)}/><title>YouTube video feed</title>\
<updated>{_time(video.updated_at)}</updated><entry>
  <id>yt:video:{video.id}</id>
  <yt:videoId>{video.id}</yt:videoId>
  <yt:channelId>{channel.id}</yt:channelId>
  <title>{escape(video.title)}</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v={video.id}"/>
  <author>
   <name>{escape(channel.title)}</name>
   <uri>{_address(channel)}</uri>
  </author>
  <published>{_time(video.published_at)}</published>
  <updated>{_time(video.updated_at)}</updated>
 </entry></feed>
""".encode()


def tombstone(video: Video, at: datetime) -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" {NAMESPACES}>\
<at:deleted-entry ref="yt:video:{video.id}" when="{_time(at)}">
  <link href="https://www.youtube.com/watch?v={video.id}"/>
  <at:by>
   <name>{escape(video.channel.title)}</name>
   <uri>{_address(video.channel)}</uri>
  </at:by>
 </at:deleted-entry></feed>
""".encode()


def _address(channel: Channel) -> str:
    return f"https://www.youtube.com/channel/{channel.id}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds" if at.microsecond else "seconds")
