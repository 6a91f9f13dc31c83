"""Secrets of the product itself, by name: what digests are keyed with, what receipts are signed with."""

import hmac
import struct
from functools import cache

from privacy.domain import Pair
from privacy.keys.guard import guarded, storing_wrapped
from privacy.keys.models import ServiceKey
from privacy.keys.providers import provider_of
from privacy.keys.secrets import Secret


@cache
def service_key(name: str) -> bytes:
    """Return 32 secret bytes of that name, made at the first use and the same ever after.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer.
    """
    row = _find(name) or _make(name)
    return provider_of(row.kek_id).unwrap(row.kek_id, bytes(row.wrapped), service_key_context(name))


def keyed_digest(key_name: str, *parts: str) -> bytes:
    """Return 32 bytes that stand for ``parts``: nobody without the service key can find them by trying."""
    message = b"".join(struct.pack(">I", len(raw)) + raw for raw in (part.encode() for part in parts))
    return hmac.digest(service_key(key_name), message, "sha256")


def subject_of(pair: Pair) -> bytes:
    """Return the keyed digest that stands for the pair in the keys database."""
    return keyed_digest("subject", pair.creator_id, pair.fan_id)


def service_key_context(name: str) -> bytes:
    """Return what a service key is wrapped for."""
    return b"service-key\0" + name.encode()


def _find(name: str) -> ServiceKey | None:
    with guarded():
        return ServiceKey.objects.filter(name=name).first()


def _make(name: str) -> ServiceKey:
    secret = Secret(service_key_context(name))
    with storing_wrapped():
        kek_id, wrapped = secret.wrapped()
        ServiceKey.objects.bulk_create([ServiceKey(name=name, wrapped=wrapped, kek_id=kek_id)], ignore_conflicts=True)
    with guarded():
        return ServiceKey.objects.get(name=name)
