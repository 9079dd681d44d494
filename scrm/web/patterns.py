"""A pattern of evidence in words: what agrees and how well, what contradicts."""

from collections.abc import Sequence
from typing import Final

from scrm.i18n import N_, gettext
from scrm.web.waterfall import RULES

LEVELS: Final = {
    "claimed": N_("as the profile says"),
    "different": N_("different"),
    "exact": N_("the same"),
    "first_letter": N_("first letter"),
    "handle": N_("the contact names it"),
    "in_bio": N_("in the description"),
    "in_handle": N_("in the handle"),
    "initial": N_("initial"),
    "inside": N_("inside the handle"),
    "linked": N_("linked"),
    "little": N_("little left"),
    "middle": N_("as middle name"),
    "much": N_("much left"),
    "name_form": N_("made of the name"),
    "named": N_("named"),
    "native_id": N_("known for sure"),
    "near": N_("nearly the same"),
    "nickname": N_("short form"),
    "nothing": N_("nothing left"),
    "other_script": N_("from another script"),
    "own": N_("the same, no name"),
    "part": N_("a part"),
    "prefix": N_("its beginning"),
    "reversed": N_("the other way round"),
    "same": N_("the same"),
    "short": N_("shortened"),
    "skeleton": N_("same consonants"),
    "some": N_("some left"),
    "unrelated": N_("no form of the name"),
    "unverified": N_("not verified"),
    "verified": N_("verified"),
    "whole": N_("whole"),
    "word": N_("a word"),
}


def words(levels: str) -> Sequence[str]:
    """Each finding of a pattern as "E-mail: verified"."""
    found = []
    for name in levels.split():
        rule, _, level = name.partition(".")
        title = gettext(RULES[rule]) if rule in RULES else rule.replace("_", " ")
        found.append(f"{title}: {gettext(LEVELS[level])}" if level in LEVELS else title)
    return list(dict.fromkeys(found))
