"""The shapes of answers, for the OpenAPI description. The JSON itself is made in ``calibration.shapes``."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers as s

from calibration.algorithms.disengagement import Action, Basis, SignalType
from calibration.algorithms.mood import Family
from calibration.algorithms.time_zone import ZoneSource
from calibration.domain import CueKind, Method
from memory.api.answers import SENTIMENTS, Done, envelope
from memory.domain import EngagementLevel, PunctuationStyle, Tone
from ofmemory.infra.schema import ErrorSerializer

CUES = [kind.value for kind in CueKind]


def _one_of(enum: Any, **kwargs: Any) -> s.ChoiceField:
    return s.ChoiceField(choices=[member.value for member in enum], **kwargs)


def _unit(**kwargs: Any) -> s.FloatField:
    return s.FloatField(min_value=0, max_value=1, **kwargs)


def _valence() -> s.FloatField:
    return s.FloatField(min_value=-1, max_value=1, help_text="From all negative to all positive.")


def _evidence() -> s.ListField:
    return s.ListField(child=s.UUIDField(), help_text="The latest messages or purchases it stands on.")


# ---- reading messages


class Probabilities(s.Serializer[Any]):
    positive = _unit()
    negative = _unit()
    neutral = _unit()


class EmotionFound(s.Serializer[Any]):
    name = s.CharField(help_text="One of the 28 labels of GoEmotions.")
    probability = _unit()


class TopicFound(s.Serializer[Any]):
    name = s.CharField()
    liking = s.FloatField(min_value=-1, max_value=1, help_text="0 where it is only mentioned.")
    confidence = _unit()


class CueFound(s.Serializer[Any]):
    kind = _one_of(CueKind)
    severity = _unit()
    rule = s.CharField(help_text="Which rule saw it; never the words.")


class Reading(s.Serializer[Any]):
    sentiment = s.ChoiceField(choices=SENTIMENTS, allow_null=True, help_text="Null where the reader abstains.")
    confidence = _unit(help_text="Calibrated; also where the reader abstains.")
    probabilities = Probabilities()
    emotions = EmotionFound(many=True)
    intensity = _unit()
    language = s.CharField(help_text='ISO 639-1; "und" where too little was said to tell.')
    method = _one_of(Method)
    reason = s.CharField(
        allow_blank=True, help_text="Why there is no sentiment: empty, low_confidence, language; else blank."
    )
    topics = TopicFound(many=True)
    cues = CueFound(many=True, help_text="What asks for care, or for a human.")


class Readings(s.Serializer[Any]):
    readings = Reading(many=True, help_text="In the order of the messages.")


# ---- mood and disengagement


class SellingNow(s.Serializer[Any]):
    allowed = s.BooleanField(help_text="False until a human has looked: see escalations.")
    ppvAllowed = s.BooleanField()
    pressure = _unit(help_text="1: the creator's own normal. Feelings only ever lower it.")
    priceFactor = _unit(help_text="Of the list price.")
    softSellProbability = _unit()
    holdMessages = s.IntegerField(min_value=0, help_text="Of ours, before a paid one may be mentioned.")
    escalate = s.BooleanField()
    cues = s.ListField(child=_one_of(CueKind))
    reasons = s.ListField(child=s.CharField(), help_text="What lowered it, gravest first.")


class Talk(s.Serializer[Any]):
    start = s.DateTimeField()
    end = s.DateTimeField()
    messageCount = s.IntegerField(min_value=0)
    sentiment = s.ChoiceField(choices=SENTIMENTS)
    valence = _valence()
    negativeShare = _unit()


class DominantEmotion(s.Serializer[Any]):
    name = _one_of(Family)
    share = _unit()


class EmotionalStateNow(s.Serializer[Any]):
    currentSentiment = s.ChoiceField(choices=SENTIMENTS)
    valence = _valence()
    confidence = _unit()
    evidenceCount = s.IntegerField(min_value=0)
    evidence = _evidence()
    sentimentHistory = Talk(many=True, help_text="One for each conversation of the last 30 days.")
    dominantEmotions = DominantEmotion(many=True)
    lastPositiveInteraction = s.DateTimeField(allow_null=True)
    lastNegativeInteraction = s.DateTimeField(allow_null=True)
    engagementLevel = _one_of(EngagementLevel)
    selling = SellingNow()
    analysed = s.BooleanField(help_text="False: the fan does not permit it, and the mood holds its defaults.")
    asOf = s.DateTimeField()


class Factor(s.Serializer[Any]):
    name = s.CharField()
    value = s.FloatField()


class Signal(s.Serializer[Any]):
    type = _one_of(SignalType)
    severity = _unit()
    probability = _unit(help_text="That the fan does not return within 7 days.")
    certainty = _unit(help_text="That it is not chance.")
    factors = Factor(many=True)
    suggestedAction = _one_of(Action)


class Disengagement(s.Serializer[Any]):
    basis = _one_of(Basis, help_text="Only where it is `enough` are there signals.")
    probability = _unit(allow_null=True, help_text="That the fan does not return within 7 days.")
    probabilityOfReturn7d = _unit(allow_null=True)
    baseline = _unit(allow_null=True, help_text="`probability` of an average fan of this creator.")
    signals = Signal(many=True)
    factors = Factor(many=True, help_text="Of the log-odds of a return, strongest first.")
    fittedOn = s.IntegerField(min_value=0, help_text="Examples the forecast was fitted on.")
    asOf = s.DateTimeField()


# ---- preferences and recommendations


class PredictedCategory(s.Serializer[Any]):
    category = s.CharField()
    score = _unit()
    lowerBound = _unit(help_text="What it is ranked by.")
    confidence = _unit()
    evidenceCount = s.IntegerField(min_value=0)
    declinedCount = s.IntegerField(min_value=0)
    lastInteraction = s.DateTimeField(allow_null=True)
    evidence = _evidence()


class PredictedTopic(s.Serializer[Any]):
    topic = s.CharField()
    score = _unit(help_text="0.5: neither liked nor disliked.")
    confidence = _unit()
    evidenceCount = s.IntegerField(min_value=0)
    evidence = _evidence()


class PredictedPreferences(s.Serializer[Any]):
    predictions = PredictedCategory(many=True)
    topics = PredictedTopic(many=True)
    asOf = s.DateTimeField()


class Because(s.Serializer[Any]):
    code = s.CharField()
    value = s.FloatField(help_text="A score, a factor, a probability; 0 where there is none.")


class Slot(s.Serializer[Any]):
    start = s.DateTimeField()
    end = s.DateTimeField()
    probability = _unit(help_text="Of buying in this window, of all those of a week.")


class Recommendation(s.Serializer[Any]):
    category = s.CharField()
    contentId = s.CharField(allow_null=True)
    price = s.FloatField(min_value=0, allow_null=True)
    score = _unit(help_text="0 where excluded.")
    confidence = _unit()
    sendable = s.BooleanField()
    excluded = s.CharField(
        allow_null=True, help_text="already_bought, declined_recently:<until>, selling_not_allowed, no_time."
    )
    reasons = Because(many=True)
    sendBetween = Slot(allow_null=True)


class TimeZone(s.Serializer[Any]):
    name = s.CharField(help_text="IANA, or an offset such as UTC+05:30.")
    confidence = _unit()
    source: Any = _one_of(ZoneSource)  # a serializer, too, has a source


class Recommendations(s.Serializer[Any]):
    recommendations = Recommendation(many=True, help_text="What may be sent, best first; then what may not.")
    selling = SellingNow()
    timeZone = TimeZone()
    asOf = s.DateTimeField()


# ---- response style and tones


class ToneDraw(s.Serializer[Any]):
    id = s.UUIDField(help_text="Send it back as metadata.decisionId.")
    tone = _one_of(Tone)
    propensity = _unit(help_text="How likely this tone was.")


class ResponseStyle(s.Serializer[Any]):
    maxLength = s.IntegerField(min_value=0, help_text="Characters.")
    emojiCount = s.IntegerField(min_value=0, help_text="At most.")
    tone = _one_of(Tone)
    topics = s.ListField(child=s.CharField())
    avoidTopics = s.ListField(child=s.CharField())
    emojis = s.ListField(child=s.CharField())
    punctuation = _one_of(PunctuationStyle)
    reasons = s.ListField(child=s.CharField())
    confidence = _unit(help_text="Of the profile; 0: the creator's own manner.")
    selling = SellingNow()
    decision = ToneDraw(allow_null=True, help_text="Null where the tone was not drawn.")
    asOf = s.DateTimeField()


class ToneEstimate(s.Serializer[Any]):
    estimator = s.ChoiceField(choices=["ips", "snips", "dr"])
    value = s.FloatField(allow_null=True)
    low = s.FloatField(allow_null=True, help_text="Of the 95 % interval.")
    high = s.FloatField(allow_null=True)
    decisions = s.IntegerField(min_value=0)
    effectiveDecisions = s.FloatField(min_value=0)
    clippedShare = _unit()
    unsupportedShare = _unit()
    sufficient = s.BooleanField()
    reason = s.CharField(allow_blank=True, help_text="Why it does not suffice; blank where it does.")


class ToneEstimates(s.Serializer[Any]):
    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        return {tone.value: ToneEstimate(many=True) for tone in Tone}


class Tones(s.Serializer[Any]):
    decisions = s.IntegerField(min_value=0, help_text="With a known outcome.")
    meanReward = _unit(allow_null=True)
    tones = ToneEstimates(help_text="Three estimates of what each tone alone would have brought.")


# ---- people


class FeedbackTaken(Done):
    id = s.UUIDField()


class Escalation(s.Serializer[Any]):
    id = s.UUIDField()
    fanId = s.CharField()
    kind = _one_of(CueKind)
    severity = _unit()
    messageId = s.UUIDField()
    timestamp = s.DateTimeField()
    clearedAt = s.DateTimeField(allow_null=True)


def _about_a_fan(answer: Any) -> dict[int, Any]:
    """Return the answers of a read about one fan when all is well, or when nothing may be read."""
    return {200: answer, 409: OpenApiResponse(ErrorSerializer, description="The data may only be stored (Art. 18).")}


READINGS = envelope("ReadingsAnswer", Readings())
EMOTIONAL_STATE = _about_a_fan(envelope("EmotionalStateAnswer", EmotionalStateNow()))
DISENGAGEMENT = _about_a_fan(envelope("DisengagementAnswer", Disengagement()))
PREDICTIONS = _about_a_fan(envelope("PredictedPreferencesAnswer", PredictedPreferences()))
RECOMMENDATIONS = _about_a_fan(envelope("RecommendationsAnswer", Recommendations()))
STYLE = _about_a_fan(envelope("ResponseStyleAnswer", ResponseStyle()))
ESCALATIONS = envelope("EscalationsAnswer", Escalation(many=True), count=s.IntegerField())
ESCALATION = envelope("EscalationAnswer", Escalation())
TONES = envelope("TonesAnswer", Tones())
NOT_PROFILED = {
    409: OpenApiResponse(
        ErrorSerializer,
        description="The fan may not be profiled, or the Idempotency-Key was used for another request.",
    )
}
