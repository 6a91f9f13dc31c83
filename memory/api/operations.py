"""Every operation once; the two route families only differ in where they take the fan from and how they answer."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from accounts.domain import Scope
from accounts.gate import Gate
from memory import shapes
from memory.api.base import ApiRequest, gate_of, write_once
from memory.domain import Interaction, InteractionType, Sender
from memory.services import clearing, engagement, exporting, interactions, messages, personality, preferences
from memory.services.context import load_contexts, recall, recall_many
from memory.services.idempotency import Answer
from memory.services.reading import reading
from ofmemory.errors import InvalidInput
from ofmemory.infra.drf import answer, enveloped, raw_answer, stamped, unchanged
from privacy.domain import Pair


def send_context(request: ApiRequest, fan_id: str, creator_id: str | None) -> HttpResponse:
    gate = gate_of(request, Scope.MEMORY_READ, "context.read", kind="reads", creator_id=creator_id, fan_ids=[fan_id])
    recalled = recall(Pair(gate.creator_id, fan_id), gate)
    headers = {"ETag": recalled.etag, "X-Memory-Cache": recalled.cache, **recalled.quota.headers()}
    if _is_current(request.META.get("HTTP_IF_NONE_MATCH"), recalled.etag):
        return unchanged(headers)
    return answer(recalled.body, headers=headers)


def _is_current(if_none_match: str | None, etag: str) -> bool:
    """Compare weakly, as RFC 9110 section 13.1.2 wants it for If-None-Match."""
    if if_none_match is None:
        return False
    offered = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in offered or offered == ["*"]


def send_contexts(request: ApiRequest, given: Mapping[str, Any]) -> HttpResponse:
    fan_ids = given["fanIds"]
    gate = gate_of(
        request, Scope.MEMORY_READ, "contexts.read", kind="bulk", creator_id=given.get("creatorId"), fan_ids=fan_ids
    )
    found = recall_many(gate.creator_id, fan_ids, gate)
    data = b",".join(orjson.dumps(fan_id) + b":" + body for fan_id, body in found.bodies.items())
    headers = {"X-Memory-Cache": found.cache, **found.quota.headers()}
    return answer(b"{" + data + b"}", headers=headers, count=len(found.bodies))


def save(
    request: ApiRequest, fan_id: str, given: Mapping[str, Any], body: Mapping[str, Any], *, with_context: bool
) -> HttpResponse:
    gate = _write_gate(request, fan_id, given, "interaction.written")
    pair = Pair(gate.creator_id, fan_id)

    def work() -> Answer:
        interactions.record(pair, _interaction(given))
        if not with_context:
            return Answer(200, stamped(success=True))
        # Inside the transaction, so that the answer kept for a repetition is the one given.
        context = load_contexts(pair.creator_id, [fan_id], now=timezone.now())[fan_id]
        return Answer(201, enveloped(shapes.dumps(context)))

    return write_once(request, gate, work, body=body)


def _write_gate(request: ApiRequest, fan_id: str, given: Mapping[str, Any], action: str) -> Gate:
    return gate_of(
        request, Scope.MEMORY_WRITE, action, kind="writes", creator_id=given.get("creatorId"), fan_ids=[fan_id]
    )


def _interaction(given: Mapping[str, Any]) -> Interaction:
    metadata = given.get("metadata", {})
    return Interaction(
        type=InteractionType(given["type"]),
        content=given.get("content", ""),
        sender=Sender(given["sender"]),
        amount=given.get("amount"),
        currency=given.get("currency"),
        timestamp=given.get("timestamp") or timezone.now(),
        external_id=interactions.external_id_of(metadata),
        metadata=metadata,
    )


def clear(request: ApiRequest, fan_id: str, creator_id: str | None) -> HttpResponse:
    gate = gate_of(request, Scope.MEMORY_ERASE, "memory.erased", kind="writes", creator_id=creator_id, fan_ids=[fan_id])

    def work() -> Answer:
        request_id = clearing.begin_clearing(Pair(gate.creator_id, fan_id), actor=gate.actor)
        if settings.ERASURE_SECOND_APPROVER:
            return Answer(202, _clearing(request_id, "The request is recorded; it waits for approval."))
        return Answer(200, _clearing(request_id, "Everything about this fan was deleted."))

    begun = write_once(request, gate, work, erases=True)
    request_id = orjson.loads(begun.content)["requestId"]
    # The answer is kept for repetitions before it is true: a repetition, too, must see to it that it is.
    if begun.status_code == 202 or clearing.finish_clearing(request_id, actor=gate.actor):
        return begun
    message = "Everything about this fan is deleted; some copies follow within minutes."
    return raw_answer(_clearing(request_id, message), status=202)


def _clearing(request_id: str, message: str) -> bytes:
    return stamped(success=True, message=message, requestId=request_id)


def export(request: ApiRequest, fan_id: str, creator_id: str | None) -> HttpResponse:
    gate = gate_of(
        request, Scope.MEMORY_EXPORT, "memory.exported", kind="reads", creator_id=creator_id, fan_ids=[fan_id]
    )
    quota = reading(gate)
    exported = exporting.export_memory(fan_id=fan_id, creator_id=gate.creator_id)
    return answer(shapes.dumps(exported), headers=quota.headers())


def send_stats(request: ApiRequest, given: Mapping[str, Any]) -> HttpResponse:
    gate = gate_of(request, Scope.STATS_READ, "stats.read", kind="reads", creator_id=given.get("creatorId"))
    quota = reading(gate)
    stats = engagement.get_memory_stats(
        creator_id=gate.creator_id,
        since=given.get("since"),
        until=given.get("until"),
        min_engagement=given.get("minEngagement"),
    )
    return answer(shapes.dumps(stats), headers=quota.headers())


def send_score(request: ApiRequest, fan_id: str, creator_id: str | None) -> HttpResponse:
    gate = gate_of(request, Scope.MEMORY_READ, "score.read", kind="reads", creator_id=creator_id, fan_ids=[fan_id])
    body, quota = engagement.recall_score(Pair(gate.creator_id, fan_id), gate)
    return answer(body, headers=quota.headers())


def send_messages(request: ApiRequest, fan_id: str, given: Mapping[str, Any]) -> HttpResponse:
    gate, headers = _read(request, fan_id, given, "messages.read")
    page = messages.get_recent_messages(
        fan_id=fan_id, creator_id=gate.creator_id, limit=given["limit"], cursor=given.get("cursor")
    )
    return answer(shapes.dumps({"messages": page.messages, "nextCursor": page.next_cursor}), headers=headers)


def send_preferences(request: ApiRequest, fan_id: str, given: Mapping[str, Any]) -> HttpResponse:
    gate, headers = _read(request, fan_id, given, "preferences.read")
    found = preferences.get_preferences(fan_id=fan_id, creator_id=gate.creator_id)
    return answer(shapes.dumps(found), headers=headers)


def send_personality(request: ApiRequest, fan_id: str, given: Mapping[str, Any]) -> HttpResponse:
    gate, headers = _read(request, fan_id, given, "personality.read")
    found = personality.get_personality(fan_id=fan_id, creator_id=gate.creator_id)
    return answer(shapes.dumps(found), headers=headers)


def send_personality_history(request: ApiRequest, fan_id: str, given: Mapping[str, Any]) -> HttpResponse:
    gate, headers = _read(request, fan_id, given, "personality.read")
    found = personality.get_personality_history(fan_id=fan_id, creator_id=gate.creator_id, limit=given["limit"])
    return answer(shapes.dumps(found), headers=headers)


def _read(request: ApiRequest, fan_id: str, given: Mapping[str, Any], action: str) -> tuple[Gate, dict[str, str]]:
    gate = gate_of(
        request, Scope.MEMORY_READ, action, kind="reads", creator_id=given.get("creatorId"), fan_ids=[fan_id]
    )
    return gate, reading(gate).headers()


def patch_preferences(
    request: ApiRequest, fan_id: str, given: Mapping[str, Any], body: Mapping[str, Any]
) -> HttpResponse:
    gate = _write_gate(request, fan_id, given, "preferences.written")

    def work() -> Answer:
        changed = preferences.change_preferences(Pair(gate.creator_id, fan_id), given)
        return Answer(200, enveloped(shapes.dumps(changed)))

    return write_once(request, gate, work, body=body)


def patch_preferences_of_fans(request: ApiRequest, given: Mapping[str, Any], body: Mapping[str, Any]) -> HttpResponse:
    patches = {update["fanId"]: update for update in given["updates"]}
    if len(patches) != len(given["updates"]):
        raise InvalidInput.field("updates", "must name each fan once.")
    gate = gate_of(
        request,
        Scope.MEMORY_WRITE,
        "preferences.written",
        kind="bulk",
        creator_id=given.get("creatorId"),
        fan_ids=list(patches),
    )

    def work() -> Answer:
        changed = preferences.change_preferences_of_fans(gate.creator_id, patches)
        return Answer(200, stamped(success=True, count=len(changed)))

    return write_once(request, gate, work, body=body)


def patch_personality(request: ApiRequest, given: Mapping[str, Any], body: Mapping[str, Any]) -> HttpResponse:
    fan_id = given["fanId"]
    gate = _write_gate(request, fan_id, given, "personality.written")
    principal = request.user
    traits = {name: value for name, value in given.items() if name in shapes.PERSONA_FIELDS}
    release = [shapes.PERSONA_COLUMNS[name] for name in given.get("release", [])]

    def work() -> Answer:
        changed = personality.change_personality(
            Pair(gate.creator_id, fan_id), traits=traits, release=release, actor=f"{principal.kind}:{principal.id}"
        )
        return Answer(200, enveloped(shapes.dumps(changed)))

    return write_once(request, gate, work, body=body)
