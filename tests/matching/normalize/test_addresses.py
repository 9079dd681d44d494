import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.normalize import (
    account_of_url,
    canonical_account,
    canonical_network,
    canonical_phone,
    canonical_url,
    parse_email,
    parse_handle,
    registrable_domain,
)
from scrm.matching.normalize.urls import employer_domain

EMAILS = [
    ("Jane.Doe@Company.example", "jane.doe@company.example"),
    ("jane+crm@company.example", "jane@company.example"),
    ("j.a.n.e@googlemail.com", "jane@gmail.com"),
    ("mailto:jane@company.example", "jane@company.example"),
    ("<jane@company.example>,", "jane@company.example"),
]
NO_EMAILS = ["", None, "jane", "jane@", "@company.example", "jane@company", "a b@company.example", "jane@.example"]


@pytest.mark.parametrize(("text", "address"), EMAILS)
def test_an_address_is_compared_without_tag_and_gmail_dots(text, address):
    assert parse_email(text).address == address


@pytest.mark.parametrize("text", NO_EMAILS)
def test_what_is_no_address_is_none(text):
    assert parse_email(text) is None


def test_a_role_mailbox_and_free_mail_are_told_apart():
    assert parse_email("info@company.example").is_role
    assert parse_email("jane@gmx.de").is_free
    assert not parse_email("jane@company.example").is_role
    assert not parse_email("jane@company.example").is_free


def test_a_github_noreply_address_names_the_account():
    read = parse_email("12345+janedoe@users.noreply.github.com")
    assert read.account == ("github", "janedoe")
    assert read.is_role


HANDLES = [
    ("JaneDoe", "janedo"),  # squashed: oe becomes o
    ("@jane_smith", "janesmith"),
    ("jane.smith_1984", "janesmith"),
    ("RepJaneSmith", "janesmith"),
    ("janesmith_official", "janesmith"),
    ("jane@social.example", "jane"),
    ("janesmith.bsky.social", "janesmith"),
    ("juergen.mueller", "jurgenmuler"),
    ("jürgen.müller", "jurgenmuler"),
    ("100057737244177", ""),
    ("x", ""),
    ("null", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "core"), HANDLES)
def test_a_handle_is_reduced_to_the_letters_of_a_name(text, core):
    assert parse_handle(text).core == core


def test_capitals_and_separators_part_the_words_of_a_handle():
    assert parse_handle("RepLisaFragala").words == ("lisa", "fragala")
    assert parse_handle("lisa-fragala").words == ("lisa", "fragala")


def test_a_name_inside_a_handle_is_among_its_substrings():
    assert "smith" in parse_handle("repsmithtx").substrings()


def test_a_very_long_handle_stays_cheap():
    assert len(parse_handle("abcdefghij" * 40).substrings()) < 250


URLS = [
    ("https://www.Company.example/About/", "company.example/about"),
    ("company.example", "company.example"),
    ("http://company.example/?utm_source=x#top", "company.example"),
    ("https://münchen.example/", "xn--mnchen-3ya.example"),
    ("ftp://company.example", None),
    ("javascript:alert(1)", None),
    ("not a link", None),
    ("http://[broken", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "canonical"), URLS)
def test_two_spellings_of_a_link_are_equal(text, canonical):
    assert canonical_url(text) == canonical


ACCOUNTS = [
    ("https://twitter.com/JaneDoe", ("x", "janedoe")),
    ("https://x.com/@janedoe/", ("x", "janedoe")),
    ("https://social.example/@Jane", ("mastodon", "jane@social.example")),
    ("https://social.example/users/jane", ("mastodon", "jane@social.example")),
    ("https://bsky.app/profile/jane.company.example", ("bluesky", "jane.company.example")),
    ("https://de.linkedin.com/in/jane-doe/", ("linkedin", "jane-doe")),
    ("https://www.youtube.com/@jane", ("youtube", "jane")),
    ("https://github.com/janedoe", ("github", "janedoe")),
    ("https://twitter.com/search", None),
    ("https://twitter.com/janedoe/status/1", None),
    ("https://company.example/jane", None),
    ("", None),
]


@pytest.mark.parametrize(("url", "account"), ACCOUNTS)
def test_a_profile_page_names_an_account_and_no_other_page_does(url, account):
    assert account_of_url(url) == account


def test_a_handle_on_a_federated_network_carries_its_host():
    assert canonical_account("mastodon", "@Jane", "social.example") == ("mastodon", "jane@social.example")
    assert canonical_account("bluesky", "jane", "bsky.social") == ("bluesky", "jane.bsky.social")
    assert canonical_account("mastodon", "", "social.example") is None


def test_twitter_and_x_are_one_network():
    assert canonical_network("Twitter") == canonical_network("x") == "x"


def test_a_registrable_domain_needs_no_network(monkeypatch):
    def refuse(*_args):
        raise AssertionError

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert registrable_domain("https://a.b.company.co.uk/x") == "company.co.uk"
    assert registrable_domain("mail.company.example") == "company.example"
    assert registrable_domain("localhost") == ""


def test_a_host_everybody_shares_names_no_employer():
    assert employer_domain("https://linktr.ee/jane") == ""
    assert employer_domain("https://shop.company.example") == "company.example"


PHONES = [
    ("+49 (0)171 123 45 67", "711234567"),
    ("0171/1234567", "711234567"),
    ("001 212 555 0147 ext. 12", "125550147"),
    ("12345", None),
    ("0000000000", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "digits"), PHONES)
def test_a_telephone_number_is_compared_by_its_last_digits(text, digits):
    assert canonical_phone(text) == digits


@given(st.text(max_size=80))
def test_any_text_can_be_read_as_an_address(text):
    parse_email(text)
    parse_handle(text)
    canonical_url(text)
    account_of_url(text)
    canonical_phone(text)
    assert "\x00" not in registrable_domain(text)


@given(st.emails())
def test_an_address_read_again_is_the_same(text):
    read = parse_email(text)
    assert read is None or parse_email(read.address) == read
