"""Signing and reading JSON Web Tokens.

The algorithm comes from the key that the token's ``kid`` names, never from the token: a token that says ``none``, or
HS256 for a public key, is refused (RFC 8725 sections 2.1 and 3.1).
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ofmemory.errors import Unauthorized

TokenType = Literal["access", "refresh"]
ALGORITHMS = ("HS256", "EdDSA", "RS256")
# A real token has some 400 characters; longer ones are not worth reading.
MAX_TOKEN_CHARS = 2048
REQUIRED_CLAIMS = ["exp", "iat", "nbf", "aud", "iss", "sub", "jti", "sid", "typ"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    id: str
    algorithm: str
    private: Any
    public: Any


def signing_keys() -> Mapping[str, SigningKey]:
    """Return the keys by id, the one that signs first.

    Raises:
        ImproperlyConfigured: JWT_KEYS can't be read.
    """
    return _parse_keys(settings.JWT_KEYS) if settings.JWT_KEYS else _derived_key(settings.SECRET_KEY)


@lru_cache(maxsize=1)
def _derived_key(secret_key: str) -> Mapping[str, SigningKey]:
    derived = hmac.digest(secret_key.encode(), b"ofmemory.jwt", "sha256")
    return {"default": SigningKey("default", "HS256", derived, derived)}


@lru_cache(maxsize=1)
def _parse_keys(entries: str) -> Mapping[str, SigningKey]:
    keys = [_parse_key(entry) for entry in entries.split(";") if entry.strip()]
    if not keys or len({key.id for key in keys}) != len(keys):
        raise ImproperlyConfigured("JWT_KEYS must name at least one key, and no key id twice.")
    return {key.id: key for key in keys}


def _parse_key(entry: str) -> SigningKey:
    try:
        key_id, algorithm, encoded = entry.strip().split(":")
        material = base64.b64decode(encoded, validate=True)
        if algorithm not in ALGORITHMS:
            raise ValueError(algorithm)
        if algorithm == "HS256":
            if len(material) < 32:
                raise ValueError("an HS256 key needs 32 bytes")
            return SigningKey(key_id, algorithm, material, material)
        private: Any = load_pem_private_key(material, password=None)
        # A key of another kind than it says would sign nothing, and only at the first login.
        jwt.get_algorithm_by_name(algorithm).prepare_key(private)
        return SigningKey(key_id, algorithm, private, private.public_key())
    except (ValueError, TypeError, jwt.InvalidKeyError) as error:
        # The entry is a secret: name only what is wrong with it.
        raise ImproperlyConfigured("JWT_KEYS must be kid:algorithm:base64 entries separated by ';'.") from error


def sign(claims: Mapping[str, Any], *, type_: TokenType, now: datetime, lifetime_seconds: int) -> str:
    """Return a signed token of ``type_`` that is good from ``now`` for ``lifetime_seconds``."""
    key = next(iter(signing_keys().values()))
    payload = {
        **claims,
        "typ": type_,
        "iss": settings.JWT_ISSUER,
        "aud": settings.JWT_AUDIENCE,
        "iat": now,
        "nbf": now,
        "exp": now + timedelta(seconds=lifetime_seconds),
    }
    return jwt.encode(payload, key.private, algorithm=key.algorithm, headers={"kid": key.id})


def read(token: str, *, type_: TokenType) -> dict[str, Any]:
    """Return the claims of a token that is ours, whole, current and of ``type_``.

    Raises:
        Unauthorized: anything else, always with the same message.
    """
    try:
        if len(token) > MAX_TOKEN_CHARS:
            raise Unauthorized
        key = signing_keys()[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key.public,
            algorithms=[key.algorithm],
            audience=settings.JWT_AUDIENCE,
            issuer=settings.JWT_ISSUER,
            leeway=settings.JWT_LEEWAY_SECONDS,
            options={"require": REQUIRED_CLAIMS},
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise Unauthorized from error
    if claims["typ"] != type_:
        raise Unauthorized
    return dict(claims)
