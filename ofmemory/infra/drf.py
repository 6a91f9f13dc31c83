"""What all REST views share: reading a body strictly, one answer shape, one error shape."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views import defaults
from rest_framework import exceptions as drf
from rest_framework import serializers

from ofmemory import errors
from ofmemory.infra.observability.correlation import correlation_id

logger = logging.getLogger(__name__)

JSON = "application/json"


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, so that none is ignored without a word."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            raise serializers.ValidationError({name[:64]: ["Unknown field."] for name in sorted(unknown)[:20]})
        return super().to_internal_value(data)


# ---- reading


def json_body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the body of ``request``.

    Raises:
        UnsupportedMediaType: the body is not declared as JSON, or is compressed.
        PayloadTooLarge: more than ``MAX_BODY_BYTES``; it is not read to the end.
        InvalidInput: not JSON, not UTF-8, not an object, or text with NUL.
    """
    if request.content_type != JSON or request.headers.get("Content-Encoding", "identity") != "identity":
        raise errors.UnsupportedMediaType("Send Content-Type: application/json, uncompressed.")
    raw = _read_limited(request)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise errors.InvalidInput("The body is not valid JSON in UTF-8.") from error
    if not isinstance(body, dict):
        raise errors.InvalidInput("The body must be a JSON object.")
    # PostgreSQL can store no NUL. Looking for its escape first spares walking through nearly every body.
    if b"\\u0000" in raw and _holds_nul(body):
        raise errors.InvalidInput("Text must not hold NUL characters.")
    return body


def _read_limited(request: HttpRequest) -> bytes:
    limit: int = settings.MAX_BODY_BYTES
    try:
        declared = int(request.META.get("CONTENT_LENGTH") or 0)
        chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        # Django reads a chunked body as an empty one, because it has no length.
        stream = request.META["wsgi.input"] if chunked else request
        raw: bytes = b"" if declared > limit else stream.read(limit + 1)
    except (ValueError, OSError, UnreadablePostError) as error:
        raise errors.InvalidInput("The body could not be read.") from error
    if declared > limit or len(raw) > limit:
        raise errors.PayloadTooLarge(f"The body may have at most {limit} bytes.")
    return raw


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))


def valid(serializer_class: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return ``data`` as the serializer understands it.

    Raises:
        InvalidInput: with one list of problems for each field that has any.
    """
    serializer = serializer_class(data=data)
    if not serializer.is_valid():
        raise _invalid_fields(serializer.errors)
    return dict(serializer.validated_data)


def _invalid_fields(fields: Any) -> errors.InvalidInput:
    plain = orjson.loads(orjson.dumps(fields, default=str))
    names = ", ".join(plain) if isinstance(plain, dict) else "body"
    return errors.InvalidInput(f"Not valid: {names}.", details={"fields": plain})


# ---- answering


def answer(data: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, **more: object) -> HttpResponse:
    """Return ``data``, already JSON, in the success envelope."""
    return raw_answer(enveloped(data, **more), status=status, headers=headers)


def enveloped(data: bytes, **more: object) -> bytes:
    """Return ``data``, already JSON, with ``more`` beside it, correlation id and timestamp."""
    return b'{"data":' + data + b"," + (orjson.dumps(more)[1:-1] + b"," if more else b"") + _tail()


def raw_answer(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return ``body``, a whole JSON text, as it is. Nothing between us and the caller may keep it."""
    response = HttpResponse(body, status=status, content_type=JSON, headers=headers)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def stamped(**fields: object) -> bytes:
    """Return a JSON object of ``fields`` with correlation id and timestamp, for answers without ``data``."""
    return orjson.dumps(fields)[:-1] + b"," + _tail()


def _tail() -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return f'"correlationId":"{correlation_id()}","timestamp":"{now}Z"}}'.encode()


# ---- failing


def answer_error(error: Exception, context: Mapping[str, Any] | None = None) -> HttpResponse:
    """Map any exception to the one error shape; DRF calls this for every view."""
    known = _expected(error)
    if known.status >= 500:
        logger.error("request_failed", exc_info=error, extra={"status": known.status, "reason": known.type})
    headers = {}
    if known.retry_after_seconds is not None:
        headers["Retry-After"] = str(known.retry_after_seconds)
    if known.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="ofmemory"'
    if isinstance(error, drf.MethodNotAllowed) and context:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    body = {
        "error": known.message,
        "type": known.type,
        "correlationId": correlation_id(),
        "details": known.details,
    }
    return raw_answer(orjson.dumps(body), status=known.status, headers=headers)


def _expected(error: Exception) -> errors.OfMemoryError:
    if isinstance(error, errors.OfMemoryError):
        return error
    if isinstance(error, drf.NotAuthenticated | drf.AuthenticationFailed):
        return errors.Unauthorized()
    if isinstance(error, drf.PermissionDenied | PermissionDenied):
        return errors.Forbidden()
    if isinstance(error, Http404 | drf.NotFound):
        return errors.NotFound("There is nothing here.")
    if isinstance(error, drf.ValidationError):
        return _invalid_fields(error.detail)
    if isinstance(error, RequestDataTooBig):
        return errors.PayloadTooLarge("The body is too large.")
    if isinstance(error, drf.APIException):
        refused = errors.InvalidInput(str(error.detail))
        refused.status = error.status_code
        return refused
    if isinstance(error, SuspiciousOperation):
        return errors.InvalidInput("The request is not well-formed.")
    return _database_failure(error) if isinstance(error, DatabaseError) else errors.OfMemoryError("Internal error.")


def _database_failure(error: DatabaseError) -> errors.OfMemoryError:
    """Tell a busy or missing database (503, 504: try again) from a mistake of ours (500)."""
    sqlstate = getattr(error.__cause__, "sqlstate", None) or ""
    if sqlstate == "57014":  # query_canceled: statement_timeout
        return errors.DeadlineExceeded("The database took too long.", retry_after_seconds=1)
    if isinstance(error, OperationalError):
        return errors.DatabaseUnavailable("The database did not answer.", retry_after_seconds=2)
    failure = errors.DatabaseUnavailable("The database refused the operation.")
    failure.status = 500
    return failure


# Django's own failures: routes of machines answer in the same shape, pages keep Django's.

MACHINE_ROUTES = ("/api/", "/health/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(MACHINE_ROUTES):
        return defaults.bad_request(request, exception)
    return answer_error(exception if isinstance(exception, RequestDataTooBig) else SuspiciousOperation())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(MACHINE_ROUTES):
        return defaults.permission_denied(request, exception)
    return answer_error(exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not request.path.startswith(MACHINE_ROUTES):
        return defaults.page_not_found(request, exception)
    return answer_error(exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(MACHINE_ROUTES):
        return defaults.server_error(request)
    return answer_error(errors.OfMemoryError("Internal error."))
