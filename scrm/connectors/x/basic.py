"""HTTP Basic, by which a confidential app names itself (RFC 7617; docs.x.com, user-access-token, read 2026-11-23)."""

import base64


def basic(name: str, secret: str) -> dict[str, str]:
    """The header for a name and its secret."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}
