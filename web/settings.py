"""What a hub is told from outside, read once: from the environment and the command line into one frozen value.

Nothing else reads the environment. Wrong or missing settings are collected and refused together, each with the name
of what to set; ``SettingsError`` carries them as sentences.
"""

import ipaddress
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from hub.record.signing import SigningError, SigningKey, local_signing_key, read_signing_key
from web.gateways import TextGateway, read_gateway

SECRET_KEY_CHARACTERS_MIN = 32
PORT_MAX = 65535
MEASURES = "PROMETHEUS_MULTIPROC_DIR"
"""Set by a supervisor for its processes: the folder in which each keeps its numbers, so that any can tell the sum."""

DATABASE_SCHEMES = frozenset({"postgresql", "postgres"})


class SettingsError(Exception):
    """The hub can't start as it was told to; ``problems`` are sentences that name what to set."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Mode(StrEnum):
    """Which command runs the hub."""

    DEMO = "demo"
    SERVE = "serve"


@dataclass(frozen=True, slots=True)
class Oidc:
    """The identity provider at which staff sign in."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server through which invitations and codes leave."""

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AdtDoor:
    """Where hospitals send HL7 v2 messages (MLLP), and by which certificates the two sides know each other."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    clients: Path | None = None
    """Certificates of those who may send, or of who signed theirs."""
    descriptor: int | None = None
    """The socket that listens already, once there is one."""

    @property
    def address(self) -> str:
        """Host and port, as they are typed."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All a hub process is told; ``database_url``, ``port`` and ``origin`` are filled in before the app is made."""

    mode: Mode
    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path
    """Embedded PostgreSQL, generated keys and the state file of a running demo live here."""
    database_url: str = field(default="", repr=False)
    """``postgresql://...``; empty until the embedded server runs. Always wins over the embedded server."""
    origin: str = ""
    """Scheme, host and port as the browser sees them, without a slash at the end."""
    secret_key: str = field(default="", repr=False)
    oidc: Oidc | None = None
    smtp: Smtp | None = None
    text_gateway: TextGateway | None = None
    checkpoints_dir: Path
    """Where signed checkpoints of the journal go: a place that the database's administrator can't write."""
    signing_key: Path | None = None
    """The Ed25519 key that signs checkpoints and exports; ``None``: one made and kept in the data folder."""
    trusted_proxies: str = ""
    """Addresses and networks whose ``X-Forwarded-*`` headers are believed, with commas between; empty for none."""
    metrics_token: str = ""
    """The bearer token that ``/metrics`` wants; without one only a hub that no proxy can stand before answers there."""
    """Addresses whose X-Forwarded-* headers are believed, comma-separated."""
    log_level: str = "info"
    cds_issuers: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    """Key sets of the systems that may call ``/cds-services``, by issuer."""
    adt: AdtDoor | None = None
    """The door for messages of hospitals; ``None`` for none."""
    demo_zone: str = ""
    """The clock of a demo's clinic where the demo is made now; empty: UTC."""
    measures_dir: Path | None = None
    """Where the processes behind one port keep their numbers; ``None`` for one alone."""

    @property
    def demo(self) -> bool:
        """Whether a visitor may choose whom to be: only in the demo, which only listens on loopback."""
        return self.mode is Mode.DEMO

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry Secure and the ``__Host-`` prefix: whenever the browser speaks https."""
        return self.origin.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie."""
        return "__Host-careplan" if self.secure_cookies else "careplan"

    @property
    def origins(self) -> frozenset[str]:
        """The exact Origin headers that requests and sockets may carry."""
        parts = urlsplit(self.origin)
        if parts.scheme != "http" or not loopback(parts.hostname or ""):
            return frozenset({self.origin})
        port = f":{parts.port}" if parts.port else ""
        return frozenset({self.origin, f"http://127.0.0.1{port}", f"http://localhost{port}"})

    @property
    def live_address(self) -> str:
        """The address at which the hub is reached, as other systems are told it."""
        return self.origin or f"http://{self.host}:{self.port}"

    @property
    def live_origin(self) -> str:
        """The origin with the scheme of sockets: ``wss://...`` or ``ws://...``."""
        return "ws" + self.origin.removeprefix("http")


def loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(
    environment: Mapping[str, str],
    *,
    mode: Mode,
    host: str = "127.0.0.1",
    port: int = 8000,
    data_dir: Path | None = None,
    adt: str = "",
) -> Settings:
    """Return the settings that the environment and the command line make together.

    Raises:
        SettingsError: what was told is wrong or not enough to be safe; every problem at once.
    """
    data = (data_dir or Path(environment.get("CAREPLAN_DATA", "") or "careplan-data")).absolute()
    problems: list[str] = []
    settings = Settings(
        mode=mode,
        host=host,
        port=port,
        data_dir=data,
        database_url=environment.get("DATABASE_URL", ""),
        origin=environment.get("CAREPLAN_ORIGIN", "").rstrip("/") if mode is Mode.SERVE else "",
        secret_key=environment.get("CAREPLAN_SECRET_KEY", ""),
        oidc=_oidc(environment, problems),
        smtp=_smtp(environment, problems),
        text_gateway=read_gateway(environment.get("CAREPLAN_TEXT_GATEWAY", ""), problems),
        checkpoints_dir=Path(environment.get("CAREPLAN_CHECKPOINTS", "") or data / "checkpoints").absolute(),
        signing_key=Path(key).absolute() if (key := environment.get("CAREPLAN_SIGNING_KEY", "")) else None,
        trusted_proxies=environment.get("CAREPLAN_TRUSTED_PROXIES", "").strip(),
        metrics_token=environment.get("CAREPLAN_METRICS_TOKEN", "").strip(),
        log_level=environment.get("CAREPLAN_LOG_LEVEL", "") or ("warning" if mode is Mode.DEMO else "info"),
        cds_issuers=_cds_issuers(environment.get("CAREPLAN_CDS_ISSUERS", ""), problems),
        adt=_adt(adt, environment, problems),
        measures_dir=Path(folder) if (folder := environment.get(MEASURES, "")) else None,
    )
    problems += _listening_problems(settings)
    problems += _proxy_problems(settings)
    problems += _database_problems(settings)
    problems += _demo_problems(settings) if mode is Mode.DEMO else _serving_problems(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def local_secret(data_dir: Path) -> str:
    """Return the secret key kept in the data folder, made at first use and readable by its owner alone."""
    path = data_dir / "secret-key"
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip()


def signing_key_of(settings: Settings) -> SigningKey:
    """Return the key that signs checkpoints and exports; that of the data folder is made at first use.

    Raises:
        SettingsError: it can't be read, or is open to others.
    """
    try:
        if settings.signing_key is not None:
            return read_signing_key(settings.signing_key)
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
        return local_signing_key(settings.data_dir / "signing-key.pem")
    except OSError as error:
        raise SettingsError(
            [f"The data folder {settings.data_dir} can't be used: {error.strerror}. Name another with --data."]
        ) from error
    except SigningError as error:
        raise SettingsError([str(error)]) from error


def _oidc(environment: Mapping[str, str], problems: list[str]) -> Oidc | None:
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    issuer, client_id, client_secret = (environment.get(name, "") for name in names)
    if not (issuer or client_id or client_secret):
        return None
    missing = [name for name in names if not environment.get(name)]
    problems += [f"Set {name}: sign-in by OIDC needs all of {', '.join(names)}." for name in missing]
    if issuer and not _https_or_local(issuer):
        problems.append("Set OIDC_ISSUER to an https address.")
    return Oidc(issuer, client_id, client_secret)


def _cds_issuers(path: str, problems: list[str]) -> Mapping[str, Mapping[str, object]]:
    """Return the key sets by issuer that a file holds: ``{"https://ehr.example": {"keys": [...]}}``."""
    if not path:
        return {}
    try:
        told = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict) or not all(isinstance(each, dict) and "keys" in each for each in told.values()):
        problems.append("Set CAREPLAN_CDS_ISSUERS to a JSON file that holds a key set for each issuer.")
        return {}
    return told


def _smtp(environment: Mapping[str, str], problems: list[str]) -> Smtp | None:
    host = environment.get("SMTP_HOST", "")
    if not host:
        return None
    port = environment.get("SMTP_PORT", "") or "587"
    if not port.isdecimal() or not 0 < int(port) <= PORT_MAX:
        problems.append("Set SMTP_PORT to a port number, such as 587.")
        port = "587"
    sender = environment.get("SMTP_FROM", "")
    if "@" not in sender:
        problems.append("Set SMTP_FROM to the address that invitations are sent from.")
    starttls = environment.get("SMTP_STARTTLS", "") or "on"
    if starttls not in ("on", "off"):
        problems.append("Set SMTP_STARTTLS to on or off.")
    return Smtp(
        host=host,
        port=int(port),
        sender=sender,
        username=environment.get("SMTP_USERNAME", ""),
        password=environment.get("SMTP_PASSWORD", ""),
        starttls=starttls == "on",
    )


