"""The door for HL7 v2: answers in order, one a message, and only once it was kept; whatever comes, it stays open."""

import asyncio
import datetime
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.adt.frames import CLOSE, FrameFault, framed
from hub.sockets.mllp import FAULTS_MAX, WAITING_MAX, MllpListener, tls_of

pytestmark = pytest.mark.anyio


class Keeper:
    """Keeps what comes, when it is let."""

    def __init__(self) -> None:
        self.kept: list[bytes | FrameFault] = []
        self.may = asyncio.Event()
        self.may.set()

    async def answered(self, message: bytes | FrameFault) -> bytes:
        if message == b"broken":
            raise ValueError(message)
        if message != b"another's":
            await self.may.wait()
        self.kept.append(message)
        return b"kept " + (message if isinstance(message, bytes) else message.value.encode())


async def listening(keeper: Keeper, tls: ssl.SSLContext | None = None) -> tuple[MllpListener, int]:
    own = socket.create_server(("127.0.0.1", 0))
    listener = MllpListener(own, keeper.answered, tls)
    await listener.start()
    return listener, own.getsockname()[1]


async def answers(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    return [(await reader.readuntil(CLOSE))[1:-2] for _ in range(count)]


async def test_each_message_is_answered_in_order_after_it_was_kept_and_not_before() -> None:
    keeper = Keeper()
    listener, port = await listening(keeper)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    keeper.may.clear()
    writer.write(framed(b"one") + framed(b"two"))

    early = asyncio.create_task(answers(reader, 2))
    other, away = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):  # While another one is answered again and again, this one is not.
        away.write(framed(b"another's"))
        await answers(other, 1)
    assert not early.done()
    away.close()
    keeper.may.set()

    assert await early == [b"kept one", b"kept two"]
    assert [each for each in keeper.kept if each != b"another's"] == [b"one", b"two"]
    writer.close()
    await listener.stop()


async def test_a_sender_that_waits_for_nothing_is_answered_for_all_of_it() -> None:
    keeper = Keeper()
    listener, port = await listening(keeper)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = [str(number).encode() for number in range(WAITING_MAX * 4)]

    writer.write(b"".join(map(framed, sent)))

    assert await answers(reader, len(sent)) == [b"kept " + each for each in sent]
    writer.close()
    await listener.stop()


@pytest.mark.filterwarnings("ignore")
async def test_a_fault_is_told_and_noise_or_a_message_that_breaks_us_costs_its_own_connection_alone() -> None:
    keeper = Keeper()
    listener, port = await listening(keeper)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x0bhalf\x0bwhole\x1c\r")
    assert await answers(reader, 2) == [b"kept broken-off", b"kept whole"]

    for bad in (framed(b"broken"), (b"GET / HTTP/1.1" + framed(b"")) * FAULTS_MAX):
        other, away = await asyncio.open_connection("127.0.0.1", port)
        away.write(bad)
        await other.read()
        away.close()

    writer.write(framed(b"still"))
    assert await answers(reader, 1) == [b"kept still"]
    writer.close()
    await listener.stop()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Return the files of a certificate that names this machine, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / f"{name}.pem", folder / f"{name}-key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


async def test_over_tls_only_a_sender_with_a_certificate_is_heard(tmp_path: Path) -> None:
    ours, engine, stranger = (certificate(tmp_path, name) for name in ("hub", "engine", "stranger"))
    keeper = Keeper()
    listener, port = await listening(keeper, tls_of(*ours, engine[0]))

    async def sent(shown: tuple[Path, Path] | None) -> list[bytes]:
        context = ssl.create_default_context(cafile=str(ours[0]))
        if shown is not None:
            context.load_cert_chain(*shown)

        def asked() -> list[bytes]:
            plain = socket.create_connection(("127.0.0.1", port))
            try:
                with plain, context.wrap_socket(plain, server_hostname="localhost") as locked:
                    locked.sendall(framed(b"one"))
                    return [told[1:-2]] if (told := locked.recv(100)) else []
            except (ssl.SSLError, ConnectionError):
                return []

        return await asyncio.to_thread(asked)

    assert await sent(engine) == [b"kept one"]
    assert await sent(None) == []
    assert await sent(stranger) == []
    await listener.stop()
