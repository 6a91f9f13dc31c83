"""Where a request comes from; nobody chooses that by writing a header."""

import pytest
from django.test import RequestFactory

from accounts.addresses import LOCAL, address_of

PEER, CLIENT, FORGED = "198.51.100.1", "203.0.113.9", "192.0.2.66"


def seen(peer=PEER, forwarded=None):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return address_of(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))


@pytest.mark.parametrize("forwarded", [None, "", FORGED, f"{FORGED}, {CLIENT}"])
def test_without_proxies_the_header_is_not_read(settings, forwarded):
    settings.TRUSTED_PROXIES = 0
    assert seen(forwarded=forwarded) == PEER


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (1, CLIENT, CLIENT),
        (1, f"{FORGED}, {CLIENT}", CLIENT),
        (1, f"{FORGED},{FORGED} ,  {CLIENT}  ", CLIENT),
        (2, f"{FORGED}, {CLIENT}, 10.0.0.1", CLIENT),
        (2, CLIENT, PEER),
        (1, None, PEER),
        (1, "", PEER),
        (1, f"{CLIENT}, unknown", PEER),
        (1, f"{FORGED}, ", PEER),
        (1, f"{CLIENT}:4711", CLIENT),
        (1, "[2001:db8:1:2::3]:4711", "2001:db8:1:2::/64"),
        (1, "'; DROP TABLE users", PEER),
        (1, "1.2.3.4.5", PEER),
    ],
)
def test_with_proxies_it_is_the_entry_that_the_outermost_wrote(settings, trusted, forwarded, expected):
    settings.TRUSTED_PROXIES = trusted
    assert seen(forwarded=forwarded) == expected


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", CLIENT),
        ("fe80::1%eth0", "fe80::/64"),
        ("", LOCAL),
        ("unix:", LOCAL),
    ],
)
def test_networks_of_version_6_count_as_one(peer, expected):
    assert seen(peer=peer) == expected
