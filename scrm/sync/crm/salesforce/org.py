"""Calls to one org: each with the shared token, renewed once on 401, errors mapped, calls counted.

simple-salesforce is used for signing in, for REST calls and for quoting; it never holds what could sign in again, so
its own renewal, which recurses and drops headers, is never reached.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.util import exception_handler
from sqlalchemy import case, update

from scrm.errors import CrmAuthError, CrmRetryLaterError, HostRefusedError, RetryLaterError
from scrm.models import CrmConnection
from scrm.runtime import Core
from scrm.sync.crm.salesforce.access import CRM_ID, Token, current_token, session_for
from scrm.sync.crm.salesforce.faults import call_error

T = TypeVar("T")

API_VERSION = "68.0"  # Winter '27, current on 2026-11-24
USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")
MORE = re.compile(r"/services/data/v\d+\.\d/(query(?:All)?/[A-Za-z0-9-]+)")
HEADERS = {"Sforce-Call-Options": "client=scrm"}  # marks our own writes in what Salesforce tells others
DAY = timedelta(hours=24)


class _TokenWornOutError(CrmAuthError):
    """The call was answered with 401; with a new token it may work."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Calls of the rolling day in Salesforce's own count, all users together; `at`: when it was heard."""

    used: int
    limit: int
    at: datetime


