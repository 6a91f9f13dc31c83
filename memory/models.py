"""The five tables of what is known about a fan, the interactions behind them, and what keeps writes single.

Every unique constraint holds ``creator_id``, so that the tables can be spread over servers by creator. There is no
foreign key to accounts: a key check on every insert would serialise on the creator's row.

What was said and what was learnt is sealed with the pair's key (``privacy.fields``); identifiers, labels, numbers and
times are in the clear, so that constraints, statistics and indexes work.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from memory.domain import (
    USUALLY_TRIED,
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
from ofmemory.infra.enumerations import choices_of, one_of
from ofmemory.infra.ids import uuid7
from privacy.fields import SealedBytes, SealedDict, SealedList, SealedText
from privacy.of_pair import OfPair

EXTERNAL_ID_HELP = "Keyed digest of the platform's own id: enough to recognise a second report by."
UNIT_RANGE = (MinValueValidator(0.0), MaxValueValidator(1.0))


def _unit(field: str, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__gte": 0, f"{field}__lte": 1}), name=name)


class FanMemory(OfPair):
    """One message. Two messages of a pair never share an instant; the later one moves on by a microsecond."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message_content = SealedText()
    sender = models.CharField(max_length=7, choices=choices_of(Sender))
    sentiment = models.CharField(max_length=8, choices=choices_of(Sentiment), null=True, blank=True)
    topics = SealedList()
    reading = SealedDict(help_text="What was read from the words: probabilities, emotions, language, and by what.")
    metadata = SealedDict()
    external_id = models.CharField(max_length=64, blank=True, default="", help_text=EXTERNAL_ID_HELP)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "fan_memories"
        verbose_name = "message"
        constraints: ClassVar = [
            # Unique (fan_id, creator_id, created_at), and at once the index for a pair's newest messages.
            models.UniqueConstraint(F("fan_id"), F("creator_id"), F("created_at").desc(), name="fan_memory_instant"),
            models.UniqueConstraint(
                fields=["fan_id", "creator_id", "external_id"],
                condition=~Q(external_id=""),
                name="fan_memory_external_id",
            ),
            one_of("sender", Sender, "fan_memory_sender_known"),
            one_of("sentiment", Sentiment, "fan_memory_sentiment_known"),
        ]
        indexes: ClassVar = [
            models.Index(F("created_at").desc(), name="fan_memory_recent"),
            models.Index(fields=["sentiment"], condition=Q(sentiment__isnull=False), name="fan_memory_sentiment"),
        ]


