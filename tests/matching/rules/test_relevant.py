from hypothesis import given, settings
from hypothesis import strategies as st

from scrm.matching.frequencies import count_contacts
from scrm.matching.rules import RULES, relevant
from scrm.matching.rules.relevant import NEEDS
from scrm.matching.score import prior_of, weigh
from tests.matching.people import contact, link, pair, profile

OURS = [
    contact(
        "Jane Maria Quickenborough",
        1,
        emails=("jane@company.example", "jqx@freemail.example"),
        company="Acme GmbH",
        title="Head of Sales",
        city="Kiel",
        country="Germany",
        language="de",
        phones=("+49 171 2345678",),
    ),
    contact("John Quickenborough", 2, handles=(("x", "johnq"),), country="Kenya", native_ids=(("github", "7"),)),
    contact("Jane Smith", 3, urls=("https://smith.example/me",), title="Head of Sales"),
    contact("Acme GmbH", 4, kind="account"),
    contact("", 5),
]
COUNTS = count_contacts(OURS)
WORDS = ["Jane Quickenborough", "J. Smith", "Jane", "(Jane)", "J.", "Acme", "Rod Quickenborough", "\u200b", "🚀", ""]
profiles = st.builds(
    profile,
    st.sampled_from(WORDS),
    st.sampled_from(
        ["", "jquickenborough", "jane", "jqx", "john.q", "smith", "company", "7", "rodquickenborough", "_"]
    ),
    st.sampled_from(["x", "github", "bluesky", ""]),
    native_id=st.sampled_from(["", "7"]),
    bio=st.sampled_from(["", "Sales at Acme", "+49 171 2345678", "write to jane@company.example", "company", "Kiel"]),
    email=st.sampled_from([None, "jane@company.example", "other@company.example", "nobody"]),
    email_verified=st.booleans(),
    links=st.sampled_from(
        [(), (link("https://smith.example/me"),), (link("https://company.example", verified=True),)]
    ),
    location=st.sampled_from(["", ",", "Kiel", "Germany", "Kenya", "/"]),
    company=st.sampled_from(["", "Acme", "Other", "GmbH"]),
    title=st.sampled_from(["", "Sales"]),
    language=st.sampled_from(["", "de-AT", "-", "en"]),
    is_bot=st.booleans(),
    is_organization=st.booleans(),
)


@settings(max_examples=400)
@given(profiles)
def test_a_rule_that_is_left_out_would_have_found_nothing(theirs):
    pairs = [pair(ours, theirs, COUNTS) for ours in OURS]
    prior = prior_of(pairs[0].model, COUNTS)
    rules = relevant(theirs)
    assert [weigh(each, rules, prior) for each in pairs] == [weigh(each, RULES, prior) for each in pairs]


def test_every_rule_with_a_condition_can_be_asked_and_can_be_left_out():
    rich = profile(
        "",
        "jqx",
        native_id="7",
        email="jane@company.example",
        email_verified=True,
        links=(link("https://company.example"),),
        location="Kiel",
        company="Acme",
        bio="+49 171 2345678",
        language="de",
        is_bot=True,
    )
    named = profile("Jane Quickenborough")
    assert set(NEEDS) <= {*relevant(rich), *relevant(named)}
    assert not set(NEEDS) & set(relevant(profile()))