class Org:
    """One org, for one process. Not to be pickled: it holds a token."""

    def __init__(self, core: Core, *, version: str = API_VERSION, token: Token | None = None) -> None:
        self._core = core
        self._version = version
        self._session = session_for(core)
        self._session.hooks["response"].append(self._note)
        self._token = token
        self._client: Salesforce | None = None
        self._uncounted = 0
        self.usage: Usage | None = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("an org holds a token and is never passed on")

    @property
    def version(self) -> str:
        return self._version

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One REST call below /services/data/vNN.N/; gives parsed JSON, None when there is none.

        Raises CrmAuthError, CrmRetryLaterError (CrmBudgetSpentError), SalesforceRefusedError.
        """
        extra = {"json": json} if json is not None else {}
        return self._with_token(
            lambda client: client.restful(
                path, params=dict(params or {}), method=method, headers=HEADERS | dict(headers or {}), **extra
            )
        )

    def raw(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        content_type: str = "text/csv",
    ) -> requests.Response:
        """A call whose answer is no JSON, such as the results of a bulk job; headers and all."""

        def send(client: Salesforce) -> requests.Response:
            headers = dict(client.headers) | HEADERS | {"Content-Type": content_type, "Accept": "text/csv, */*"}
            response = self._session.request(
                method, client.base_url + path, params=params, data=data, headers=headers
            )
            if response.status_code >= 300:
                exception_handler(response, name=path)
            return response

        return self._with_token(send)

    def userinfo(self) -> Mapping[str, Any]:
        """Who we are there."""
        return self._with_token(lambda client: dict(client.oauth2("userinfo") or {}))

    def soap(self, work: Callable[[Salesforce], T]) -> T:
        """Work with a client of its own: the library's deploy leaves headers behind that spoil later REST calls."""

        def with_own(client: Salesforce) -> T:
            own = Salesforce(
                session_id=client.session_id,
                instance_url=f"https://{client.sf_instance}/",
                version=self._version,
                session=self._session,
            )
            return work(own)

        return self._with_token(with_own)

    def query(self, soql: str, *, deleted: bool = False) -> Iterator[Mapping[str, Any]]:
        """Rows of a query, page by page; with `deleted` also those in the recycle bin and merged ones."""
        path = "queryAll/" if deleted else "query/"
        yield from self._pages(self.call("GET", path, params={"q": soql}))

    def _pages(self, page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        while True:
            yield from page["records"]
            if page["done"]:
                return
            found = MORE.fullmatch(str(page.get("nextRecordsUrl")))
            if found is None:
                raise CrmRetryLaterError("Salesforce: the address of the next page is not as documented")
            page = self.call("GET", found[1])

    def queries(self, soqls: Sequence[str], *, deleted: bool = False) -> list[list[Mapping[str, Any]]]:
        """Rows of up to five queries in one call; long ones too, since no address carries them."""
        resource = "queryAll" if deleted else "query"
        asked = [
            {
                "method": "GET",
                "url": f"/services/data/v{self._version}/{resource}/?{urlencode({'q': soql})}",
                "referenceId": f"query{number}",
            }
            for number, soql in enumerate(soqls)
        ]
        answer = self.call("POST", "composite", json={"allOrNone": False, "compositeRequest": asked})
        found = []
        for part in answer["compositeResponse"]:
            if part["httpStatusCode"] >= 300:
                raise call_error(part["httpStatusCode"], part["body"])
            found.append(list(self._pages(part["body"])))
        return found

    def count(self, name: str) -> int:
        """How many records of an object there are."""
        soql = f"SELECT COUNT() FROM {name}"  # noqa: S608 - a name of ours
        answer = self.call("GET", "query/", params={"q": soql})
        return int(answer["totalSize"])

    def _note_calls(self) -> None:
        """Write down the calls just made and what Salesforce says is used, for all processes."""
        made, self._uncounted = self._uncounted, 0
        usage = self.usage
        if not made:
            return
        now = self._core.db.clock.now()
        is_new_day = CrmConnection.calls_since.is_(None) | (CrmConnection.calls_since < now - DAY)
        values: dict[str, Any] = {
            "calls_made": case((is_new_day, made), else_=CrmConnection.calls_made + made),
            "calls_since": case((is_new_day, now), else_=CrmConnection.calls_since),
        }
        if usage is not None:
            values |= {"calls_used": usage.used, "calls_limit": usage.limit, "calls_at": usage.at}
        with self._core.db.write("salesforce.usage") as db:
            db.execute(update(CrmConnection).where(CrmConnection.crm_id == CRM_ID).values(**values))

    def _with_token(self, work: Callable[[Salesforce], T]) -> T:
        try:
            return self._once(work)
        except _TokenWornOutError:
            self._client = None
            worn_out = self._token.version if self._token else None
            self._token = current_token(self._core, self._session, worn_out=worn_out)
            return self._once(work)
        finally:
            self._note_calls()  # at once: this process may end with the next call

    def _once(self, work: Callable[[Salesforce], T]) -> T:
        client = self._client or self._open()
        try:
            return work(client)
        except SalesforceError as why:
            status = int(why.status)
            is_worn_out = status == 401 or (status == 500 and "INVALID_SESSION_ID" in str(why.content))  # SOAP
            if is_worn_out and "not valid for use" not in str(why.content):
                raise _TokenWornOutError("Salesforce refuses the token") from None
            raise call_error(status, why.content) from None
        except (requests.RequestException, RetryLaterError) as why:
            raise CrmRetryLaterError(f"Salesforce: no answer ({type(why).__name__})") from None
        except HostRefusedError:
            raise CrmAuthError("Salesforce: the host may not be called") from None
        except ValueError as why:  # 200 with something that is no JSON: a page of maintenance or of a proxy
            raise CrmRetryLaterError(f"Salesforce: the answer cannot be read ({type(why).__name__})") from None

    def _open(self) -> Salesforce:
        if self._token is None:
            self._token = current_token(self._core, self._session)
        self._client = Salesforce(
            session_id=self._token.value,
            instance_url=f"https://{self._token.host}/",
            version=self._version,
            session=self._session,
            object_pairs_hook=dict,
        )
        return self._client

    def _note(self, response: requests.Response, *_args: object, **_kwargs: object) -> None:
        """Called for every answer, errors too."""
        self._uncounted += 1
        found = USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self.usage = Usage(used=int(found[1]), limit=int(found[2]), at=self._core.db.clock.now())
