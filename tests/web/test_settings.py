"""Settings are refused with the name of what to set, and safe by themselves where nothing is said."""

from pathlib import Path

import pytest

from web.settings import Mode, Settings, SettingsError, local_secret, loopback, read_settings

PRODUCTION = {
    "DATABASE_URL": "postgresql://hub@db.example/careplan",
    "CAREPLAN_ORIGIN": "https://plans.example",
    "CAREPLAN_SECRET_KEY": "k" * 32,
    "CAREPLAN_SIGNING_KEY": "signing-key.pem",
    "OIDC_ISSUER": "https://id.example",
    "OIDC_CLIENT_ID": "hub",
    "OIDC_CLIENT_SECRET": "s3cret",
    "SMTP_HOST": "mail.example",
    "SMTP_FROM": "plans@plans.example",
}


def served(environment: dict[str, str], host: str = "0.0.0.0") -> Settings:  # noqa: S104 - the case that must be safe
    return read_settings(environment, mode=Mode.SERVE, host=host)


def test_a_complete_production_environment_is_taken() -> None:
    settings = served(PRODUCTION)

    assert settings.secure_cookies
    assert settings.session_cookie == "__Host-careplan"
    assert settings.origins == {"https://plans.example"}
    assert settings.live_origin == "wss://plans.example"
    assert not settings.demo


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "CAREPLAN_ORIGIN",
        "CAREPLAN_SECRET_KEY",
        "CAREPLAN_SIGNING_KEY",
        "OIDC_ISSUER",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET",
        "SMTP_FROM",
    ],
)
def test_off_this_machine_a_missing_setting_is_refused_by_its_name(name: str) -> None:
    environment = {key: value for key, value in PRODUCTION.items() if key != name}

    with pytest.raises(SettingsError, match=f"Set {name}"):
        served(environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://db.example/careplan"),
        ("CAREPLAN_ORIGIN", "http://plans.example"),
        ("CAREPLAN_ORIGIN", "https://plans.example/path"),
        ("CAREPLAN_ORIGIN", "https://name@plans.example"),
        ("CAREPLAN_ORIGIN", "https://["),
        ("CAREPLAN_SECRET_KEY", "short"),
        ("CAREPLAN_LOG_LEVEL", "loud"),
        ("OIDC_ISSUER", "http://id.example"),
        ("SMTP_PORT", "many"),
        ("SMTP_STARTTLS", "perhaps"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"Set {name}"):
        served(PRODUCTION | {name: value})


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        served({})

    assert len(refused.value.problems) == 5


def test_no_refusal_repeats_a_secret() -> None:
    with pytest.raises(SettingsError) as refused:
        served(PRODUCTION | {"DATABASE_URL": "mysql://hub:hunter2@db", "CAREPLAN_SECRET_KEY": "hunter2"})

    assert "hunter2" not in str(refused.value)


def test_settings_show_no_secret_when_printed() -> None:
    settings = served(PRODUCTION | {"DATABASE_URL": "postgresql://hub:hunter2@db", "SMTP_PASSWORD": "hunter2"})

    shown = repr(settings)

    assert "hunter2" not in shown
    assert "s3cret" not in shown
    assert "k" * 32 not in shown


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "hub.example"])  # noqa: S104
def test_the_demo_never_listens_beyond_this_machine(host: str) -> None:
    with pytest.raises(SettingsError, match="--host"):
        read_settings(PRODUCTION, mode=Mode.DEMO, host=host)


def test_on_this_machine_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = read_settings({}, mode=Mode.SERVE, data_dir=tmp_path)

    assert settings.database_url == ""
    assert settings.checkpoints_dir == tmp_path / "checkpoints"


@pytest.mark.parametrize("port", [65536, -1])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(SettingsError, match="--port"):
        read_settings({}, mode=Mode.DEMO, port=port)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, *, local: bool) -> None:
    assert loopback(host) is local


def test_the_local_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = local_secret(tmp_path / "data")

    assert local_secret(tmp_path / "data") == first
    assert len(first) == 64
    assert (tmp_path / "data/secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("wrong", ["banana", "10.0.0.1,*", "10.0.0.0/99", "proxy.example"])
def test_a_proxy_is_an_address_or_a_network(wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        served(PRODUCTION | {"CAREPLAN_TRUSTED_PROXIES": wrong})

    assert len(refused.value.problems) == 1
    assert "Set CAREPLAN_TRUSTED_PROXIES to addresses or networks" in refused.value.problems[0]


def test_no_proxy_is_believed_that_was_not_named() -> None:
    assert served(PRODUCTION).trusted_proxies == ""
    assert served(PRODUCTION | {"CAREPLAN_TRUSTED_PROXIES": "10.0.0.0/24, ::1"}).trusted_proxies == "10.0.0.0/24, ::1"


def test_a_token_that_can_be_guessed_is_none() -> None:
    with pytest.raises(SettingsError, match="CAREPLAN_METRICS_TOKEN"):
        served(PRODUCTION | {"CAREPLAN_METRICS_TOKEN": "short"})
