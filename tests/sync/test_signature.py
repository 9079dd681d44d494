import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.errors import ConfigError, WebhookRefusedError
from scrm.sync.signature import key_of, new_secret, verify

# The vector that the reference libraries of Standard Webhooks are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DELIVERY = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SECONDS = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = datetime.fromtimestamp(SECONDS, UTC)
HEADERS = {"webhook-id": DELIVERY, "webhook-timestamp": str(SECONDS), "webhook-signature": SIGNATURE}
OTHER = new_secret()


def short(secret: str, timestamp: object = SECONDS, body: bytes = BODY) -> str:
    """As the sample in Apex computes it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return f"t={timestamp},v1=" + hmac.new(key, f"{timestamp}.".encode() + body, "sha256").hexdigest()


def sign(secret: str, delivery: str, timestamp: object, body: bytes) -> str:
    signed = f"{delivery}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def refused(headers: dict[str, str], body: bytes = BODY, now: datetime = NOW) -> str:
    with pytest.raises(WebhookRefusedError) as caught:
        verify(headers, body, [SECRET], now)
    return str(caught.value)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_the_published_vector_is_accepted() -> None:
    assert verify(HEADERS, BODY, [SECRET], NOW) == DELIVERY


def test_header_names_have_no_case() -> None:
    headers = {name.title(): value for name, value in HEADERS.items()}
    assert verify(headers, BODY, [SECRET], NOW) == DELIVERY


def test_any_secret_and_any_signature_of_the_list_may_fit() -> None:
    several = HEADERS | {"webhook-signature": f"v1a,AAAA v1,bm9uZQ== {SIGNATURE} {sign(OTHER, 'x', 1, b'')}"}
    assert verify(several, BODY, [OTHER, SECRET], NOW) == DELIVERY


@pytest.mark.parametrize("offset", [-300, 0, 300])
def test_five_minutes_either_way_are_fresh(offset: int) -> None:
    assert verify(HEADERS, BODY, [SECRET], at(SECONDS + offset)) == DELIVERY


@pytest.mark.parametrize("offset", [-301, 301, 86_400])
def test_older_or_ahead_is_stale(offset: int) -> None:
    assert "five minutes" in refused(HEADERS, now=at(SECONDS + offset))


@pytest.mark.parametrize("name", list(HEADERS))
@pytest.mark.parametrize("change", ["missing", "empty", "doubled", "blank around"])
def test_each_header_stands_there_exactly_once(name: str, change: str) -> None:
    headers = dict(HEADERS)
    if change == "missing":
        del headers[name]
    elif change == "empty":
        headers[name] = ""
    elif change == "doubled":
        headers[name.upper()] = headers[name]
    else:
        headers[name] = f"\t{headers[name]} "
    refused(headers)


@pytest.mark.parametrize("name", list(HEADERS))
def test_every_flipped_bit_of_a_header_is_refused(name: str) -> None:
    for position in range(len(HEADERS[name])):
        for bit in range(8):
            flipped = list(HEADERS[name])
            flipped[position] = chr(ord(flipped[position]) ^ (1 << bit))
            refused(HEADERS | {name: "".join(flipped)})


def test_every_flipped_bit_of_the_body_is_refused() -> None:
    for position in range(len(BODY)):
        for bit in range(8):
            flipped = bytearray(BODY)
            flipped[position] ^= 1 << bit
            refused(HEADERS, bytes(flipped))
    refused(HEADERS, BODY + b" ")
    refused(HEADERS, BODY[:-1])


@pytest.mark.parametrize(
    "timestamp",
    [
        *("nan", "1e9", "-1", "", " 1614265330", "1614265330 ", "1614265330\n", "1614265330.9", "+1614265330"),
        *("16142653301614265330", "1614265330000", "161426533", "0x6037A", "१६१४२६५३३०"),
    ],
)
def test_only_ten_digits_are_a_timestamp(timestamp: str) -> None:
    headers = HEADERS | {"webhook-timestamp": timestamp}
    headers["webhook-signature"] = sign(SECRET, DELIVERY, timestamp, BODY)
    refused(headers)


@pytest.mark.parametrize("delivery", ["with.dot", "x" * 257, "x" * 10_240, "with blank", "ümlaut", "", "line\nfeed"])
def test_an_id_that_the_specification_does_not_have_is_refused(delivery: str) -> None:
    headers = HEADERS | {"webhook-id": delivery, "webhook-signature": sign(SECRET, delivery, SECONDS, BODY)}
    refused(headers)


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE.replace("v1,", "v0,"),
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.replace(",", ""),
        SIGNATURE.replace(",", ",,"),
        SIGNATURE + "," + SIGNATURE,
        SIGNATURE.rstrip("="),
        SIGNATURE.upper(),
        "v1,!!!not base64",
        "v1,\ud800",
        "v1,ü",
        "v1,",
        ",",
        " ",
        SIGNATURE.replace(" ", "\x00") + "\x00",
        "v1,AAAA " * 2000,
    ],
)
def test_a_signature_of_another_form_is_refused(signature: str) -> None:
    refused(HEADERS | {"webhook-signature": signature})


def test_nothing_fits_without_a_secret() -> None:
    with pytest.raises(WebhookRefusedError):
        verify(HEADERS, BODY, [], NOW)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_!!", SECRET.removeprefix("whsec_"), "whsk_AAAA"]
)
def test_a_secret_that_can_be_guessed_is_our_own_fault(secret: str) -> None:
    with pytest.raises(ConfigError, match="24 to 64 bytes"):
        verify(HEADERS, BODY, [secret], NOW)


def test_a_new_secret_is_long_enough_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert {len(key_of(secret)) for secret in secrets} == {32}


def test_a_refusal_names_no_value() -> None:
    for name in HEADERS:
        assert "canary" not in refused(HEADERS | {name: "canary canary"})


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.text(max_size=60) | st.just(value) for name, value in HEADERS.items()}
    ),
    st.binary(max_size=40) | st.just(BODY),
)
def test_whatever_arrives_is_accepted_or_refused(headers: dict[str, str], body: bytes) -> None:
    try:
        accepted = verify(headers, body, [SECRET], NOW)
    except WebhookRefusedError:
        return
    assert (accepted, headers, body) == (DELIVERY, HEADERS, BODY)


def test_the_short_scheme_names_a_delivery_by_its_body() -> None:
    first = verify({"X-Signature": short(SECRET)}, BODY, [OTHER, SECRET], NOW)
    later = verify({"X-Signature": short(SECRET, SECONDS + 200)}, BODY, [SECRET], at(SECONDS + 200))
    other = verify({"X-Signature": short(SECRET, body=b"{}")}, b"{}", [SECRET], NOW)
    assert first == later != other


def test_while_a_secret_is_replaced_either_signature_of_the_short_scheme_fits() -> None:
    both = short(OTHER) + "," + short(SECRET).partition(",")[2]
    assert verify({"x-signature": both}, BODY, [SECRET], NOW)
    assert verify({"x-signature": both}, BODY, [OTHER], NOW)


@pytest.mark.parametrize("offset", [-301, 301])
def test_the_short_scheme_is_as_fresh(offset: int) -> None:
    with pytest.raises(WebhookRefusedError, match="five minutes"):
        verify({"x-signature": short(SECRET)}, BODY, [SECRET], at(SECONDS + offset))


def test_who_sends_both_schemes_is_held_to_the_full_one() -> None:
    wrong = HEADERS | {"webhook-signature": "v1,AAAA", "x-signature": short(SECRET)}
    assert "webhook-signature" in refused(wrong)


@given(st.text(max_size=120) | st.from_regex(r"t=[0-9]{9,11}(,v1=[0-9a-fA-F]{63,65}){0,6}", fullmatch=True))
def test_no_short_signature_that_was_not_made_with_the_secret_is_taken(given_header: str) -> None:
    assert "x-signature" in refused({"x-signature": given_header})