class Interaction(OfPair):
    """Something other than a message: a purchase, tip, like, view or a declined offer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(
        max_length=16, choices=[c for c in choices_of(InteractionType) if c[0] != InteractionType.MESSAGE]
    )
    sender = models.CharField(max_length=7, choices=choices_of(Sender), default=Sender.FAN)
    amount = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    content = SealedText()
    metadata = SealedDict()
    external_id = models.CharField(max_length=64, blank=True, default="", help_text=EXTERNAL_ID_HELP)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "interactions"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fan_id", "creator_id", "external_id"],
                condition=~Q(external_id=""),
                name="interaction_external_id",
            ),
            models.CheckConstraint(
                condition=Q(type__in=[t.value for t in InteractionType if t is not InteractionType.MESSAGE]),
                name="interaction_type_known",
            ),
            one_of("sender", Sender, "interaction_sender_known"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="interaction_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(type__in=["purchase", "tip"]) | (Q(amount__isnull=False) & ~Q(currency="")),
                name="interaction_paid_has_amount",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("fan_id"), F("creator_id"), F("created_at").desc(), name="interaction_pair_recent"),
            models.Index(F("creator_id"), F("created_at").desc(), name="interaction_creator_recent"),
        ]


class FanPreferences(OfPair):
    """What a fan likes, talks about and buys. A pinned entry was set by hand and is never overwritten by learning."""

    content_preferences = SealedDict()
    topic_interests = SealedDict()
    purchase_patterns = SealedList()
    communication_preferences = SealedDict()
    pinned = SealedDict(help_text="Names set by hand, by part.")
    last_updated = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "fan_preferences"
        verbose_name_plural = "fan preferences"
        constraints: ClassVar = [models.UniqueConstraint(fields=["fan_id", "creator_id"], name="fan_preferences_pair")]


class Persona(models.Model):
    """A manner of speaking: how to talk with a fan."""

    tone = models.CharField(max_length=16, choices=choices_of(Tone), default=Tone.FRIENDLY)
    emoji_frequency = models.FloatField(default=0.5, validators=UNIT_RANGE)
    message_length_preference = models.CharField(
        max_length=8, choices=choices_of(MessageLength), default=MessageLength.MEDIUM
    )
    punctuation_style = models.CharField(
        max_length=8, choices=choices_of(PunctuationStyle), default=PunctuationStyle.CASUAL
    )
    preferred_emojis = models.JSONField(default=list, blank=True)
    response_speed = models.CharField(max_length=16, choices=choices_of(ResponseSpeed), default=ResponseSpeed.MODERATE)

    class Meta:
        abstract = True


def _persona_constraints(prefix: str) -> list[models.BaseConstraint]:
    return [
        one_of("tone", Tone, f"{prefix}_tone_known"),
        _unit("emoji_frequency", f"{prefix}_emoji_range"),
        one_of("message_length_preference", MessageLength, f"{prefix}_length_known"),
        one_of("punctuation_style", PunctuationStyle, f"{prefix}_punct_known"),
        one_of("response_speed", ResponseSpeed, f"{prefix}_speed_known"),
    ]


def usually_tried() -> list[str]:
    return [tone.value for tone in USUALLY_TRIED]


class CreatorPersona(Persona):
    """How a creator speaks to fans nothing is known about yet, and which tones learning may try with them."""

    creator_id = models.CharField(max_length=255, primary_key=True)
    tried_tones = ArrayField(
        models.CharField(max_length=16, choices=choices_of(Tone)),
        default=usually_tried,
        blank=True,
        help_text="Tones that learning may try with a fan, beside this one.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "creator_personas"
        constraints: ClassVar = _persona_constraints("persona")

    def __str__(self) -> str:
        return self.creator_id


class PersonalityProfile(OfPair, Persona):  # noqa: DJ008 - OfPair has one
    """The manner of speaking that works with one fan. ``locked_traits`` were set by hand: learning leaves them."""

    preferred_emojis = SealedList()
    confidence_score = models.FloatField(default=0.0, validators=UNIT_RANGE)
    interaction_count = models.PositiveIntegerField(default=0)
    locked_traits = models.JSONField(default=list, blank=True)
    last_calibrated = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "personality_profiles"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fan_id", "creator_id"], name="personality_pair"),
            _unit("confidence_score", "personality_confidence_range"),
            *_persona_constraints("personality"),
        ]


class PersonalityChange(OfPair):
    """One change of a profile: who or what changed it, why, and both sides of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reason = models.CharField(max_length=16, choices=choices_of(ChangeReason))
    actor = models.CharField(max_length=64, help_text="user:<id>, key:<id> or the name of the learner.")
    before = SealedDict()
    after = SealedDict()
    why = SealedList(help_text="Of what was learnt: trait, rule, numbers, and the messages behind it.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "personality_changes"
        indexes: ClassVar = [
            models.Index(F("fan_id"), F("creator_id"), F("created_at").desc(), name="personality_change_recent")
        ]
        constraints: ClassVar = [one_of("reason", ChangeReason, "personality_change_reason")]


class EngagementMetrics(OfPair):
    """Counters of a pair. This row is the pair's existence, and its lock: every writer of the pair updates it."""

    engagement_score = models.FloatField(default=0.5, db_default=0.5, validators=UNIT_RANGE)
    total_messages = models.PositiveIntegerField(default=0, db_default=0)
    total_purchases = models.PositiveIntegerField(default=0, db_default=0)
    total_tips = models.PositiveIntegerField(default=0, db_default=0)
    total_interactions = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Messages and all others; also the pair's version for learning."
    )
    learnt_interactions = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The value of total_interactions that learning has taken in."
    )
    learnt_at = models.DateTimeField(null=True, blank=True)
    total_revenue = models.DecimalField(max_digits=10, decimal_places=2, default=0, db_default=0)
    key_id = models.BigIntegerField(default=0, db_default=0, help_text="The data key that seals what is new.")
    limits = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="What must not be done with the pair's data (privacy.domain.Limit)."
    )
    ppv_hold = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Messages of ours that are still to pass without an offer."
    )
    selling_stopped = models.BooleanField(
        default=False, db_default=False, help_text="Until a human has looked at what the fan said."
    )
    avg_response_time_seconds = models.FloatField(null=True, blank=True)
    first_interaction = models.DateTimeField(null=True)
    last_interaction = models.DateTimeField(null=True)
    last_fan_interaction = models.DateTimeField(null=True, help_text="The last thing the fan did, not we.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "engagement_metrics"
        verbose_name_plural = "engagement metrics"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creator_id", "fan_id"], name="engagement_pair"),
            _unit("engagement_score", "engagement_score_range"),
            models.CheckConstraint(condition=Q(total_revenue__gte=0), name="engagement_revenue_not_negative"),
            models.CheckConstraint(
                condition=Q(learnt_interactions__lte=F("total_interactions")), name="engagement_learnt_within_total"
            ),
        ]
        # No index on a column that every save changes: without one PostgreSQL updates the row in place (HOT).
        indexes: ClassVar = [models.Index(F("engagement_score").desc(), name="engagement_score_desc")]


