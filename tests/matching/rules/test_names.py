import pytest

from scrm.matching.frequencies import TokenKind
from scrm.matching.rules import names
from scrm.matching.rules.alignment import align
from scrm.matching.specification import best_of_groups
from tests.matching.people import contact, frequencies, pair, profile

JANE = contact("Jane Fragala", first_name="Jane", last_name="Fragala")
DOUBLE = contact("Anna Müller-Lüdenscheidt", first_name="Anna", last_name="Müller-Lüdenscheidt")


def counting(looked_at):
    """The evidence of names that counts: of display name and handle the better one."""
    rules = (names.surname, names.surname_in_handle, names.given, names.given_in_handle)
    return best_of_groups([row for rule in rules if (row := rule(looked_at))])


# contact, profile, level of the surname, level of the given name
CASES = [
    (JANE, profile("Jane Fragala"), "exact", "exact"),
    (JANE, profile("Fragala, Jane"), "exact", "exact"),
    (JANE, profile("Fragala Jane"), "reversed", "exact"),
    (JANE, profile("JaneFragala"), "exact", "exact"),
    (JANE, profile("fragalajane"), "exact", "exact"),
    (JANE, profile("JaneFragalaville"), None, None),
    (JANE, profile("J. Fragala"), "exact", "initial"),
    (JANE, profile("Jane F."), "initial", "exact"),
    (JANE, profile("Fragala"), "exact", None),
    (JANE, profile("Jane"), None, "exact"),
    (JANE, profile("Jane Fragalla"), "exact", "exact"),  # doubled letters are one spelling
    (JANE, profile("Jane Fraggela"), "near", "exact"),
    (JANE, profile("Dr. Jane Fragala, PhD"), "exact", "exact"),
    (JANE, profile("Norbert Quist"), None, None),
    (JANE, profile(""), None, None),
    (JANE, profile("null"), None, None),
    (JANE, profile(handle="janefragala"), "whole", "whole"),
    (JANE, profile(handle="Jane_Fragala_84"), "whole", "whole"),
    (JANE, profile(handle="jfragala"), "whole", "first_letter"),
    (JANE, profile(handle="fragalaj"), "whole", "first_letter"),
    (JANE, profile(handle="xxfragalaville"), "inside", None),
    (JANE, profile(handle="janef"), "first_letter", "whole"),
    (JANE, profile(handle="janefra"), "prefix", "whole"),
    (JANE, profile(handle="jafragala"), "whole", "prefix"),
    (contact("Jane Quentin Fragala"), profile(handle="jqfragala"), "whole", "first_letter"),
    (JANE, profile(handle="jane"), None, "whole"),
    (JANE, profile(handle="janevika"), None, "inside"),  # four letters stand out at either end
    (JANE, profile(handle="zupjane"), None, "inside"),
    (JANE, profile(handle="zupjanevika"), None, None),
    (contact("Lynwood Lewis"), profile(handle="llewis"), "whole", "first_letter"),
    (contact("Robbyn Lewis"), profile(handle="llewis"), "whole", None),
    (contact("Lynwood Lewis"), profile(handle="lewis"), "whole", None),
    (contact("Jane Doe"), profile(handle="janedoe"), "whole", "whole"),
    (contact("Wei Li"), profile(handle="li_wei"), "whole", "whole"),
    (contact("Wei Li"), profile(handle="liwanda"), None, None),
    (contact("Wei Li"), profile(handle="melissalima"), None, None),
    (JANE, profile(handle="1234567"), None, None),
    (contact("William Fragala"), profile("Bill Fragala"), "exact", "nickname"),
    (contact("Will Fragala"), profile("Bill Fragala"), "exact", "nickname"),
    (contact("William Fragala"), profile(handle="billfragala"), "whole", "short"),
    (contact("Alexander Petrow"), profile("Sascha Petrow"), "exact", "nickname"),
    (contact("Jürgen Müller"), profile("Juergen Mueller"), "exact", "exact"),
    (contact("Jürgen Müller"), profile("Jurgen Muller"), "exact", "exact"),
    (contact("Juergen Mueller"), profile("Jürgen Müller"), "exact", "exact"),
    (contact("Jürgen Müller"), profile(handle="jmueller"), "whole", "first_letter"),
    (contact("Ursula von der Leyen"), profile("Ursula Leyen"), "exact", "exact"),
    (DOUBLE, profile("Anna Müller-Lüdenscheidt"), "exact", "exact"),
    (DOUBLE, profile("Anna Lüdenscheidt"), "part", "exact"),
    (DOUBLE, profile("Anna Müller Lüdenscheidt"), "exact", "exact"),
    (contact("Anna Lüdenscheidt"), profile("Anna Müller-Lüdenscheidt"), "part", "exact"),
    (DOUBLE, profile("Anna Müller-Schmidt"), None, "exact"),  # both are double, and not the same
    (contact("Jan Daniel Bothma"), profile("JanDaniel Bothma"), "exact", "exact"),
    (contact("Jean-Marie Fragala"), profile("Jean Marie Fragala"), "exact", "exact"),
    (contact("James David Fragala"), profile("JD Fragala"), "exact", "initial"),
    (contact("Jean-Pierre Fragala"), profile("JP Fragala"), "exact", "initial"),
    (contact("Jean-Pierre Fragala"), profile("JD Fragala"), "exact", None),
    (contact("Vladimir Petrov"), profile("Владимир Петров"), "exact", "exact"),
    (contact("Samir Mansur"), profile("سمير منصور"), "skeleton", "skeleton"),
    (contact("J. Fragala"), profile("Jane Fragala"), "exact", "initial"),
    (contact('Elizabeth "Betsy" Fragala'), profile("Betsy Fragala"), "exact", "exact"),
    (contact("Anna Maria Fragala"), profile("Maria Fragala"), "exact", "middle"),
]


