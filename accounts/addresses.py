"""From where a request comes, as limits count it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

# Whoever has one address of an IPv6 network has all of it (RFC 6177 section 2).
IPV6_PREFIX = 64
# A server behind a Unix socket names no peer: whoever comes that way counts as one.
LOCAL = "local"


def address_of(request: HttpRequest) -> str:
    """Return the client's IPv4 address or IPv6 /64 network.

    With TRUSTED_PROXIES = n it is the n-th entry of X-Forwarded-For from the right: the one that the outermost proxy
    of ours wrote. What stands left of it came with the request and is anybody's word. A request with fewer entries did
    not come through all of our proxies; then its peer counts.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    trusted = settings.TRUSTED_PROXIES
    if trusted > 0:
        entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(entries) >= trusted and (found := _parse(entries[-trusted])):
            return _network(found)
    found = _parse(peer)
    return _network(found) if found else LOCAL


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; a port behind it, as some proxies write one, is dropped."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _network(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, IPV6_PREFIX), strict=False))
