"""Which addresses webhooks may be led to."""

from ipaddress import ip_address

import pytest

from automations.hosts import Allowed, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fec0::1",
        "64:ff9b:1::7f00:1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "3fff::1",
        "100::1",
        "192.0.0.192",  # metadata of Oracle's cloud
        "192.0.0.9",
        "168.63.129.16",  # Azure's platform
        "100.100.100.200",  # Alibaba's metadata
        "fd00:ec2::254",  # Amazon's metadata
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",  # the same, translated
        "2002:a83f:8110::1",
        "198.18.0.1",
        "192.88.99.1",
        "203.0.113.7",
        "240.0.0.1",
        "2001:db8::1",
        "2001:10::1",
        "5f00::1",
    ],
)
def test_private_addresses_in_every_disguise(address: str) -> None:
    assert not is_public(ip_address(address))
    assert not Allowed()("host.example", ip_address(address))


@pytest.mark.parametrize(
    ("entry", "host", "address", "allowed"),
    [
        ("crm.internal", "CRM.internal", "10.0.0.1", True),
        ("crm.internal", "crm.internal.", "10.0.0.1", True),
        ("crm.internal", "evil.crm.internal", "10.0.0.1", False),
        ("10.0.0.0/8", "any.example", "10.9.9.9", True),
        ("10.0.0.0/8", "any.example", "192.168.0.1", False),
        ("10.0.0.1", "10.0.0.1", "10.0.0.1", True),
        ("fd00::/8", "six.example", "fd00::7", True),
    ],
)
def test_what_is_allowed_by_name_address_or_network(
    entry: str, host: str, address: str, allowed: bool
) -> None:
    assert Allowed([entry])(host, ip_address(address)) is allowed
