"""Who counts as one of us: by key, by the host in a handle, by an address that the network vouches for."""

import pytest

from scrm.ingest.internal import InternalCheck
from scrm.records import Key, ProfileRecord

KEY = Key(network="jive", scope="community.example", native_id="/people/7")


def shown(**values: object) -> ProfileRecord:
    return ProfileRecord(key=KEY, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "is_ours"),
    [
        ({"handle": "femke@social.nordwerk.example"}, True),
        ({"handle": "femke@nordwerk.example"}, True),
        ({"handle": "femke@notnordwerk.example"}, False),
        ({"handle": "femke"}, False),
        ({"email": "Femke@Nordwerk.example", "email_verified": True}, True),
        ({"email": "femke@nordwerk.example"}, False),
        ({"email": "femke@guest.example", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_a_domain_of_ours_tells_by_handle_or_by_verified_address(values: dict[str, object], is_ours: bool) -> None:
    check = InternalCheck(domains=frozenset({"nordwerk.example"}))
    assert check(KEY, shown(**values)) is is_ours
    assert not InternalCheck()(KEY, shown(**values))


def test_a_named_profile_is_ours_whatever_it_shows() -> None:
    assert InternalCheck(keys=frozenset({KEY}))(KEY, None)
    assert not InternalCheck(domains=frozenset({"nordwerk.example"}))(KEY, None)
