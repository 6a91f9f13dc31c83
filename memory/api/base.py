"""What the views of memory share: whose data a request is about, and carrying out the same write once."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.views import APIView

from accounts.api.authentication import BearerAuthentication, caller_of
from accounts.domain import Principal, Scope
from accounts.gate import Gate, limits_for
from accounts.services.access import access_all_fans, access_creator, access_fans
from accounts.services.principals import recheck_principal
from memory.services.idempotency import Answer, Once, answer_once
from memory.services.writes import carry_out
from ofmemory.errors import Forbidden, InvalidInput
from ofmemory.infra.drf import answer_error, json_body, query_pairs, raw_answer
from ofmemory.infra.resilience import deadline
from privacy.domain import Pair
from privacy.keys.keyring import service_key

MAX_KEY_CHARS = 255
# A DELETE is an erasure.
_USUAL_BUDGETS = {"GET": "read", "HEAD": "read", "DELETE": "long"}


class ApiRequest(HttpRequest):
    """A request whose caller is known."""

    user: Principal  # type: ignore[assignment]  # Django's is a user of the admin
    auth: str
    # Creator and fan; the fan is empty where it is none, or several.
    about: tuple[str, str]


class MemoryView(APIView):
    """A DRF view without the parts of DRF that decide nothing here.

    There is one media type, one version and one way to authenticate, and the limits are the gate's. DRF's request
    object and negotiation would cost more than reading a context from the cache.
    """

    authentication_classes = (BearerAuthentication,)
    http_method_names = ("get", "head", "post", "patch", "delete")
    # Which of settings.REQUEST_SECONDS a request may take, by method, where it is another than usual.
    budgets: Mapping[str, str] = {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name = str(request.method)
        budget = self.budgets.get(name) or _USUAL_BUDGETS.get(name, "messages")
        before = deadline.begin(settings.REQUEST_SECONDS[budget])
        try:
            method = name.lower()
            handler = getattr(self, method, None) if method in self.http_method_names else None
            if handler is None:
                raise MethodNotAllowed(name)
            called = cast("ApiRequest", request)
            called.user, called.auth = caller_of(request)
            return cast("HttpResponse", handler(called, *args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as in DRF: the handler maps every failure
            return answer_error(error, {"view": self})
        finally:
            deadline.end(before)


def gate_of(
    request: ApiRequest,
    scope: Scope,
    action: str,
    *,
    kind: str,
    creator_id: str | None,
    fan_ids: Sequence[str] = (),
) -> Gate:
    """Return the gate of a request about ``fan_ids`` (none: about all of a creator's fans).

    Args:
        action: what it is called in the audit log.
        kind: the limits it counts on: ``reads``, ``writes`` or ``bulk``.

    Raises:
        Forbidden: another creator, another fan than the caller is bound to, or no such right.
        InvalidInput: no creator is named and the caller belongs to several.
    """
    try:
        principal, creator_id = _allowed(request.user, scope, creator_id, fan_ids)
    except Forbidden:
        # Rights given a moment ago may not have reached this process yet.
        principal, creator_id = _allowed(recheck_principal(request.auth), scope, creator_id, fan_ids)
    # For the line in the log, which names them by pseudonyms.
    fan_id = fan_ids[0] if len(fan_ids) == 1 else ""
    request.about = (creator_id, fan_id)
    return Gate(
        creator_id,
        limits_for(kind, creator_id=creator_id, fan_id=fan_id),
        action=action,
        token=request.auth,
        principal=principal,
        scope=scope,
        fan_ids=tuple(fan_ids),
    )


def _allowed(
    principal: Principal, scope: Scope, creator_id: str | None, fan_ids: Sequence[str]
) -> tuple[Principal, str]:
    creator_id = access_creator(principal, creator_id=creator_id, scope=scope)
    if fan_ids:
        access_fans(principal, fan_ids)
    else:
        access_all_fans(principal)
    return principal, creator_id


def body_of(request: ApiRequest) -> dict[str, Any]:
    """Return the body of a request. The creator may as well be named in the query; everything else stands in the body.

    Raises:
        InvalidInput: the body is not well-formed, or the query says more: ignored, it could mean something else.
        PayloadTooLarge, UnsupportedMediaType: see ``json_body``.
    """
    body = json_body(request)
    for name, value in query_of(request).items():
        if name != "creatorId" or body.setdefault(name, value) != value:
            raise InvalidInput.field(name[:64], "belongs into the body.")
    return body


def body_or_query_of(request: ApiRequest) -> dict[str, Any]:
    """Return the body of a request, or the query of one that has none."""
    has_body = request.headers.get("Transfer-Encoding") or request.META.get("CONTENT_LENGTH") not in (None, "", "0")
    return body_of(request) if has_body else query_of(request)


def query_of(request: ApiRequest) -> dict[str, str]:
    """Return the query parameters as an object.

    Raises:
        InvalidInput: one is given twice, or the query is not well-formed.
    """
    found: dict[str, str] = {}
    for name, value in query_pairs(request):
        if name in found:
            raise InvalidInput.field(name[:64], "is given more than once.")
        found[name] = value
    return found


def write_once(
    request: ApiRequest,
    gate: Gate,
    work: Callable[[], Answer],
    *,
    body: Mapping[str, Any] | None = None,
    erases: bool = False,
) -> HttpResponse:
    """Carry out a write in one transaction, once per Idempotency-Key, and answer it.

    Args:
        body: the request's, which with method and path makes it what it is.
        erases: the answer is about the erasure of the fan, and must outlive it.
    """
    once = Once(
        creator_id=gate.creator_id,
        key=_key_of(request),
        fingerprint=_fingerprint(request, body),
        fan_id=gate.fan_ids[0] if len(gate.fan_ids) == 1 and not erases else "",
    )
    pairs = [Pair(gate.creator_id, fan_id) for fan_id in gate.fan_ids]
    answer, quota = carry_out(pairs, gate, lambda: answer_once(once, work))
    headers = quota.headers()
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    return raw_answer(answer.body, status=answer.status, headers=headers)


def _key_of(request: ApiRequest) -> str:
    key: str = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY_CHARS or not (key.isascii() and key.isprintable()):
        raise InvalidInput.field("Idempotency-Key", f"may have at most {MAX_KEY_CHARS} printable ASCII characters.")
    return key


def _fingerprint(request: ApiRequest, body: Mapping[str, Any] | None) -> bytes:
    what = [request.method, request.get_full_path(), body]
    # Keyed: a short text can be found by trying.
    return hmac.digest(service_key("idempotency"), orjson.dumps(what, option=orjson.OPT_SORT_KEYS), "sha256")
