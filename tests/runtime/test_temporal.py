from pathlib import Path

import pytest

from runtime.ports import free_port
from runtime.settings import Settings, load_settings
from runtime.temporal import TemporalUnavailable, connect, ui_url, workflow_url


def configured(**values: str) -> Settings:
    return load_settings(values, environ={})


def test_links_lead_into_the_embedded_ui() -> None:
    settings = configured(KINDLING_PORT="8300")
    url = "http://127.0.0.1:8300/temporal/namespaces/default/workflows/follow-up-1"
    assert workflow_url(settings, "follow-up-1") == url
    assert workflow_url(settings, "follow-up-1", "run") == f"{url}/run/history"


def test_links_escape_what_they_carry() -> None:
    settings = configured(TEMPORAL_NAMESPACE="a b", TEMPORAL_UI_URL="https://ui.example/")
    assert workflow_url(settings, "x/y") == "https://ui.example/namespaces/a%20b/workflows/x%2Fy"


def test_links_lead_to_temporal_cloud_when_it_is_used() -> None:
    settings = configured(TEMPORAL_ADDRESS="eu-central-1.aws.api.temporal.io:7233", TEMPORAL_API_KEY="sesame")
    assert ui_url(settings) == "https://cloud.temporal.io"


async def test_a_server_that_is_not_there_is_told_with_address_and_remedy() -> None:
    port = free_port(above=1000)
    with pytest.raises(TemporalUnavailable, match=rf"127.0.0.1:{port} cannot be reached.*kindling up"):
        await connect(configured(KINDLING_TEMPORAL_PORT=str(port)))


async def test_a_lazy_client_can_be_made_before_the_server_is_there() -> None:
    client = await connect(configured(KINDLING_TEMPORAL_PORT=str(free_port(above=1000))), lazy=True)
    assert client.namespace == "default"


async def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    nonsense = tmp_path / "ca.pem"
    nonsense.write_text("nonsense")
    with pytest.raises(TemporalUnavailable, match="TEMPORAL_TLS"):
        await connect(configured(TEMPORAL_ADDRESS="127.0.0.1:1", TEMPORAL_TLS_CA=str(nonsense)))
