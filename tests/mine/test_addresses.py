from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from text2svg.errors import ConfigError
from text2svg.mine.addresses import AddressPolicy, gate
from text2svg.mine.refusal import MineRefusal

CLOSED = (
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "fe80::1", "fc00::1",
    "fdff::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2001:2::1", "3fff::1", "5f00::1", "100::1",
    "2a00:1450::5efe:10.0.0.1", "fe80::1%eth0", "not an address",
)  # fmt: skip
OPEN = ("1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1")


@pytest.mark.parametrize("address", CLOSED)
def test_closed(address: str) -> None:
    assert AddressPolicy().verdict(address, 80)


@pytest.mark.parametrize("address", OPEN)
def test_open(address: str) -> None:
    assert AddressPolicy().verdict(address, 443) == ""


def test_closed_is_never_wider_than_the_standard_library_says() -> None:
    """Whatever `is_global` calls private is closed here too."""
    for first in range(0, 256):
        for rest in ("0.0.1", "64.0.1", "168.1.1", "254.9.9"):
            address = f"{first}.{rest}"
            if not ip_address(address).is_global:
                assert AddressPolicy().verdict(address, 80), address


def test_allow_opens_exactly_what_it_names() -> None:
    policy = AddressPolicy(allow=("127.0.0.1/32",))
    assert policy.verdict("127.0.0.1", 80) == ""
    assert policy.verdict("127.0.0.2", 80)
    assert policy.verdict("::1", 80)
    assert policy.verdict("127.0.0.1", 22) == "port 22"
    with pytest.raises(ConfigError):
        AddressPolicy(allow=("127.0.0.1/99",))


@pytest.mark.parametrize(
    ("url", "spelt"),
    [
        ("HTTP://Example.ORG:80/a?b#c", "http://example.org/a?b"),
        ("https://example.org:443", "https://example.org/"),
        ("http://example.org:443/", ""),
        ("https://b\u00fccher.example./x", "https://xn--bcher-kva.example/x"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
    ],
)
def test_one_spelling(url: str, spelt: str) -> None:
    policy = AddressPolicy()
    assert policy.url(url) == (spelt or "http://example.org:443/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/", "bad-url"), ("//example.org/", "bad-url"), ("example.org", "bad-url"), ("", "bad-url"),
        ("http://", "bad-url"), ("http:///x", "bad-url"), ("http://exa mple.org/", "bad-url"),
        ("http://example.org\\@10.0.0.1/", "bad-url"), ("http://example.org:x/", "bad-url"),
        ("http://a@example.org/", "credentials"), ("http://example.org:8080/", "bad-port"),
        ("http://2130706433/", "private-address"), ("http://0x7f.1/", "private-address"),
        ("http://0177.0.0.1/", "private-address"), ("http://127.1/", "private-address"),
        ("http://\uff11\uff12\uff17.0.0.1/", "private-address"), ("http://[::ffff:7f00:1]/", "private-address"),
    ],
)  # fmt: skip
def test_refused_urls(url: str, reason: str) -> None:
    with pytest.raises(MineRefusal) as caught:
        AddressPolicy().url(url)
    assert caught.value.reason == reason


def test_the_gate_makes_no_socket_for_a_closed_address() -> None:
    make = gate(AddressPolicy(allow=("127.0.0.1/32",), ports=frozenset()))
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))
    make(info).close()
    with pytest.raises(PermissionError, match=r"loopback 127\.0\.0\.2"):
        make((*info[:4], ("127.0.0.2", 9)))
    with pytest.raises(PermissionError, match="private"):
        make((socket.AF_INET6, *info[1:4], ("::ffff:10.0.0.1", 9, 0, 0)))
