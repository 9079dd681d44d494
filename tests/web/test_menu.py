"""What belongs to the administration gathers in one menu, by role, and every page of it shows where one is."""

import re
from collections.abc import Callable

from flask import Flask

from scrm.web import menu
from tests.web.conftest import Browser

Browse = Callable[[str], Browser]
ROW = re.compile(r'<nav class="below".*?</nav>', re.DOTALL)


def test_every_page_of_the_menu_is_listed_and_shows_itself_as_the_current_one(app: Flask, browse: Browse) -> None:
    admin = browse("admin")
    listed = admin.get("/admin")
    for place in menu.PLACES:
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(place.endpoint)
        assert f'class="way" href="{path}"' in listed
        row = ROW.search(admin.get(path))[0]
        assert re.findall(r'href="([^"]+)" aria-current="page"', row) == [path]
        assert row.count("<li>") == len(menu.PLACES)


def test_other_pages_have_no_second_row_and_a_rep_no_menu(browse: Browse) -> None:
    assert not ROW.search(browse("admin").get("/contacts"))
    assert 'href="/admin"' in browse("admin").get("/contacts")
    assert 'href="/admin"' not in browse("rep").get("/")


def test_a_steward_sees_the_menu_when_something_in_it_is_theirs(app: Flask, browse: Browse) -> None:
    steward = browse("steward")
    page = steward.get("/")
    theirs = [place for place in menu.PLACES if "steward" in app.view_functions[place.endpoint].__dict__["roles"]]
    assert ('href="/admin"' in page) is bool(theirs)
    listed = steward.get("/admin")
    assert listed.count('class="way"') == len(theirs)