def _adt(address: str, environment: Mapping[str, str], problems: list[str]) -> AdtDoor | None:
    """Return the door that ``--adt HOST:PORT`` asks for; off this machine only with certificates of both sides."""
    if not address:
        return None
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > PORT_MAX:
        problems.append("Set --adt to host and port, such as 0.0.0.0:2575; port 0 takes a free one.")
        return None
    names = ("CAREPLAN_ADT_CERTIFICATE", "CAREPLAN_ADT_KEY", "CAREPLAN_ADT_CLIENTS")
    files = [Path(told).absolute() if (told := environment.get(name, "")) else None for name in names]
    missing = [name for name, file in zip(names, files, strict=True) if file is None]
    if 0 < len(missing) < len(names) or (missing and not loopback(host)):
        problems.append(f"Set {', '.join(missing)} to PEM files: off this machine, hospitals send over TLS and "
                        "show certificates.")  # fmt: skip
    unreadable = [name for name, file in zip(names, files, strict=True) if file is not None and not file.is_file()]
    problems += [f"Set {name} to a PEM file that is there." for name in unreadable]
    certificate, key, clients = files
    return AdtDoor(host=host, port=int(port), certificate=certificate, key=key, clients=clients)


def _listening_problems(settings: Settings) -> list[str]:
    problems = []
    if not 0 <= settings.port <= PORT_MAX:
        problems.append(f"Set --port to a number from 0 to {PORT_MAX}; 0 takes a free one.")
    if settings.log_level not in ("debug", "info", "warning", "error"):
        problems.append("Set CAREPLAN_LOG_LEVEL to debug, info, warning or error.")
    return problems


def _proxy_problems(settings: Settings) -> list[str]:
    problems = []
    for each in filter(None, settings.trusted_proxies.split(",")):
        try:
            ipaddress.ip_network(each.strip(), strict=False)
        except ValueError:
            told = "Set CAREPLAN_TRUSTED_PROXIES to addresses or networks, such as 127.0.0.1,10.0.0.0/24"
            problems.append(f"{told}: {each.strip()[:40]!r} is neither.")
    if settings.metrics_token and len(settings.metrics_token) < SECRET_KEY_CHARACTERS_MIN:
        problems.append(f"Set CAREPLAN_METRICS_TOKEN to at least {SECRET_KEY_CHARACTERS_MIN} random characters.")
    return problems


def _database_problems(settings: Settings) -> list[str]:
    if not settings.database_url:
        return []
    scheme, separator, _ = settings.database_url.partition("://")
    if separator and scheme in DATABASE_SCHEMES:
        return []
    return [
        "Set DATABASE_URL to a PostgreSQL address such as postgresql://hub:password@db.example/careplan, or unset it."
    ]


def _demo_problems(settings: Settings) -> list[str]:
    if settings.adt is not None and not loopback(settings.adt.host):
        return ["Set --adt to 127.0.0.1 and a port: the demo listens on this machine alone."]
    if loopback(settings.host):
        return []
    return ["Set --host to 127.0.0.1: in the demo a visitor chooses whom to be, so it listens on this machine alone."]


def _serving_problems(settings: Settings) -> list[str]:
    problems = []
    if settings.origin and not _bare_origin(settings.origin):
        problems.append("Set CAREPLAN_ORIGIN to scheme and host as browsers see them, such as https://plans.example.")
    if loopback(settings.host):
        return problems
    if not settings.origin.startswith("https://"):
        problems.append("Set CAREPLAN_ORIGIN to the https address of your proxy: off this machine the hub wants https.")
    if settings.oidc is None:
        problems.append("Set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: without them no one can sign in.")
    if not settings.database_url:
        problems.append("Set DATABASE_URL: the embedded database is for a hub that only this machine reaches.")
    if len(settings.secret_key) < SECRET_KEY_CHARACTERS_MIN:
        problems.append(f"Set CAREPLAN_SECRET_KEY to at least {SECRET_KEY_CHARACTERS_MIN} random characters.")
    if settings.signing_key is None:
        problems.append(
            "Set CAREPLAN_SIGNING_KEY to the file of the key that signs checkpoints: "
            "openssl genpkey -algorithm ed25519 -out signing-key.pem && chmod 600 signing-key.pem"
        )
    return problems


def _bare_origin(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return False
    return _https_or_local(origin) and origin == f"{parts.scheme}://{parts.hostname}{port}"


def _https_or_local(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = parts.hostname or ""
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and loopback(host))
