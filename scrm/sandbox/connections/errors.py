"""Every body with which Connections refuses, in the three shapes of its applications.

Atom applications answer XML whose `code` may be padded or empty and whose message may begin with an id; OpenSocial
answers an HTML page; OAuth answers JSON (recorded by OpenNTF/SocialSDK c9c02d44, read 2026-11-23). The sentences are
our own except those of the ids, which are from memory.
"""

from __future__ import annotations

import json
from html import escape

XML = "text/xml;charset=UTF-8"
HTML = "text/html; charset=UTF-8"
JSON = "application/json"
GONE = {
    "communities": "The community which this resource or page is associated with does not exist.",
    "forums": "CLFRN1170E: The requested resource could not be found.",
    "profiles": "The requested profile does not exist.",
    "blogs": "The requested blog resource does not exist.",
}
FORBIDDEN = "CLFRN1174E: You are not authorized to perform the requested action."
INVALID = "CLFRN1172E: The request is invalid"
PAGES = {400: "Bad Request", 401: "Not Authenticated", 403: "Access Denied", 404: "Not Found"}
BUSY = (503, "Service Unavailable")
LOGIN_TITLE = "Log in to Connections"


class RefusedError(Exception):
    """A request that is answered with an error of this application."""

    def __init__(self, status: int, message: str = "", *, fault: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.message = message
        self.fault = fault  # what was asked wrongly, for the ledger


def xml_body(application: str, status: int, message: str = "") -> bytes:
    """Return an error of an Atom application, padded as each does it."""
    sentence = escape(message or _sentence(application, status), quote=False)
    if application == "communities":
        written = (
            '<error xmlns="http://www.ibm.com/xmlns/prod/sn">\n'
            f"\t<code>{status}</code>\n\t<message>\n\t\t\n\t\t\t\n\t\t\t\t{sentence}\n\t\t\n\t</message>\n"
            " \t<trace>\n \t\t\n\t</trace>\n</error>\n"
        )
    else:
        # the number is missing, as in recorded answers of Profiles
        written = (
            '<?xml version="1.0" encoding="UTF-8"?>\n\n\n\n\n\n'
            '<error xmlns="http://www.ibm.com/xmlns/prod/sn">\n\t<code>\n\t\t\n\t</code>\n'
            f"\t<message>\n\t\t\n\t\t\t\t{sentence}\n\t\t\t\n\t</message>\n\t<trace>\n\t\t\n\t</trace>\t\t\t\n</error>\n\n"
        )
    return written.encode()


def _sentence(application: str, status: int) -> str:
    if status == 404:
        return GONE.get(application, GONE["forums"])
    return FORBIDDEN if status in {401, 403} else INVALID


def html_body(status: int) -> bytes:
    """Return the page with which OpenSocial refuses."""
    title = PAGES.get(status, "Error")
    return (
        '<!DOCTYPE html>\n<html lang="en-us" dir="ltr">\n<head>\n'
        '   <meta http-equiv="content-type" content="text/html;charset=UTF-8">\n'
        f"   <title>{title}</title>\n</head>\n"
        '<body class="lotusui lotusError">\n<div class="lotusMessage2" role="alert">'
        f'<div class="lotusMessageBody">{title}</div></div>\n</body>\n</html>\n'
    ).encode()


def login_body(*, has_failed: bool = False) -> bytes:
    """Return the page that asks for a name and a password; it comes with status 200."""
    told = "<p>The user name or password is not valid.</p>" if has_failed else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><title>{LOGIN_TITLE}</title></head>\n<body>{told}\n'
        '<form method="post" action="/profiles/j_security_check">\n'
        '<label>User name <input type="text" name="j_username"></label>\n'
        '<label>Password <input type="password" name="j_password"></label>\n'
        '<input type="submit" value="Log In"></form>\n</body>\n</html>\n'
    ).encode()


def oauth_body(error: str, description: str) -> bytes:
    return json.dumps({"error_description": description, "error": error}).encode()


def error_body(status: int, application: str = "communities", message: str = "") -> tuple[int, bytes, str]:
    """Return a refusal of an application: its status, its body and the type of it; 200 is the login page."""
    if status == 200:
        return 200, login_body(), HTML
    if application == "connections" or status == BUSY[0]:
        return status, html_body(status), HTML
    return status, xml_body(application, status, message), XML


def body_of_status(status: int) -> tuple[bytes, str]:
    """Return what an ordered failure answers when it names no body."""
    _, body, kind = error_body(status, "connections" if status >= BUSY[0] else "communities")
    return body, kind
