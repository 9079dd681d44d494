import pytest
import requests

from scrm.errors import HostRefusedError
from scrm.sync.crm.salesforce.transport import SalesforceSession


@pytest.mark.parametrize(
    "url",
    [
        "http://login.salesforce.com/",
        "https://evil.example/services/data",
        "https://salesforce.com.evil.example/",
        "https://evilsalesforce.com/",
        "https://127.0.0.1/",
    ],
)
def test_a_token_goes_to_salesforce_alone(url: str) -> None:
    with pytest.raises(HostRefusedError):
        SalesforceSession().get(url)


def test_every_request_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def send(_self: requests.Session, _request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        seen.append((kwargs["timeout"], kwargs["allow_redirects"]))
        return requests.Response()

    monkeypatch.setattr(requests.Session, "send", send)
    SalesforceSession().get("https://nordwerk.my.salesforce.com/", timeout=None)
    assert seen == [((10.0, 120.0), False)]
