from functools import cached_property

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.db import to_json
from scrm.matching.packed import is_readable, pack, put_forms
from scrm.matching.views import ContactView
from tests.matching.people import contact

FORMS = [name for name, value in vars(ContactView).items() if isinstance(value, cached_property)]
FULL = {
    "full_name": "Dr. Anna-Maria Müller-Lüdenscheidt",
    "emails": ("anna.m@company.example", "12345+anna@users.noreply.github.com", "info@company.example"),
    "handles": (("twitter", "@Anna_M"), ("mastodon", "anna@social.example")),
    "urls": ("https://github.com/anna", "https://www.anna.example/me"),
    "phones": ("+49 171 2345678",),
    "company": "Acme GmbH",
    "title": "Head of Sales",
    "city": "Kiel",
    "country": "Germany",
}


def through_json(view: ContactView, again: ContactView) -> ContactView:
    put_forms(again, orjson.loads(to_json(pack(view))))
    return again


@pytest.mark.parametrize("fields", [FULL, {"full_name": "Acme AG", "kind": "account"}, {}])
def test_forms_read_back_are_those_that_would_be_computed(fields):
    read = through_json(contact(**fields), contact(**fields))
    assert set(FORMS) - set(read.__dict__) == {"confirmed_ids"}  # those of links are computed
    for name in FORMS:
        assert getattr(read, name) == getattr(contact(**fields), name)
        assert type(getattr(read, name)) is type(getattr(contact(**fields), name))
    assert read.name.words == contact(**fields).name.words


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_contact_is_called_its_forms_survive(name, address, url):
    fields = {"full_name": name, "emails": (address,), "urls": (url,)}
    read = through_json(contact(**fields), contact(**fields))
    assert all(getattr(read, form) == getattr(contact(**fields), form) for form in FORMS)


def test_forms_of_another_version_are_computed_anew():
    read = contact(**FULL)
    put_forms(read, {"no_such_form": 1})
    assert read.name == contact(**FULL).name


def test_forms_of_another_release_are_not_read():
    packed = pack(contact(**FULL))
    assert is_readable(packed)
    assert not is_readable(packed | {"shape": packed["shape"] + 1})
    assert not is_readable({name: form for name, form in packed.items() if name != "shape"})
