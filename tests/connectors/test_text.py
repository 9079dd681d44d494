"""What people read of the HTML that networks send."""

import tracemalloc

import pytest

from scrm.connectors.text import html_to_text

CASES = [
    ("", ""),
    ("plain", "plain"),
    ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
    ("<p>a  b\n c</p>", "a b c"),
    ("&lt;b&gt; &amp; &quot;x&quot;", '<b> & "x"'),
    (
        '<a href="https://a.example/far"><span class="invisible">https://</span><span>a.example/</span>far</a>',
        "https://a.example/far",
    ),
    ('<a href="https://www.a.example/">a.example</a>', "a.example"),
    ('<p><a href="https://a.example/x">our offer</a>!</p>', "our offer (https://a.example/x)!"),
    ('<a href="https://a.example/x"><img src="y"></a>', "https://a.example/x"),
    (
        '<span class="h-card"><a href="https://a.example/@ada" class="u-url mention">@<span>ada</span></a></span>',
        "@ada",
    ),
    ('<a href="https://a.example/tags/x" rel="tag">#<span>x</span></a>', "#x"),
    ('<p class="quote-inline">RE: <a href="https://a.example/1">a.example/1</a></p><p>mine</p>', "mine"),
    ("<ul><li>one</li><li>two</li></ul><p>three</p>", "- one\n- two\n\nthree"),
    ("<pre>x</pre><blockquote>y</blockquote>z", "x\n\ny\n\nz"),
    ("<script>alert(1)</script><style>p{}</style>ok", "ok"),
    ('<a href="javascript:alert(1)">click</a>', "click"),
    ("<svg><p><style><img src=x onerror=alert(1)></style></p></svg>text", "text"),
    ("a <![foo b", "a"),
    ("{{7*7}} %s ${jndi:x}", "{{7*7}} %s ${jndi:x}"),
]


@pytest.mark.parametrize(("html", "text"), CASES)
def test_html_becomes_what_a_reader_sees(html, text):
    assert html_to_text(html) == text


def test_endless_nesting_is_read():
    assert html_to_text("<div><p>" * 5_000 + "deep" + "</p></div>" * 5_000) == "deep"


def test_long_texts_are_not_held_in_memory() -> None:
    tracemalloc.start()
    for number in range(300):
        assert len(html_to_text(f"{number}<br>" + "x" * 20_000)) > 20_000
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2 * 1024**2
