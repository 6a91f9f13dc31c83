"""The product without the encryption of cached contexts: what stands beside the cached context to show what it costs.

Everything else is the product: the gate, the audit record, the lease. Its values lie beside those of the product.
"""

import django

django.setup()

from memory import cache  # noqa: E402 - the product has to be set up first
from privacy.domain import Pair  # noqa: E402
from privacy.keys.keyring import PairKeys  # noqa: E402


def _as_it_is(_pair: Pair, _part: str, value: bytes | None) -> bytes | None:
    return value


def _unsealed(_keys: PairKeys, text: bytes, _place: bytes, _row: bytes = b"") -> bytes:
    return text


cache.SCHEMA_VERSION = 0
cache._opened = _as_it_is  # type: ignore[assignment]  # the same but for names
PairKeys.seal = _unsealed  # type: ignore[assignment, method-assign]  # the same but for names

from ofmemory.wsgi import application  # noqa: E402, F401 - after the parts were exchanged
