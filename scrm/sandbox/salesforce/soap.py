"""The Metadata API over SOAP: deploying a zip, and asking how it went.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_deploy.htm, read 2026-11-24; the fault
as recorded. A deployment is done at the second asking, so that a client must wait for it.
"""

from __future__ import annotations

import base64
import binascii
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from flask import Flask, Response, g, request

from scrm.sandbox.salesforce.deploying import Fault
from scrm.sandbox.salesforce.package import Component, PackageError, is_true, parse_xml, read_zip, text
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.users import Actor

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.deploying import Deploying
    from scrm.sandbox.salesforce.ids import Ids
    from scrm.sandbox.salesforce.journal import Journal
    from scrm.sandbox.salesforce.oauth import Sessions
    from scrm.sandbox.salesforce.users import User

METADATA = "http://soap.sforce.com/2006/04/metadata"
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns="{namespace}"{more}><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
)
OPTIONS = ("checkOnly", "ignoreWarnings", "rollbackOnError")


@dataclass(kw_only=True)
class Deployment:
    """One deployment; `asked` counts how often its state was asked for."""

    id: str
    options: dict[str, bool]
    components: list[Component]
    faults: list[Fault]
    created_at: str
    asked: int = 0

    @property
    def is_done(self) -> bool:
        return self.asked > 1


@dataclass(kw_only=True)
class MetadataApi:
    """The address `/services/Soap/m/`."""

    deploying: Deploying
    sessions: Sessions
    journal: Journal
    ids: Ids
    lock: threading.RLock
    deployments: dict[str, Deployment] = field(default_factory=dict)

    def add_to(self, app: Flask) -> None:
        rule = "/services/Soap/m/<version>"
        app.add_url_rule(f"{rule}/", "metadata", self._answer, methods=["POST"], strict_slashes=False)
        app.add_url_rule(f"{rule}/<path:rest>", "metadata_rest", self._answer, methods=["POST"])

    def _answer(self, version: str, rest: str = "") -> Response:
        del version, rest  # the operation stands in the body; clients add what they like to the address
        with self.lock:
            try:
                envelope = parse_xml(request.get_data())
                user = self.sessions.user_of(text(envelope, "Header/SessionHeader/sessionId"))
                if user is None:
                    sentence = "Invalid Session ID found in SessionHeader: Illegal Session"
                    return fault("INVALID_SESSION_ID", sentence)
                self.journal.use()
                return self._operation(envelope, user)
            except PackageError as exc:
                return fault("UNKNOWN_EXCEPTION", str(exc))
            except RefusedError as exc:
                return fault(exc.code, exc.sentence)

    def _operation(self, envelope: ET.Element, user: User) -> Response:
        body = envelope.find("Body")
        operation = body[0] if body is not None and len(body) else None
        g.client = text(envelope, "Header/CallOptions/client") or None
        if operation is not None and operation.tag == "deploy":
            return self._deploy(operation, user)
        if operation is not None and operation.tag == "checkDeployStatus":
            return self._status(operation)
        g.outcome, g.reason = "invalid", f"unknown operation {operation.tag if operation is not None else ''}"
        return fault("UNKNOWN_EXCEPTION", "No operation available for request")

    def _deploy(self, operation: ET.Element, user: User) -> Response:
        options = {name: is_true(operation, f"DeployOptions/{name}") for name in OPTIONS}
        actor = Actor(user=user, client=g.get("client"), request=g.number)
        components: list[Component] = []
        try:
            data = base64.b64decode(text(operation, "ZipFile"), validate=True)
            components = read_zip(data)
            faults = self.deploying.deploy(actor, components, check_only=options["checkOnly"])
        except (PackageError, binascii.Error) as exc:
            whole = Component(kind="", name="package.xml", file="package.xml", xml=None)
            faults = [Fault(component=whole, problem=str(exc))]
        one = Deployment(
            id=self.ids.new("0Af"),
            options=options,
            components=components,
            faults=faults,
            created_at=self.deploying.rows.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        )
        self.deployments[one.id] = one
        result = f"<done>false</done><id>{one.id}</id><state>Queued</state>"
        return _envelope(f"<deployResponse><result>{result}</result></deployResponse>")

    def _status(self, operation: ET.Element) -> Response:
        one = self.deployments.get(text(operation, "asyncProcessId"))
        if one is None:
            return fault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        one.asked += 1
        return _envelope(f"<checkDeployStatusResponse><result>{_result(one)}</result></checkDeployStatusResponse>")


def _result(one: Deployment) -> str:
    status = "InProgress" if not one.is_done else "Failed" if one.faults else "Succeeded"
    total, failed = len(one.components), len(one.faults)
    failures = "".join(_failure(each) for each in one.faults) if one.is_done else ""
    values = {
        **one.options,
        "createdDate": one.created_at,
        "done": one.is_done,
        "id": one.id,
        "lastModifiedDate": one.created_at,
        "numberComponentErrors": failed if one.is_done else 0,
        "numberComponentsDeployed": 0 if failed or not one.is_done else total,
        "numberComponentsTotal": total,
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "runTestsEnabled": False,
        "startDate": one.created_at,
        "status": status,
        "success": one.is_done and not failed,
    }
    members = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in values.items())
    tests = "<runTestResult><numFailures>0</numFailures><numTestsRun>0</numTestsRun></runTestResult>"
    return f"<details>{failures}{tests}</details>{members}"


def _failure(each: Fault) -> str:
    values = {
        "changed": False,
        "componentType": each.component.kind,
        "created": False,
        "deleted": False,
        "fileName": each.component.file,
        "fullName": each.component.name,
        "problem": each.problem,
        "problemType": "Error",
        "success": False,
    }
    members = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in values.items())
    return f"<componentFailures>{members}</componentFailures>"


def _xml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def _envelope(body: str, status: int = 200, more: str = "") -> Response:
    filled = ENVELOPE.format(namespace=METADATA, more=more, body=body)
    return Response(filled, status=status, content_type="text/xml;charset=UTF-8")


def fault(code: str, sentence: str) -> Response:
    """Return a SOAP fault; its status is always 500."""
    body = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{code}: {escape(sentence)}</faultstring></soapenv:Fault>"
    )
    return _envelope(body, 500, f' xmlns:sf="{METADATA}"')
