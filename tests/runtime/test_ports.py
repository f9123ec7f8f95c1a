import os
import socket
from collections.abc import Iterator

import pytest

from runtime.ports import PortUnavailable, claim, free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def test_a_port_in_use_is_told_with_its_holder_and_the_variable_to_change(taken: int) -> None:
    with pytest.raises(PortUnavailable) as caught:
        await claim("127.0.0.1", taken, "KINDLING_PORT", "the API", patience=0)
    text = str(caught.value)
    assert f"Port {taken} for the API is in use" in text
    assert f"pid {os.getpid()}" in text
    assert "set KINDLING_PORT to another port" in text


async def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(PortUnavailable, match="192.0.2.1 is no address of this machine"):
        await claim("192.0.2.1", free_port(), "KINDLING_PORT", "the API")


async def test_a_port_just_closed_can_be_claimed(taken: int) -> None:
    await claim("127.0.0.1", free_port(above=1000), "KINDLING_PORT", "the API")
