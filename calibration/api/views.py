"""What is learnt over REST, in route family B: the fan stands in the query or the body."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from accounts.domain import Scope
from accounts.gate import Gate
from calibration.algorithms.recommendations import Candidate
from calibration.api import answers
from calibration.api import serializers as given
from calibration.services import (
    analysis,
    calibrating,
    escalations,
    feedback,
    moods,
    recommendations,
    styles,
    tones,
)
from memory import shapes
from memory.api.answers import PERSONALITY
from memory.api.base import ApiRequest, MemoryView, body_of, gate_of, query_of, write_once
from memory.api.describing import IDEMPOTENCY_KEY, F, described
from memory.api.serializers import CreatorSerializer, TargetSerializer
from memory.services.idempotency import Answer
from memory.services.personality import change_personality, roll_back_personality
from memory.services.reading import reading
from ofmemory.infra.drf import answer, enveloped, stamped, valid
from privacy.domain import Pair

TAG = "learning"


def _changing(operation_id: str, success: Any, request: Any) -> Callable[[F], F]:
    """Describe a change of what is known about the fan in the body."""
    return described(
        operation_id, {200: success}, 404, 409, 413, 415, parameters=[IDEMPOTENCY_KEY], request=request, tag=TAG
    )


class AnalyzeView(MemoryView):
    # The first in a process loads the text model.
    budgets = {"POST": "long"}

    @described("analyzeMessages", {200: answers.READINGS}, 413, 415, request=given.AnalyzeSerializer, tag=TAG)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Read a message, or up to 100: sentiment, emotions, topics, cues. Nothing of it is stored or logged."""
        checked = valid(given.AnalyzeSerializer, body_of(request))
        kind = "bulk" if "messages" in checked else "reads"
        # Nobody's data is touched: no action for the audit log.
        quota = reading(_gate(request, checked, Scope.MEMORY_READ, "", kind=kind))
        found = analysis.analyze_messages(given.messages_of(checked))
        return answer(shapes.dumps({"readings": found}), headers=quota.headers())


class EmotionalStateView(MemoryView):
    @described("getEmotionalState", answers.EMOTIONAL_STATE, 404, parameters=[TargetSerializer], tag=TAG)
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return how a fan feels now and felt over 30 days, and what that leaves of selling."""
        return _send(request, "emotion.read", moods.get_emotional_state)


class DisengagementView(MemoryView):
    @described("getDisengagement", answers.DISENGAGEMENT, 404, parameters=[TargetSerializer], tag=TAG)
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return whether a fan will be back within 7 days, and what changed against their own habit."""
        return _send(request, "disengagement.read", moods.detect_disengagement)


class PredictedPreferencesView(MemoryView):
    @described("getPredictedPreferences", answers.PREDICTIONS, 404, parameters=[TargetSerializer], tag=TAG)
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return which categories and topics a fan probably likes, likeliest first."""
        return _send(request, "predictions.read", recommendations.get_predicted_preferences)


class ResponseStyleView(MemoryView):
    @described("getResponseStyle", answers.STYLE, 404, parameters=[TargetSerializer], tag=TAG)
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return how to answer a fan now.

        Where the tone was drawn, `decision` names the draw. Sent back as `metadata.decisionId` of the message that
        follows it, what the fan answers teaches which tone works.
        """
        return _send(request, "style.read", styles.get_optimal_response_style)


class RecommendationsView(MemoryView):
    @described("getRecommendations", answers.RECOMMENDATIONS, 404, parameters=[TargetSerializer], tag=TAG)
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return which categories to offer a fan, why, and when; then which not, and why not."""
        return _send(request, "recommendations.read", recommendations.get_content_recommendations)

    @described("judgeCandidates", answers.RECOMMENDATIONS, 404, 413, 415, request=given.RecommendSerializer, tag=TAG)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Return which of up to 100 things to offer a fan, why, and when; then which not, and why. Stores nothing."""
        checked = valid(given.RecommendSerializer, body_of(request))
        gate = _gate(request, checked, Scope.MEMORY_READ, "recommendations.read", kind="reads")
        quota = reading(gate)
        found = recommendations.get_content_recommendations(
            fan_id=checked["fanId"],
            creator_id=gate.creator_id,
            candidates=[_candidate(one) for one in checked["candidates"]],
        )
        return answer(shapes.dumps(found), headers=quota.headers())


class CalibrateView(MemoryView):
    budgets = {"POST": "long"}

    @described(
        "calibratePersonality",
        {200: PERSONALITY, **answers.NOT_PROFILED},
        404,
        413,
        415,
        parameters=[IDEMPOTENCY_KEY],
        request=TargetSerializer,
        tag=TAG,
    )
    def post(self, request: ApiRequest) -> HttpResponse:
        """Take in what was not learnt yet, calibrate the profile as of now, and return it.

        503 with type CALIBRATION_FAILED where learning is far behind, or failed, with this fan; the old profile stays.
        """
        body = body_of(request)
        checked = valid(TargetSerializer, body)
        gate = _gate(request, checked, Scope.MEMORY_WRITE, "personality.calibrated", kind="writes")
        # Not one transaction with the write, so who may no longer, or too often, is turned away before it.
        reading(_gate(request, checked, Scope.MEMORY_WRITE, "", kind="reads"))
        pair = Pair(gate.creator_id, checked["fanId"])
        calibrating.prepare_calibration(pair)
        return write_once(request, gate, lambda: _done(calibrating.calibrate(pair)), body=body)