@pytest.mark.parametrize(("ours", "theirs", "surname", "given"), CASES)
def test_names_are_found_where_they_are_said(ours, theirs, surname, given):
    looked_at = pair(ours, theirs)
    found = {row.rule.removesuffix("_in_handle"): row.level for row in counting(looked_at)}
    assert (found.get("surname"), found.get("given")) == (surname, given)


def test_what_fits_of_a_long_name_does_not_make_up_for_a_word_that_is_another():
    ours = contact("Hani Sayyid Masri Yusif", first_name="Hani Sayyid Masri", last_name="Yusif")
    assert names.middle(pair(ours, profile("Hani Sayyid Masri Yusif"))).level == "exact"
    assert names.middle(pair(ours, profile("Hani Sayyid Yusif"))).level == "exact"
    assert names.middle(pair(ours, profile("Hani Sayyid Sebai Yusif"))) is None


def test_a_handle_that_repeats_the_display_name_adds_nothing():
    alone = pair(JANE, profile("Jane Fragala", handle="quux"))
    repeated = pair(JANE, profile("Jane Fragala", handle="janefragala"))
    assert sum(row.bits for row in counting(alone)) == sum(row.bits for row in counting(repeated))
    assert names.unrelated_handle(repeated) is None
    assert names.handle_rest(repeated) is None


def test_a_handle_that_says_more_than_the_display_name_counts_instead_of_it():
    (short,) = (row for row in counting(pair(JANE, profile("J. Fragala", handle="quux"))) if row.rule == "given")
    longer = counting(pair(JANE, profile("J. Fragala", handle="JaneFragala")))[-1]
    assert (longer.rule, longer.level) == ("given_in_handle", "whole")
    assert longer.bits > short.bits
    assert longer.profile_value == "JaneFragala"


def test_the_letters_of_a_handle_that_no_name_explains_are_counted():
    def rest(handle):
        found = names.handle_rest(pair(JANE, profile(handle=handle)))
        return found.level if found else None

    handles = ("janefragala", "jfragala", "fragalatx", "fragalatown", "janefragalamotors", "quux")
    assert [rest(handle) for handle in handles] == ["nothing", "nothing", "little", "some", "much", None]


def test_a_rare_surname_weighs_more_than_a_common_one():
    counts = frequencies({(TokenKind.NAME, "fragala"): 1, (TokenKind.NAME, "quist"): 80})
    rare = names.surname(pair(JANE, profile("Jane Fragala"), counts))
    common = names.surname(pair(contact("Jane Quist"), profile("Jane Quist"), counts))
    assert rare.bits > common.bits + 3


def test_a_common_name_weighs_little_even_in_a_small_list():
    few = frequencies({(TokenKind.NAME, "smith"): 1, (TokenKind.NAME, "fragala"): 1}, total=10)
    smith = names.surname(pair(contact("Jane Smith"), profile("Jane Smith"), few))
    assert smith.bits < names.surname(pair(JANE, profile("Jane Fragala"), few)).bits


def test_a_missing_middle_name_counts_neither_for_nor_against():
    ours = contact("Jane Q. Fragala", first_name="Jane", last_name="Fragala")
    assert names.middle(pair(ours, profile("Jane Fragala"))) is None
    assert names.middle(pair(JANE, profile("Jane Q. Fragala"))) is None


@pytest.mark.parametrize("shown", ["Jane Q. Fragala", "Jane Quinn Fragala"])
def test_a_fitting_middle_initial_counts(shown):
    ours = contact("Jane Q. Fragala", first_name="Jane", last_name="Fragala")
    assert names.middle(pair(ours, profile(shown))).bits > 0


def test_an_unrelated_handle_counts_only_where_no_name_is_shown():
    assert names.unrelated_handle(pair(JANE, profile(handle="froschkoenig"))).bits < 0
    assert names.unrelated_handle(pair(JANE, profile("Jane Fragala", handle="froschkoenig"))) is None
    assert names.unrelated_handle(pair(JANE, profile(handle="1234"))) is None
    assert names.unrelated_handle(pair(JANE, profile(handle="janefragala"))) is None


def test_a_handle_repeated_as_display_name_is_read_as_a_handle():
    assert profile("janefragala", handle="janefragala").name.words == ()


def test_the_evidence_says_how_common_the_name_is():
    counts = frequencies({(TokenKind.NAME, "fragala"): 3}, total=500)
    detail = names.surname(pair(JANE, profile("Jane Fragala"), counts)).detail
    assert detail.params["count"] == 3
    assert detail.params["total"] == 500
    assert "3 of 500" in detail.message % detail.params


def test_a_company_page_is_known_by_the_company_name():
    ours = contact("Example GmbH", kind="account")
    found = names.company_name(pair(ours, profile("Example AG", is_organization=True)))
    assert found.bits > 5
    assert names.company_name(pair(ours, profile("Other", is_organization=True))) is None
    assert names.company_name(pair(JANE, profile("Example"))) is None
    assert names.surname(pair(ours, profile("Example"))) is None


def test_a_contact_without_a_name_aligns_with_nothing():
    assert align(contact(""), profile("Jane Fragala")) == align(contact("null"), profile("Jane Fragala"))
    assert align(contact(""), profile("Jane Fragala")).surname is None
