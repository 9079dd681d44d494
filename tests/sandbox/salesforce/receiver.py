"""A real address that outbound messages are sent to."""

from flask import Flask, Response, request

from scrm.sandbox.salesforce.package import parse_xml

ACK = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>
</soapenv:Body></soapenv:Envelope>"""


class Receiver:
    """An address that keeps what it is sent and answers what it is told to."""

    def __init__(self) -> None:
        self.app = Flask("receiver")
        self.app.add_url_rule("/hook", "hook", self.take, methods=["POST"])
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answer: tuple[int, str] = (200, ACK)
        self.url = ""

    def take(self) -> Response:
        self.bodies.append(request.get_data())
        self.headers.append(dict(request.headers))
        status, body = self.answer
        return Response(body, status=status, content_type="text/xml")

    def notifications(self, number: int = -1) -> list[tuple[str, dict[str, str]]]:
        """Id and fields of each notification of one message."""
        envelope = parse_xml(self.bodies[number])
        return [
            (one.findtext("Id") or "", {field.tag: field.text or "" for field in one.find("sObject") or []})
            for one in envelope.findall("Body/notifications/Notification")
        ]
