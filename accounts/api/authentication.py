"""Who is calling: ``Authorization: Bearer <JWT or API key>``."""

from functools import partial

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication

from accounts.addresses import address_of
from accounts.domain import Principal
from accounts.services.principals import resolve_principal
from ofmemory.errors import Unauthorized


def caller_of(request: HttpRequest) -> tuple[Principal, str]:
    """Return who is calling and the token that proves it.

    Raises:
        Unauthorized: no token, not a bearer token, or not a good one; always with the same message.
        RateLimitExceeded: too many wrong tokens came from this address, and this one is not known yet.
    """
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii():
        raise Unauthorized
    return resolve_principal(token, address=partial(address_of, request)), token


class BearerAuthentication(BaseAuthentication):
    """The same for DRF, and what the OpenAPI description names."""

    def authenticate(self, request: HttpRequest) -> tuple[Principal, str]:
        return caller_of(request)
