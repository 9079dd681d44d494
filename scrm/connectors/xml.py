"""XML that strangers sent, without document types.

A document that declares a type of its own could unfold without end or name files of ours; no feed needs one, so one
that declares any is refused before it is parsed. A type can only stand before the first element (XML 1.0, 2.8), so
what people write inside a feed is no reason to refuse it.
"""

import re
from xml.etree import ElementTree as ET

from scrm.errors import PayloadError

TYPED = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)


def parse_xml(body: bytes) -> ET.Element:
    """The root element of a UTF-8 document; raises PayloadError."""
    try:
        text = body.decode("utf-8-sig")
        if TYPED.match(text):
            raise PayloadError("expected a feed without a document type")
        return ET.fromstring(text)  # noqa: S314 - no document type, so no entities
    except (UnicodeDecodeError, ET.ParseError, ValueError) as why:
        raise PayloadError(f"expected an Atom feed ({type(why).__name__})") from None
