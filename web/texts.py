"""Text messages on their way out, by the gateway of the settings; and both ways out as one."""

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from hub.jobs.letters import Channel, Letter, NotSentError
from web.gateways import FORM_TYPE, JSON_TYPE, TextGateway, at_path, filled
from web.mail import Mail

SECONDS_MAX: Final = 15.0
ANSWER_BYTES_MAX: Final = 65_536
NAME_CHARACTERS_MAX: Final = 200
NO_SUCH_NUMBER: Final = frozenset({400, 404, 410, 422})
"""Another try would end the same way: the gateway does not take this message to this number."""
PERHAPS_SENT: Final = frozenset({502, 504})
"""A proxy answered for a gateway that may have the message all the same."""


class HttpTexts:
    """Sends by the gateway of the settings."""

    def __init__(self, gateway: TextGateway) -> None:
        self._gateway = gateway

    async def send(self, letter: Letter) -> str:
        """Send it, and return the gateway's own name of it.

        Raises:
            NotSentError: the gateway did not take it, or can't be known to have taken it.
        """
        import httpx2  # noqa: PLC0415 - where it is first used: a hub without a gateway starts without it.

        values = {"number": letter.address, "words": letter.words, "key": letter.key}
        body, headers = filled(self._gateway.body, values), filled(self._gateway.headers, values)
        assert isinstance(body, dict), "a mapping stays one"
        assert isinstance(headers, dict), "a mapping stays one"
        content = urlencode(body) if self._gateway.form else json.dumps(body)
        kind = {"content-type": FORM_TYPE if self._gateway.form else JSON_TYPE}
        try:
            async with httpx2.AsyncClient(timeout=SECONDS_MAX) as client:
                answer = await client.post(self._gateway.url, content=content.encode(), headers={**kind, **headers})
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise NotSentError(type(error).__name__) from None
        except httpx2.HTTPError as error:  # It went silent, perhaps with the message in its hands.
            raise NotSentError(type(error).__name__, unanswered=True) from None
        if not answer.is_success:
            for_good = answer.status_code in NO_SUCH_NUMBER
            code = "no-such-number" if for_good else f"gateway-{answer.status_code}"
            raise NotSentError(code, for_good=for_good, unanswered=answer.status_code in PERHAPS_SENT)
        return _named(answer.content, self._gateway.name)


@dataclass(frozen=True, slots=True)
class Outward:
    """Both ways out: mail and text messages, each letter by its own."""

    mail: Mail
    texts: Mail | HttpTexts | None

    async def send(self, letter: Letter) -> str | None:
        """Send it by its channel.

        Raises:
            NotSentError: it did not leave, as far as is known.
        """
        if letter.channel is not Channel.TEXT:
            await self.mail.send(letter)
            return None
        if self.texts is None:
            raise NotSentError("no-gateway", for_good=True)
        return await self.texts.send(letter)


def _named(answer: bytes, path: str) -> str:
    if not path or len(answer) > ANSWER_BYTES_MAX:
        return ""
    try:
        return at_path(json.loads(answer), path)[:NAME_CHARACTERS_MAX]
    except (ValueError, RecursionError):
        return ""
