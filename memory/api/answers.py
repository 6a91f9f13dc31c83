"""The shapes of answers, for the OpenAPI description. The JSON itself is made in ``memory.shapes``."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as s

from memory.domain import (
    ChangeReason,
    EngagementLevel,
    InteractionType,
    MessageLength,
    PunctuationStyle,
    ResponseSpeed,
    Sender,
    Sentiment,
    Tone,
)
from memory.shapes import PERSONA_COLUMNS
from privacy.domain import ConsentAction, Purpose

INTERACTION_TYPES = [kind.value for kind in InteractionType]
OTHER_TYPES = [kind for kind in INTERACTION_TYPES if kind != InteractionType.MESSAGE]
TONES = [tone.value for tone in Tone]
PUNCTUATION_STYLES = [style.value for style in PunctuationStyle]
TRAITS = list(PERSONA_COLUMNS)
CIRCUIT_STATES = ["closed", "open", "half_open"]
SENTIMENTS = [sentiment.value for sentiment in Sentiment]


def _one_of(enum: Any, **kwargs: Any) -> s.ChoiceField:
    return s.ChoiceField(choices=[member.value for member in enum], **kwargs)


class Message(s.Serializer[Any]):
    id = s.UUIDField()
    sender = _one_of(Sender)
    content = s.CharField()
    sentiment = _one_of(Sentiment, allow_null=True)
    topics = s.ListField(child=s.CharField())
    timestamp = s.DateTimeField()
    metadata = s.DictField()


class OtherInteraction(s.Serializer[Any]):
    id = s.UUIDField()
    type = s.ChoiceField(choices=OTHER_TYPES)
    sender = _one_of(Sender)
    amount = s.FloatField(allow_null=True)
    currency = s.CharField(allow_null=True)
    content = s.CharField(allow_blank=True)
    timestamp = s.DateTimeField()
    metadata = s.DictField()


class PersonalityProfile(s.Serializer[Any]):
    tone = _one_of(Tone)
    emojiFrequency = s.FloatField(min_value=0, max_value=1)
    messageLengthPreference = _one_of(MessageLength)
    punctuationStyle = _one_of(PunctuationStyle)
    preferredEmojis = s.ListField(child=s.CharField())
    responseSpeed = _one_of(ResponseSpeed)
    confidenceScore = s.FloatField(min_value=0, max_value=1)
    interactionCount = s.IntegerField()
    lockedTraits = s.ListField(child=s.CharField())
    lastCalibrated = s.DateTimeField(allow_null=True)


class ContentPreference(s.Serializer[Any]):
    score = s.FloatField(min_value=0, max_value=1)
    confidence = s.FloatField(min_value=0, max_value=1)
    evidenceCount = s.IntegerField()
    lastInteraction = s.DateTimeField(allow_null=True)


class Preferences(s.Serializer[Any]):
    contentPreferences = s.DictField(child=ContentPreference())
    topicInterests = s.DictField(child=s.FloatField(min_value=0, max_value=1))
    purchasePatterns = s.ListField(child=s.DictField())
    communicationPreferences = s.DictField()
    pinned = s.DictField(child=s.ListField(child=s.CharField()))
    lastUpdated = s.DateTimeField(allow_null=True)


class EmotionalState(s.Serializer[Any]):
    currentSentiment = _one_of(Sentiment)
    sentimentHistory = s.ListField(child=s.DictField())
    dominantEmotions = s.ListField(child=s.CharField())
    engagementLevel = _one_of(EngagementLevel)
    lastPositiveInteraction = s.DateTimeField(allow_null=True)
    lastNegativeInteraction = s.DateTimeField(allow_null=True)
    updatedAt = s.DateTimeField(allow_null=True)


class EngagementMetrics(s.Serializer[Any]):
    engagementScore = s.FloatField(min_value=0, max_value=1)
    totalMessages = s.IntegerField()
    totalPurchases = s.IntegerField()
    totalTips = s.IntegerField()
    totalInteractions = s.IntegerField()
    totalRevenue = s.FloatField(help_text="In the creator's currency.")
    avgResponseTimeSeconds = s.FloatField(allow_null=True)
    firstInteraction = s.DateTimeField(allow_null=True)
    lastInteraction = s.DateTimeField(allow_null=True)
    lastFanInteraction = s.DateTimeField(allow_null=True)


class Learning(s.Serializer[Any]):
    pending = s.IntegerField(help_text="Interactions that learning has not taken in yet.")
    asOf = s.DateTimeField(allow_null=True)


class Processing(s.Serializer[Any]):
    restricted = s.BooleanField(help_text="The data may only be stored (Art. 18); all parts hold their defaults.")
    profiling = s.BooleanField(help_text="False: the fan objected (Art. 21); what was concluded holds its defaults.")


class Selling(s.Serializer[Any]):
    allowed = s.BooleanField(help_text="False: no selling until a human has looked.")
    ppvAllowed = s.BooleanField(help_text="Whether paid messages may be mentioned.")
    holdMessages = s.IntegerField(help_text="Of ours that are still to pass before.")
    escalate = s.BooleanField(help_text="A human should take over.")


class ReconnectionFact(s.Serializer[Any]):
    kind = s.ChoiceField(choices=["said", "bought"])
    text = s.CharField(allow_blank=True)
    at = s.DateTimeField()
    sourceId = s.UUIDField()


class Reconnection(s.Serializer[Any]):
    silentDays = s.IntegerField()
    lastSeen = s.DateTimeField()
    topics = s.ListField(child=s.CharField())
    facts = ReconnectionFact(many=True)


class MemoryContext(s.Serializer[Any]):
    fanId = s.CharField()
    creatorId = s.CharField()
    recentMessages = Message(many=True, help_text="The last 50, oldest first.")
    recentInteractions = OtherInteraction(many=True, help_text="The last 10 that are not messages, oldest first.")
    personalityProfile = PersonalityProfile()
    preferences = Preferences()
    emotionalState = EmotionalState()
    engagementMetrics = EngagementMetrics()
    lastInteraction = s.DateTimeField(allow_null=True)
    selling = Selling(help_text="What the fan's own words forbid for now; also of who may not be profiled.")
    learning = Learning()
    processing = Processing()
    reconnection = Reconnection(allow_null=True)
    degraded = s.ListField(child=s.CharField(), help_text="Parts that could not be loaded and hold their default.")


class EngagementScore(s.Serializer[Any]):
    fanId = s.CharField()
    creatorId = s.CharField()
    score = s.FloatField(min_value=0, max_value=1)
    lastUpdated = s.DateTimeField(allow_null=True)


class Stats(s.Serializer[Any]):
    creatorId = s.CharField()
    totalFans = s.IntegerField()
    fansWithMemory = s.IntegerField()
    totalMessages = s.IntegerField()
    totalInteractions = s.IntegerField()
    totalPurchases = s.IntegerField()
    totalTips = s.IntegerField()
    totalRevenue = s.FloatField()
    avgEngagementScore = s.FloatField(allow_null=True)
    calibratedProfiles = s.IntegerField()
    pendingLearning = s.IntegerField()
    lastUpdated = s.DateTimeField(allow_null=True)


class MessagePage(s.Serializer[Any]):
    messages = Message(many=True, help_text="Newest first.")
    nextCursor = s.CharField(allow_null=True)


class Why(s.Serializer[Any]):
    trait = s.CharField()
    before = s.JSONField()
    after = s.JSONField()
    rule = s.CharField()
    numbers = s.DictField(child=s.FloatField(), help_text="What the rule looked at.")
    evidence = s.ListField(child=s.UUIDField(), help_text="The latest messages it stands on.")


class PersonalityChange(s.Serializer[Any]):
    id = s.UUIDField()
    reason = _one_of(ChangeReason)
    actor = s.CharField()
    before = s.DictField()
    after = s.DictField()
    why = Why(many=True, help_text="Of what was learnt; empty for what was done by hand.")
    timestamp = s.DateTimeField()


class Export(s.Serializer[Any]):
    fanId = s.CharField()
    creatorId = s.CharField()
    exportedAt = s.DateTimeField()
    messages = Message(many=True)
    interactions = OtherInteraction(many=True)
    personalityProfile = PersonalityProfile()
    personalityHistory = PersonalityChange(many=True)
    preferences = Preferences()
    emotionalState = EmotionalState()
    engagementMetrics = EngagementMetrics()
    counts = s.DictField(child=s.IntegerField())


class ConsentState(s.Serializer[Any]):
    purpose = _one_of(Purpose)
    action = _one_of(ConsentAction, allow_null=True, help_text="Null: the fan never decided.")
    permitted = s.BooleanField(help_text="Restriction and objection included.")
    expressedAt = s.DateTimeField(allow_null=True)
    method = s.CharField(allow_null=True)
    noticeVersion = s.CharField(allow_null=True)
    receiptId = s.UUIDField(allow_null=True)


class Consents(s.Serializer[Any]):
    fanId = s.CharField()
    creatorId = s.CharField()
    consents = ConsentState(many=True, help_text="One for each purpose.")
    restricted = s.BooleanField(help_text="Art. 18: the data is stored and not used.")
    objected = s.BooleanField(help_text="Art. 21: no profiling.")


class ConsentReceipt(s.Serializer[Any]):
    schemaVersion = s.CharField()
    receiptId = s.UUIDField()
    piiPrincipalId = s.UUIDField(allow_null=True, help_text="Random; stands for the fan.")
    piiController = s.CharField()
    purpose = _one_of(Purpose)
    event = s.DictField()
    notice = s.DictField()
    lawfulBasis = s.ListField(child=s.CharField())
    withdrawal = s.CharField()


class Done(s.Serializer[Any]):
    success = s.BooleanField()
    correlationId = s.CharField()
    timestamp = s.DateTimeField()


class DoneMany(Done):
    count = s.IntegerField()


class Cleared(Done):
    message = s.CharField()
    requestId = s.UUIDField(help_text="Of the erasure; its receipt is found by it.")


class Circuit(s.Serializer[Any]):
    name = s.CharField(help_text="What is asked: database, keys, cache, broker, ...")
    state = s.ChoiceField(choices=CIRCUIT_STATES)
    failures = s.IntegerField(help_text="In the window.")
    successes = s.IntegerField(help_text="Since the process started.")
    openedCount = s.IntegerField(help_text="How often it opened since then.")
    lastFailureAt = s.DateTimeField(allow_null=True)
    lastFailure = s.CharField(allow_null=True, help_text="The type of the error.")
    retryInSeconds = s.FloatField(help_text="Until the next call may try; 0 where it may now.")


class ProcessCircuits(s.Serializer[Any]):
    process = s.IntegerField(help_text="The process id.")
    service = s.CharField(help_text="web, worker, beat or command.")
    states = s.DictField(child=s.ChoiceField(choices=CIRCUIT_STATES), help_text="By name.")


class Circuits(s.Serializer[Any]):
    process = s.IntegerField(help_text="The process that answers; the circuits are its own.")
    circuits = Circuit(many=True)
    processes = ProcessCircuits(many=True)


def envelope(name: str, data: Any, **more: s.Field[Any, Any, Any, Any]) -> Any:
    """Return the success envelope around ``data``."""
    fields = {"data": data, **more, "correlationId": s.CharField(), "timestamp": s.DateTimeField()}
    return inline_serializer(name, fields=fields)


CONTEXT = envelope("ContextAnswer", MemoryContext())
PREFERENCES = envelope("PreferencesAnswer", Preferences())
MANY_PREFERENCES = envelope("ManyPreferencesAnswer", s.DictField(child=Preferences()))
PERSONALITY = envelope("PersonalityAnswer", PersonalityProfile())
HISTORY = envelope("PersonalityHistoryAnswer", PersonalityChange(many=True))
STATS = envelope("StatsAnswer", Stats())
EXPORT = envelope("ExportAnswer", Export())
SCORE = envelope("EngagementScoreAnswer", EngagementScore())
MESSAGES = envelope("MessagesAnswer", MessagePage())
BULK = envelope("BulkAnswer", s.DictField(child=MemoryContext()), count=s.IntegerField())
CIRCUITS = envelope("CircuitsAnswer", Circuits())
CONSENTS = envelope("ConsentsAnswer", Consents())
CONSENT_RECEIPT = envelope("ConsentReceiptAnswer", ConsentReceipt())
