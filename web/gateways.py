"""Text messages by any HTTP gateway: what to send where is told by a file, and so is how the gateway tells of them.

    {"url": "https://sms.example/messages", "headers": {"Authorization": "Bearer ..."},
     "body": {"to": "{number}", "text": "{words}", "reference": "{key}"}, "as": "json", "name": "message.id",
     "told": {"secret": "...", "signature": "X-Signature", "timestamp": "X-Timestamp",
              "name": "id", "state": "status", "delivered": ["delivered"], "failed": ["undelivered", "rejected"],
              "from": "from", "words": "text"}}

``{number}``, ``{words}`` and ``{key}`` stand anywhere in the texts of body and headers; ``key`` is the same when a
message is sent again, so that a gateway that knows such keys sends it once. A dotted path names a value of an answer.
"""

import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

GATEWAY_AT: Final = "/gateway/texts"
"""Where the gateway calls."""
SECRET_CHARACTERS_MIN: Final = 16
JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
_OPEN_TO_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTold:
    """How the gateway's own calls are read: receipts of what it sent, and what people answer."""

    secret: str = field(repr=False)
    signature: str
    """The header with the HMAC-SHA-256 of the body, in hex or base64."""
    timestamp: str = ""
    """The header with the seconds since 1970; where it is named, it is signed before the body, with a dot between."""
    name: str = ""
    state: str = ""
    delivered: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    sender: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextGateway:
    """Where text messages go."""

    url: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: bool = False
    name: str = ""
    """Where in the gateway's answer it says by which name it will tell of the message."""
    told: GatewayTold | None = None


def filled(template: object, values: Mapping[str, str]) -> object:
    """Return the template with the values in its texts; keys and all else stay as they are."""
    if isinstance(template, str):
        for name, value in values.items():
            template = template.replace("{" + name + "}", value)
        return template
    if isinstance(template, Mapping):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, Sequence):
        return [filled(value, values) for value in template]
    return template


def at_path(found: object, path: str) -> str:
    """Return the text or number at a dotted path, ``""`` where there is none."""
    for step in path.split(".") if path else ():
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, Sequence) and not isinstance(found, str) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return ""
    return str(found) if path and isinstance(found, str | int) and not isinstance(found, bool) else ""


def read_gateway(path: str, problems: list[str]) -> TextGateway | None:
    """Return the gateway that a file tells, ``None`` where none is named; what is wrong joins the problems."""
    if not path:
        return None
    file = Path(path)
    try:
        if file.stat().st_mode & _OPEN_TO_OTHERS:
            problems.append(f"Close the file of CAREPLAN_TEXT_GATEWAY to others: chmod 600 {file}")
            return None
        told = json.loads(file.read_text("utf-8"))
        gateway = _gateway(told)
    except (OSError, ValueError, TypeError, KeyError):
        problems.append("Set CAREPLAN_TEXT_GATEWAY to a JSON file as docs/operations.md describes: url, body, told.")
        return None
    parts = urlsplit(gateway.url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        problems.append("Name an https address as url in the file of CAREPLAN_TEXT_GATEWAY.")
    if gateway.told is not None and len(gateway.told.secret) < SECRET_CHARACTERS_MIN:
        problems.append(
            f"Name a secret of at least {SECRET_CHARACTERS_MIN} characters under told in CAREPLAN_TEXT_GATEWAY."
        )
    return gateway


def _gateway(told: Mapping[str, object]) -> TextGateway:
    body, headers = told["body"], told.get("headers", {})
    if not isinstance(body, dict) or not isinstance(headers, dict) or told.get("as", "json") not in ("json", "form"):
        raise ValueError
    return TextGateway(
        url=str(told["url"]),
        body=body,
        headers={str(name): str(value) for name, value in headers.items()},
        form=told.get("as") == "form",
        name=str(told.get("name", "")),
        told=_told(told["told"]) if "told" in told else None,
    )


def _told(told: object) -> GatewayTold:
    if not isinstance(told, dict):
        raise TypeError
    return GatewayTold(
        secret=str(told["secret"]),
        signature=str(told["signature"]),
        timestamp=str(told.get("timestamp", "")),
        name=str(told.get("name", "")),
        state=str(told.get("state", "")),
        delivered=tuple(map(str, told.get("delivered", ()))),
        failed=tuple(map(str, told.get("failed", ()))),
        sender=str(told.get("from", "")),
        words=str(told.get("words", "")),
    )
