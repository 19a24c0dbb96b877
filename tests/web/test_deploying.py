"""The samples for proxies, each run before a real hub where the program is there: names, sockets, measures."""

import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from hub.adt.frames import framed
from tests.harness.databases import Databases
from tests.harness.hubs import ROOT, Hub
from tests.harness.providers import free_port
from tests.hub.adt.messages import a_message
from tests.hub.sockets.test_mllp import certificate

pytestmark = pytest.mark.slow
DEPLOY = ROOT / "docs/deploy"
NAME = "plans.example"


@pytest.fixture(scope="module")
def behind(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("behind")
    ours, engine = certificate(folder, "hub"), certificate(folder, "engine")
    environment = {
        "CAREPLAN_ORIGIN": f"https://{NAME}", "CAREPLAN_TRUSTED_PROXIES": "127.0.0.1",
        "CAREPLAN_ADT_CERTIFICATE": str(ours[0]), "CAREPLAN_ADT_KEY": str(ours[1]),
        "CAREPLAN_ADT_CLIENTS": str(engine[0]),
    }  # fmt: skip
    with databases.empty() as url:
        migrate = [sys.executable, "-m", "web", "migrate", "--data", str(folder)]
        subprocess.run(migrate, cwd=ROOT, env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin"}, check=True)
        command = ("serve", "--workers", "2", "--adt", f"127.0.0.1:{free_port()}")
        hub = Hub(folder, database_url=url, port=free_port(), command=command, environment=environment)
        try:
            hub.start()
            yield hub
        finally:
            hub.end()


def nginx(folder: Path, hub: Hub, port: int) -> list[str]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, "-days", "1", "-subj", f"/CN={NAME}"], capture_output=True, check=True)
    told = (DEPLOY / "nginx.conf").read_text()
    told = re.sub(r"server \{\n    listen 80;.*?\n\}\n", "", told, flags=re.DOTALL)
    told = told.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("127.0.0.1:8000", _at(hub))
    told = re.sub(r"/etc/ssl/\S+\.pem", str(certificate), told)
    told = re.sub(r"/etc/ssl/\S+\.key", str(key), told)
    whole = f"daemon off; pid {folder}/pid; error_log {folder}/log; events {{}} http {{ access_log off;\n{told}\n}}\n"
    (folder / "nginx.conf").write_text(whole)
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, hub: Hub, port: int) -> list[str]:
    told = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8000", _at(hub))
    told = told.replace(f"{NAME} {{", f"https://{NAME}:{port} {{\n\ttls internal\n", 1)
    options = (
        f"{{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tstorage file_system {folder}\n}}\n"
    )
    (folder / "Caddyfile").write_text(options + told)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _at(hub: Hub) -> str:
    return f"127.0.0.1:{hub.port}"


@pytest.mark.parametrize("program", [nginx, caddy], ids=lambda program: program.__name__)
def test_the_sample_of_a_proxy_passes_names_and_sockets_and_closes_the_measures(
    program: object, behind: Hub, tmp_path: Path
) -> None:
    name = getattr(program, "__name__", "")
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed here")
    port = free_port()
    command = nginx(tmp_path, behind, port) if program is nginx else caddy(tmp_path, behind, port)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(tmp_path)}
    with (tmp_path / "said").open("w") as said:
        running = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
    try:
        asked: dict[str, Any] = {"headers": {"host": NAME}, "extensions": {"sni_hostname": NAME}}
        with httpx2.Client(base_url=f"https://127.0.0.1:{port}", verify=trusting, trust_env=False) as client:
            _until_it_answers(client, asked, tmp_path / "said")
            page = client.get("/sign-in", **asked)
            measures = client.get("/metrics", **asked)
        plan = "0193e5a0-0000-7000-8000-000000000001"
        address, origin = f"wss://{NAME}:{port}/plans/{plan}/live", f"https://{NAME}"
        there = create_connection(("127.0.0.1", port), timeout=10)
        sent: dict[str, Any] = {"sock": there, "ssl": trusting, "server_hostname": NAME, "proxy": None}
        with connect(address, origin=Origin(origin), **sent) as socket, pytest.raises(ConnectionClosed) as ended:
            socket.recv(timeout=10)
    finally:
        running.terminate()
        running.wait(10)

    assert page.status_code == 200
    assert page.headers["strict-transport-security"]
    assert measures.status_code == 404
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code >= 4000  # The hub's own answer: nobody is signed in.


def _until_it_answers(client: httpx2.Client, asked: dict[str, object], log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            assert client.get("/healthz", **asked).text == "alive"  # type: ignore[arg-type]
        except httpx2.TransportError:
            assert time.monotonic() < deadline, log.read_text()
            continue
        return


def test_the_unit_of_systemd_is_one(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    text = (
        (DEPLOY / "careplan-hub.service").read_text().replace("/opt/careplan-hub/.venv/bin/careplan-hub", "/bin/true")
    )
    (tmp_path / "careplan-hub.service").write_text(text.replace("User=careplan\n", ""))
    command = ["systemd-analyze", "verify", str(tmp_path / "careplan-hub.service")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "careplan-hub.service:" not in done.stderr


def test_an_engine_with_a_certificate_is_heard_by_whichever_process_and_one_without_by_none(behind: Hub) -> None:
    door = next(word for word in behind.words if word.startswith("127.0.0.1:"))
    trusting = ssl.create_default_context(cafile=str(behind.data_dir / "hub.pem"))
    known = ssl.create_default_context(cafile=str(behind.data_dir / "hub.pem"))
    known.load_cert_chain(behind.data_dir / "engine.pem", behind.data_dir / "engine-key.pem")

    def answered(context: ssl.SSLContext, message: bytes) -> bytes:
        host, port = door.split(":")
        try:
            plain = create_connection((host, int(port)), timeout=30)
            with plain, context.wrap_socket(plain, server_hostname="localhost") as locked:
                locked.sendall(framed(message))
                return locked.recv(4_000)
        except (ssl.SSLError, ConnectionError):
            return b""

    assert answered(trusting, a_message("A01")) == b""
    told = [answered(known, a_message("A01")) for _ in range(6)]
    assert all(b"MSA|AA|" in each for each in told), told
    assert b"MSA|AE|" in answered(known, a_message("A03", control="A01-20261127150900-0500-V0091"))
