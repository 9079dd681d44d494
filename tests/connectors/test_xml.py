"""XML from strangers: a document type is refused before it is parsed, what people write is not."""

import pytest

from scrm.connectors.xml import parse_xml
from scrm.errors import PayloadError

LAUGHS = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'


@pytest.mark.parametrize(
    "body",
    [
        f"<!DOCTYPE x [{LAUGHS}]><x>&b;</x>".encode(),
        f'<?xml version="1.0"?>\n\n<!-- <x> --><?p <x>?>\n<!DOCTYPE x [{LAUGHS}]><x>&b;</x>'.encode(),
        b'\xef\xbb\xbf<!DOCTYPE x SYSTEM "file:///etc/hostname"><x/>',
        f"<!DOCTYPE x [{LAUGHS}]><x>&b;</x>".encode("utf-16"),
        b"<!-- <!DOCTYPE x> --",
        b"<x>&a;</x>",
        b"<x>\xff</x>",
        b"<x",
        b"",
    ],
)
def test_a_document_type_and_what_is_no_xml_are_refused(body):
    with pytest.raises(PayloadError):
        parse_xml(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<x><![CDATA[<!DOCTYPE html><!ENTITY a 'b'>]]></x>",
        b"<?xml version='1.0' encoding='utf-8'?><!-- <!DOCTYPE x> --><x>&lt;!DOCTYPE html&gt;</x>",
        b'\xef\xbb\xbf<x a="&lt;!ENTITY"/>',
    ],
)
def test_what_people_write_about_document_types_is_read(body):
    assert parse_xml(body).tag == "x"
