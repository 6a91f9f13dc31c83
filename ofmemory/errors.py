"""The tree of expected failures.

Each class has a stable ``type`` (what a client may switch on) and the HTTP status it answers with.
This module imports nothing: every room may raise from it.
"""

from collections.abc import Mapping


class OfMemoryError(Exception):
    """Base of every failure the product expects.

    Args:
        message: one sentence for a person; never contains personal data.
        details: machine-readable facts, such as ``{"fields": {"fanId": ["..."]}}``.
        retry_after_seconds: when trying again may help, after how many seconds.
    """

    type = "INTERNAL_ERROR"
    status = 500

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self.retry_after_seconds = retry_after_seconds


class InvalidInput(OfMemoryError):
    """The request can never succeed as it is."""

    type = "VALIDATION_ERROR"
    status = 400

    @classmethod
    def field(cls, name: str, problem: str) -> "InvalidInput":
        """Return the error for one field, in the shape every field error has."""
        return cls(f"{name}: {problem}", details={"fields": {name: [problem]}})


class PayloadTooLarge(InvalidInput):
    status = 413


class UnsupportedMediaType(InvalidInput):
    status = 415


class Unauthorized(OfMemoryError):
    """Nobody we know. The message is the same whatever the reason."""

    type = "UNAUTHORIZED"
    status = 401

    def __init__(self) -> None:
        super().__init__("Authentication is required, or the credentials are not valid.")


class Forbidden(OfMemoryError):
    """Somebody we know, who may not. The message does not say whether the thing exists."""

    type = "FORBIDDEN"
    status = 403

    def __init__(self) -> None:
        super().__init__("You may not do this.")


class NotFound(OfMemoryError):
    type = "NOT_FOUND"
    status = 404


class Conflict(OfMemoryError):
    type = "CONFLICT"
    status = 409


class RateLimitExceeded(OfMemoryError):
    type = "RATE_LIMIT_EXCEEDED"
    status = 429


class Overloaded(OfMemoryError):
    """More to do than can be done soon."""

    type = "OVERLOADED"
    status = 503

    def __init__(self) -> None:
        super().__init__("Too much to do at the moment; try again in a second.", retry_after_seconds=1)


class CacheUnavailable(OfMemoryError):
    type = "CACHE_ERROR"
    status = 503


class DatabaseUnavailable(OfMemoryError):
    type = "DATABASE_ERROR"
    status = 503


class DeadlineExceeded(OfMemoryError):
    type = "TIMEOUT"
    status = 504
