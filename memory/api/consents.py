"""Consents over REST, in route family B: what a fan permits, and telling what a fan decided."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from accounts.domain import Scope
from accounts.gate import Gate
from memory import shapes
from memory.api import answers
from memory.api import serializers as given
from memory.api.base import ApiRequest, MemoryView, body_of, gate_of, query_of, write_once
from memory.api.describing import IDEMPOTENCY_KEY, described
from memory.services.idempotency import Answer
from memory.services.reading import reading
from ofmemory.infra.drf import answer, enveloped, valid
from privacy.domain import ConsentAction, Limit, Pair, Purpose
from privacy.services.consents import ConsentState, get_consents, receipt_of, record_consent
from privacy.services.processing import limits_of


class ConsentsView(MemoryView):
    @described("getConsents", {200: answers.CONSENTS}, parameters=[given.TargetSerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return what a fan permits, for every purpose."""
        checked = valid(given.TargetSerializer, query_of(request))
        gate = _gate(request, checked, Scope.MEMORY_READ, "consents.read", kind="reads")
        quota = reading(gate)
        return answer(shapes.dumps(_states(Pair(gate.creator_id, checked["fanId"]))), headers=quota.headers())

    @described(
        "recordConsent",
        {201: answers.CONSENT_RECEIPT},
        409,
        413,
        415,
        parameters=[IDEMPOTENCY_KEY],
        request=given.ConsentSerializer,
    )
    def post(self, request: ApiRequest) -> HttpResponse:
        """Record what a fan decided, and act on it; the answer is the fan's receipt.

        Withdrawing a purpose removes what was inferred for it. Withdrawing memory stops writes and asks for erasure.
        """
        body = body_of(request)
        checked = valid(given.ConsentSerializer, body)
        gate = _gate(request, checked, Scope.MEMORY_WRITE, "consents.written", kind="writes")
        return write_once(request, gate, lambda: _record(gate, checked), body=body)


def _gate(request: ApiRequest, checked: Mapping[str, Any], scope: Scope, action: str, *, kind: str) -> Gate:
    return gate_of(request, scope, action, kind=kind, creator_id=checked.get("creatorId"), fan_ids=[checked["fanId"]])


def _record(gate: Gate, checked: Mapping[str, Any]) -> Answer:
    consent = record_consent(
        Pair(gate.creator_id, checked["fanId"]),
        purpose=Purpose(checked["purpose"]),
        action=ConsentAction(checked["action"]),
        method=checked["method"],
        actor=gate.actor,
        notice_version=checked.get("noticeVersion", ""),
        language=checked.get("language", ""),
        expressed_at=checked.get("expressedAt"),
    )
    return Answer(201, enveloped(shapes.dumps(receipt_of(consent))))


def _states(pair: Pair) -> dict[str, Any]:
    limits = limits_of(pair)
    return {
        "fanId": pair.fan_id,
        "creatorId": pair.creator_id,
        "consents": [_state(state) for state in get_consents(pair)],
        "restricted": Limit.RESTRICTED in limits,
        "objected": Limit.OBJECTED in limits,
    }


def _state(state: ConsentState) -> dict[str, Any]:
    latest = state.latest
    return {
        "purpose": state.purpose,
        "action": state.action,
        "permitted": state.permitted,
        "expressedAt": latest.expressed_at if latest else None,
        "method": latest.method if latest else None,
        "noticeVersion": (latest.notice_version or None) if latest else None,
        "receiptId": latest.pk if latest else None,
    }
