"""An address that X's webhooks can be sent to: answers challenges, keeps what comes."""

from flask import Flask, Response, json, request

from scrm.sandbox.server import Server
from scrm.sandbox.x.webhooks import signature


class Receiver:
    """A small web server; its attributes say how it behaves."""

    def __init__(self, secret):
        self.secret = secret
        self.status = 200
        self.is_honest = True
        self.challenge_status = 200
        self.received = []
        app = Flask("receiver")
        app.add_url_rule("/x", "challenge", self._challenge, methods=["GET"])
        app.add_url_rule("/x", "receive", self._receive, methods=["POST"])
        self.server = Server(app)
        self.url = f"{self.server.base_url}/x"

    def _challenge(self):
        token = request.args["crc_token"].encode()
        answer = {"response_token": signature(self.secret if self.is_honest else "wrong", token)}
        if 300 <= self.challenge_status < 400:
            return Response(status=self.challenge_status, headers={"Location": self.url})
        return answer, self.challenge_status

    def _receive(self):
        self.received.append((request.get_data(), dict(request.headers)))
        return Response(status=self.status)

    def events(self):
        """What came, in order, with what was sent again."""
        return [json.loads(body)["data"] for body, _ in self.received]
