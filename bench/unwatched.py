"""The product without what watches over it: no limits, no audit record, no metrics, no line of log.

What stands beside the cached context to show what all of these cost together. The script, the lease, the encryption and
the slots stay. Its values are those of the product.
"""

import django

django.setup()

from django.conf import settings  # noqa: E402 - the product has to be set up first
from django.http import HttpRequest, HttpResponseBase  # noqa: E402

from memory import cache  # noqa: E402
from memory.api import base  # noqa: E402
from ofmemory.infra.observability import requests  # noqa: E402


def _nothing(_request: HttpRequest, _response: HttpResponseBase, *, route: str, seconds: float) -> None:
    """Count, time and write nothing."""


settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 0)
base.limits_for = lambda *_, **__: ()  # type: ignore[attr-defined]  # imported there for its own use
cache._entry = lambda *_: (b"", True)
requests.finished = _nothing  # type: ignore[assignment]  # the same but for names

from ofmemory.wsgi import application  # noqa: E402, F401 - after the parts were exchanged
