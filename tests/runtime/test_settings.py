import os
from pathlib import Path

import pytest

from runtime.setting_problems import SettingsError, unknown_variables
from runtime.setting_values import read_secrets
from runtime.settings import load_settings, settings_table, variable_names


def refused(**values: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(values, environ={})
    return str(caught.value)


def test_everything_has_a_default() -> None:
    settings = load_settings(environ={})
    assert settings.home == Path.cwd() / ".kindling"
    assert settings.database == f"sqlite:///{settings.home}/kindling.db"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.temporal_target == "127.0.0.1:7233"
    assert settings.embedded_temporal


def test_overrides_win_over_the_environment_and_empty_means_default() -> None:
    environ = {"KINDLING_PORT": "9000", "KINDLING_SHARDS": "8", "TEMPORAL_ADDRESS": "t:7233"}
    settings = load_settings({"KINDLING_PORT": "9001", "TEMPORAL_ADDRESS": ""}, environ)
    assert (settings.port, settings.shards, settings.temporal_address) == (9001, 8, None)


def test_children_get_the_same_settings_through_their_environment() -> None:
    given = {"KINDLING_API_KEY": "sesame", "DATABASE_URL": "postgres://u:p@h/d", "TEMPORAL_TLS": "true"}
    settings = load_settings(given, environ={})
    assert load_settings(environ=settings.environment()) == settings


def test_a_worker_knows_the_address_of_the_api_without_what_the_api_alone_reads() -> None:
    given = {"KINDLING_HOST": "10.0.0.5", "KINDLING_API_KEY": "sesame"}
    environment = load_settings(given, environ={}).environment("worker")
    assert not given.keys() & environment.keys()
    assert load_settings(environ=environment).base_url == "http://10.0.0.5:8000"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_understood_however_it_is_written(scheme: str) -> None:
    settings = load_settings({"DATABASE_URL": f"{scheme}://u:p@h/d"}, environ={})
    assert settings.database == "postgresql+psycopg://u:p@h/d"


def test_all_mistakes_are_told_at_once_with_variable_and_example() -> None:
    text = refused(KINDLING_PORT="many", KINDLING_SHARDS="0", TEMPORAL_ADDRESS="nowhere")
    for part in ("KINDLING_PORT=8000", "KINDLING_SHARDS cannot be used", "TEMPORAL_ADDRESS is not host:port"):
        assert part in text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("KINDLING_SMTP_URL", "http://user:hunter2@host"),
        ("KINDLING_API_KEY", "hunter2 hunter2"),
        ("KINDLING_WEBHOOK_SECRET", "whsec_hunter2"),
    ],
)
def test_a_wrong_secret_is_never_shown(variable: str, value: str) -> None:
    text = refused(**{variable: value})
    assert variable in text
    assert "hunter2" not in text


def test_mail_is_from_one_address() -> None:
    assert "KINDLING_MAIL_FROM holds more than one address" in refused(KINDLING_MAIL_FROM="a@x, b@x")
    assert "KINDLING_MAIL_FROM is not an e-mail address" in refused(KINDLING_MAIL_FROM="Kindling <kindling@>")
    load_settings({"KINDLING_MAIL_FROM": "Kündling <kindling@müller.example>"}, environ={})


def test_secrets_are_masked_when_settings_are_printed() -> None:
    settings = load_settings({"DATABASE_URL": "postgres://u:hunter2@h/d"}, environ={})
    assert "hunter2" not in repr(settings)


def test_without_an_api_key_only_this_machine_is_served() -> None:
    assert "Set KINDLING_API_KEY, or KINDLING_HOST to 127.0.0.1" in refused(KINDLING_HOST="0.0.0.0")
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        load_settings({"KINDLING_HOST": host}, environ={})
    opened = load_settings({"KINDLING_HOST": "0.0.0.0", "KINDLING_API_KEY": "sesame"}, environ={})
    assert opened.base_url == "http://127.0.0.1:8000"


def test_ports_of_one_installation_must_differ() -> None:
    assert "Change KINDLING_PORT or KINDLING_TEMPORAL_PORT" in refused(KINDLING_PORT="7233")
    load_settings({"KINDLING_PORT": "7233", "TEMPORAL_ADDRESS": "t:7233"}, environ={})


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    certificate = tmp_path / "client.pem"
    assert "names a file that does not exist" in refused(TEMPORAL_TLS_CERT=str(certificate))
    certificate.touch()
    assert "TEMPORAL_TLS_KEY is missing" in refused(TEMPORAL_TLS_CERT=str(certificate))


def test_a_misspelt_variable_is_pointed_out() -> None:
    assert "Did you mean KINDLING_PORT?" in refused(KINDLING_PROT="1")
    environ = {"KINDLING_PROT": "1", "KINDLING_PORT": "1", "HOME": "/"}
    assert unknown_variables(environ, variable_names()) == [
        "KINDLING_PROT is not a setting. Did you mean KINDLING_PORT?"
    ]


def test_every_setting_is_documented_with_a_valid_example(tmp_path: Path) -> None:
    for row in settings_table():
        assert row["description"], row
        assert row["example"], row
        of_files = ("TEMPORAL_TLS_", "KINDLING_SECRETS_FILE", "KINDLING_PAYLOAD_KEYS")
        if not row["variable"].startswith(of_files):
            load_settings({"KINDLING_API_KEY": "sesame", row["variable"]: row["example"]}, environ={})


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("# fine\n\ncrm = hunter2=3\n", None),
        ("crm", "line 1 is not name=value"),
        ("a=1\nb-c=hunter2", "line 2 is not name=value"),
        ("a=", "line 1 is not name=value"),
    ],
)
def test_a_file_of_secrets_is_checked_line_by_line(tmp_path: Path, text: str, mistake: str | None) -> None:
    path = tmp_path / "secrets"
    path.write_text(text)
    if mistake is None:
        assert read_secrets(path) == {"crm": "hunter2=3"}
        assert load_settings({"KINDLING_SECRETS_FILE": str(path)}, environ={}).secrets_file == path
    else:
        told = refused(KINDLING_SECRETS_FILE=str(path))
        assert mistake in told
        assert "hunter2" not in told


def test_a_network_that_is_none_is_refused() -> None:
    assert "holds a network that is none" in refused(KINDLING_WEBHOOK_ALLOW="crm.internal, 10.0.0.0/99")


def test_as_many_workers_as_cores_start_unless_a_number_is_given() -> None:
    cores = len(os.sched_getaffinity(0))
    assert load_settings({}, environ={}).worker_count == min(cores, 8)
    assert load_settings({"KINDLING_WORKERS": "3"}, environ={}).worker_count == 3