class LockView(MemoryView):
    @_changing("lockTraits", PERSONALITY, given.LockSerializer)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Keep traits as they are, or give them back to learning, and return the profile."""

        def lock(pair: Pair, checked: Mapping[str, Any], actor: str) -> Answer:
            traits = {name: checked.get(name, []) for name in ("lock", "release")}
            return _done(change_personality(pair, traits={}, actor=actor, **traits))

        return _write(request, given.LockSerializer, "personality.written", lock)


class RollbackView(MemoryView):
    @_changing("rollBackPersonality", PERSONALITY, given.RollbackSerializer)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Make a profile what it was before a change of its history, and lock what that changes."""

        def roll_back(pair: Pair, checked: Mapping[str, Any], actor: str) -> Answer:
            return _done(roll_back_personality(pair, UUID(checked["changeId"]), actor=actor))

        return _write(request, given.RollbackSerializer, "personality.written", roll_back)


class FeedbackView(MemoryView):
    @_changing("giveFeedback", answers.FeedbackTaken, given.FeedbackSerializer)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Say whether something learnt or proposed was right, and have that acted on."""

        def take(pair: Pair, checked: Mapping[str, Any], actor: str) -> Answer:
            said = {name: checked.get(name, "") for name in ("about", "reference", "verdict", "value")}
            return Answer(200, stamped(success=True, id=feedback.take(pair, actor=actor, **said)))

        return _write(request, given.FeedbackSerializer, "feedback.given", take)


class EscalationsView(MemoryView):
    @described("getEscalations", {200: answers.ESCALATIONS}, parameters=[given.EscalationsQuerySerializer], tag=TAG)
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the messages whose writers may need a human and that nobody has looked at, gravest first."""
        checked = valid(given.EscalationsQuerySerializer, query_of(request))
        gate = _gate(request, checked, Scope.MEMORY_READ, "escalations.read", kind="reads")
        quota = reading(gate)
        found = escalations.list_open_escalations(creator_id=gate.creator_id, fan_id=checked.get("fanId"))
        return answer(shapes.dumps(found), headers=quota.headers(), count=len(found))


class ClearEscalationView(MemoryView):
    @_changing("clearEscalation", answers.ESCALATION, given.ClearEscalationSerializer)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Say that a human has looked; once all of a fan's are cleared, selling may go on."""

        def clear(pair: Pair, checked: Mapping[str, Any], actor: str) -> Answer:
            note = checked.get("note", "")
            return _done(escalations.clear(pair, UUID(checked["escalationId"]), actor=actor, note=note))

        return _write(request, given.ClearEscalationSerializer, "escalation.cleared", clear)


class TonesView(MemoryView):
    @described("getTones", {200: answers.TONES}, parameters=[CreatorSerializer], tag=TAG)
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return how well each tone was answered, and would have been had it alone been used."""
        checked = valid(CreatorSerializer, query_of(request))
        gate = _gate(request, checked, Scope.STATS_READ, "tones.read", kind="reads")
        quota = reading(gate)
        return answer(shapes.dumps(tones.evaluate_tones(creator_id=gate.creator_id)), headers=quota.headers())


def _gate(request: ApiRequest, checked: Mapping[str, Any], scope: Scope, action: str, *, kind: str) -> Gate:
    fan_ids = [checked["fanId"]] if "fanId" in checked else []
    return gate_of(request, scope, action, kind=kind, creator_id=checked.get("creatorId"), fan_ids=fan_ids)


def _send(request: ApiRequest, action: str, get: Callable[..., dict[str, Any]]) -> HttpResponse:
    """Answer what ``get`` returns about the fan in the query."""
    checked = valid(TargetSerializer, query_of(request))
    gate = _gate(request, checked, Scope.MEMORY_READ, action, kind="reads")
    quota = reading(gate)
    found = get(fan_id=checked["fanId"], creator_id=gate.creator_id)
    return answer(shapes.dumps(found), headers=quota.headers())


def _write(
    request: ApiRequest,
    serializer: type[TargetSerializer],
    action: str,
    work: Callable[[Pair, Mapping[str, Any], str], Answer],
) -> HttpResponse:
    """Do ``work`` about the fan in the body: with the pair, what was given, and who gave it."""
    body = body_of(request)
    checked = valid(serializer, body)
    gate = _gate(request, checked, Scope.MEMORY_WRITE, action, kind="writes")
    pair = Pair(gate.creator_id, checked["fanId"])
    return write_once(request, gate, lambda: work(pair, checked, gate.actor), body=body)


def _done(found: Mapping[str, Any]) -> Answer:
    return Answer(200, enveloped(shapes.dumps(found)))


def _candidate(one: Mapping[str, Any]) -> Candidate:
    price = one.get("price")
    return Candidate(
        category=one["category"],
        content_id=one.get("content_id", ""),
        content_hash=one.get("content_hash", ""),
        price=None if price is None else float(price),
    )
