"""What all REST views share: reading a body strictly, one answer shape, one error shape."""

import errno
import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views import defaults
from rest_framework import exceptions as drf
from rest_framework import serializers

from ofmemory import errors
from ofmemory.infra.cache.limits import Quota
from ofmemory.infra.database.base import is_left_alone
from ofmemory.infra.json_values import holds_nul, levels
from ofmemory.infra.observability.correlation import correlation_id

logger = logging.getLogger(__name__)

JSON = "application/json"
# Deeper than anything we accept, and far from the depth at which walking through it would fail.
MAX_BODY_DEPTH = 32
MAX_QUERY_FIELDS = 50
# Out of file descriptors, memory or disk.
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENOSPC)
_WRITTEN_OUT_BYTE = re.compile("%[89A-F][0-9A-F]")


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
        InvalidInput: not JSON, not UTF-8, not an object, too deep, a name given twice, or text with NUL.
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
    # Looking at the bytes first spares walking through nearly every body.
    if raw.count(b"{") + raw.count(b"[") > MAX_BODY_DEPTH and _is_deep(body):
        raise errors.InvalidInput(f"The body may be nested at most {MAX_BODY_DEPTH} deep.")
    # Of two values under one name others may have checked the one and we would take the other.
    json.loads(raw, object_pairs_hook=_refuse_repeated)
    # PostgreSQL can store no NUL.
    if b"\\u0000" in raw and holds_nul(body):
        raise errors.InvalidInput("Text must not hold NUL characters.")
    return body


def query_pairs(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the names and values in the query of ``request``, in order.

    Django's own reading replaces broken text, so that another id than the one meant could come out of it, and believes
    the charset that the caller declares.

    Raises:
        InvalidInput: not UTF-8, or too many.
    """
    try:
        query = request.META.get("QUERY_STRING", "").encode("iso-8859-1").decode()
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
    except ValueError as error:
        raise errors.InvalidInput("The query is not well-formed UTF-8, or has too many fields.") from error


def refuse_broken_path(request: HttpRequest) -> None:
    """Let pass only paths in UTF-8. Of others Django writes out the broken bytes, as if they were meant so.

    Raises:
        InvalidInput: the path is not UTF-8.
    """
    if _WRITTEN_OUT_BYTE.search(request.path_info):
        raise errors.InvalidInput("The path is not well-formed UTF-8.")


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
    if len(raw) < declared:
        raise errors.InvalidInput("The body ended before its declared length.")
    return raw


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise errors.InvalidInput("The body gives a name twice.")


def _is_deep(body: dict[str, Any]) -> bool:
    return next(islice(levels(body), MAX_BODY_DEPTH + 1, None), None) is not None


def valid(serializer_class: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return ``data`` as the serializer understands it.

    Raises:
        InvalidInput: with one list of problems for each field that has any.
    """
    try:
        return dict(_shared(serializer_class).run_validation(data))
    except serializers.ValidationError as error:
        raise _invalid_fields(error.detail) from error


@lru_cache(maxsize=128)
def _shared(serializer_class: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Validation keeps no state in the serializer; making one copies every field, which costs more than validating."""
    return serializer_class()


def _invalid_fields(fields: Any) -> errors.InvalidInput:
    plain = orjson.loads(orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS))
    names = ", ".join(plain) if isinstance(plain, dict) else "body"
    return errors.InvalidInput(f"Not valid: {names}.", details={"fields": plain})


# ---- answering

# Nothing between us and the caller may keep an answer, and the caller has to ask again.
CACHE_CONTROL = "private, no-cache"


def answer(data: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, **more: object) -> HttpResponse:
    """Return ``data``, already JSON, in the success envelope."""
    return raw_answer(enveloped(data, **more), status=status, headers=headers)


def enveloped(data: bytes, **more: object) -> bytes:
    """Return ``data``, already JSON, with ``more`` beside it, correlation id and timestamp."""
    return b'{"data":' + data + b"," + (orjson.dumps(more)[1:-1] + b"," if more else b"") + _tail()


def raw_answer(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return ``body``, a whole JSON text, as it is."""
    response = HttpResponse(body, status=status, content_type=JSON, headers=headers)
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def unchanged(headers: Mapping[str, str]) -> HttpResponse:
    """Return 304: what the caller holds is current. It may be kept no longer than the answer it stands for."""
    response = HttpResponse(status=304, headers={**headers, "Cache-Control": CACHE_CONTROL})
    del response.headers["Content-Type"]
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
    # Who is left alone for a while has been logged when that began; the line of the request says the rest.
    if known.status >= 500 and not is_left_alone(error):
        logger.error("request_failed", exc_info=error, extra={"status": known.status, "reason": known.type})
    headers = {}
    if known.retry_after_seconds is not None:
        headers["Retry-After"] = str(known.retry_after_seconds)
    if isinstance(known, errors.RateLimitExceeded):
        headers |= Quota(int(str(known.details["limit"])), 0, known.retry_after_seconds or 0).headers()
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
    for kinds, ours in _OURS_FOR:
        if isinstance(error, kinds):
            return ours(error)
    return errors.OfMemoryError("Internal error.")


def _refused(error: drf.APIException) -> errors.OfMemoryError:
    refused = errors.InvalidInput(str(error.detail))
    refused.status = error.status_code
    return refused


def _database_failure(error: DatabaseError | InterfaceError) -> errors.OfMemoryError:
    """Tell a busy or missing database (503, 504: try again) from a mistake of ours (500)."""
    sqlstate = getattr(error.__cause__, "sqlstate", None) or ""
    if sqlstate == "57014":  # query_canceled: statement_timeout
        return errors.DeadlineExceeded("The database took too long.", retry_after_seconds=1)
    if isinstance(error, OperationalError | InterfaceError):
        return errors.DatabaseUnavailable("The database did not answer.", retry_after_seconds=2)
    failure = errors.DatabaseUnavailable("The database refused the operation.")
    failure.status = 500
    return failure


def _system_failure(error: OSError) -> errors.OfMemoryError:
    """Tell a machine that has no room left (503) from a mistake of ours (500)."""
    return errors.Overloaded() if error.errno in NO_ROOM else errors.OfMemoryError("Internal error.")


# What Django, DRF and the database raise → ours; the first that fits, so the special ones stand before the general.
_OURS_FOR: tuple[tuple[tuple[type[Exception], ...], Callable[[Any], errors.OfMemoryError]], ...] = (
    ((drf.NotAuthenticated, drf.AuthenticationFailed), lambda _: errors.Unauthorized()),
    ((drf.PermissionDenied, PermissionDenied), lambda _: errors.Forbidden()),
    ((drf.NotFound, Http404), lambda _: errors.NotFound("There is nothing here.")),
    ((drf.ValidationError,), lambda error: _invalid_fields(error.detail)),
    ((drf.APIException,), _refused),
    ((RequestDataTooBig,), lambda _: errors.PayloadTooLarge("The body is too large.")),
    ((SuspiciousOperation,), lambda _: errors.InvalidInput("The request is not well-formed.")),
    ((DatabaseError, InterfaceError), _database_failure),
    ((OSError,), _system_failure),
)

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
    # Django calls this while it handles the exception, and logs nothing that we let through.
    error = sys.exc_info()[1]
    failure = error if isinstance(error, Exception) else errors.OfMemoryError("Internal error.")
    if request.path.startswith(MACHINE_ROUTES):
        return answer_error(failure)
    logger.error("request_failed", exc_info=failure, extra={"status": 500})
    return defaults.server_error(request)
