"""A mail server for one test: it takes letters, refuses whom it is told to, and may speak TLS or not speak at all."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


@dataclass
class MailServer:
    """RFC 5321 as far as a hub speaks it. ``certificate``: it offers STARTTLS; ``silent``: it never says a word."""

    certificate: Path | None = None
    refused: set[str] = field(default_factory=set)
    silent: bool = False
    letters: list[Message] = field(default_factory=list)
    said: list[tuple[bool, str]] = field(default_factory=list)
    """Every line that came, and whether it came under TLS."""
    port: int = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["MailServer"]:
        """Listen on a free port until the end."""
        lines: set[asyncio.Task[None]] = set()

        def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

        server = await asyncio.start_server(came, HOST, self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.silent:
                await reader.read()
                return
            await self._talk(reader, writer)
        except (ConnectionError, ssl.SSLError):
            return  # Whoever came went away again.
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure, recipients = False, 0
        await _say(writer, "220 mail.example")
        while line := (await reader.readline()).decode().strip():
            self.said.append((secure, line))
            match line.split(maxsplit=1)[0].upper():
                case "EHLO":
                    offers = ["mail.example", "AUTH PLAIN LOGIN", *(["STARTTLS"] if self.certificate else [])]
                    await _say(writer, *(f"250-{each}" for each in offers), "250 8BITMIME")
                case "STARTTLS":
                    await _say(writer, "220 go on")
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    assert self.certificate is not None, "what is not offered is not asked for"
                    context.load_cert_chain(self.certificate)
                    await writer.start_tls(context)
                    secure = True
                case "RCPT" if line[9:-1].lower() in self.refused:
                    await _say(writer, "550 no such mailbox")
                case "RCPT":
                    recipients += 1
                    await _say(writer, "250 ok")
                case "DATA" if recipients:
                    await _say(writer, "354 go on")
                    self.letters.append(message_from_bytes(await _data(reader)))
                    await _say(writer, "250 taken")
                case "DATA":
                    await _say(writer, "503 nobody to send it to")
                case "AUTH":
                    await _say(writer, "235 known")
                case "QUIT":
                    await _say(writer, "221 bye")
                    return
                case _:
                    await _say(writer, "250 ok")

    @property
    def passwords(self) -> list[tuple[bool, str]]:
        """What was said to prove who comes, and whether under TLS."""
        told = [(secure, line.split()[2]) for secure, line in self.said if line.upper().startswith("AUTH PLAIN ")]
        return [(secure, base64.b64decode(words).decode()) for secure, words in told]


async def _say(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    await writer.drain()


async def _data(reader: asyncio.StreamReader) -> bytes:
    lines = []
    while (line := await reader.readline()) not in (b".\r\n", b""):
        lines.append(line)
    return b"".join(lines)


def certificate(folder: Path) -> Path:
    """Write a key and a certificate of the loopback address that it signed itself; return the file with both."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    written = folder / "mail.pem"
    written.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return written