class EmotionalState(OfPair):
    """The fan's mood, now and over the last 30 days."""

    current_sentiment = models.CharField(max_length=8, choices=choices_of(Sentiment), default=Sentiment.NEUTRAL)
    sentiment_history = SealedList()
    dominant_emotions = SealedList()
    engagement_level = models.CharField(
        max_length=8, choices=choices_of(EngagementLevel), default=EngagementLevel.MEDIUM
    )
    last_positive_interaction = models.DateTimeField(null=True, blank=True)
    last_negative_interaction = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "emotional_states"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fan_id", "creator_id"], name="emotional_state_pair"),
            one_of("current_sentiment", Sentiment, "emotional_sentiment_known"),
            one_of("engagement_level", EngagementLevel, "emotional_engagement_known"),
        ]


class IdempotentAnswer(OfPair):
    """What was answered to a request that carried an Idempotency-Key; written in the transaction of the write."""

    key_digest = models.BinaryField(max_length=32)
    fingerprint = models.BinaryField(max_length=32, help_text="Keyed digest of method, path and body.")
    fan_id = models.CharField(max_length=255, blank=True, default="", help_text="Whom the request was about, if one.")
    status = models.PositiveSmallIntegerField(null=True)
    body = SealedBytes(row_field="key_digest")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "idempotent_answers"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creator_id", "key_digest"], name="idempotent_answer_key")
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="idempotent_answer_age"),
            models.Index(fields=["creator_id", "fan_id"], condition=~Q(fan_id=""), name="idempotent_answer_pair"),
        ]


class ImportRun(models.Model):
    """How far an import of history has come, so that a second start goes on where the first one stopped."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    creator_id = models.CharField(max_length=255)
    file_digest = models.BinaryField(max_length=32)
    lines_done = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    duplicate_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_runs"
        constraints: ClassVar = [models.UniqueConstraint(fields=["creator_id", "file_digest"], name="import_run_once")]

    def __str__(self) -> str:
        return f"{self.creator_id} {self.started_at}"
