"""What learning keeps between its runs, and what was decided, noticed and said about it.

What concerns a fan belongs to one pair; its lists and JSON are sealed. Priors of a creator are sums over many fans.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from calibration.domain import CueKind, FeedbackSubject, FeedbackVerdict
from memory.domain import Tone
from ofmemory.infra.enumerations import choices_of, one_of
from ofmemory.infra.ids import uuid7
from privacy.fields import SealedBytes, SealedDict, SealedText
from privacy.of_pair import OfPair


class LearntState(OfPair):
    """Everything the learners know of a pair, as of the last interaction they took in.

    It can be made again from the interactions at any time: it is the same as if they had been taken in one by one, in
    the order in which they happened.
    """

    algorithms = models.PositiveSmallIntegerField(help_text="The version of the algorithms that made it.")
    limits = models.PositiveSmallIntegerField(default=0, help_text="What must not be learnt (privacy.domain.Limit).")
    version = models.PositiveIntegerField(default=0, help_text="How often it was stored; who lost a race sees it here.")
    folded_count = models.PositiveIntegerField(default=0, help_text="How many interactions are in it.")
    recounted = models.PositiveIntegerField(
        null=True, help_text="How many interactions there were when it was begun anew; empty once it has caught up."
    )
    folded_to = models.DateTimeField(null=True, help_text="When the latest of them happened.")
    folded_id = models.UUIDField(null=True, help_text="The latest of them.")
    state = SealedBytes()
    failure_count = models.PositiveSmallIntegerField(default=0, help_text="Runs in a row that failed.")
    failed_with = models.CharField(max_length=100, blank=True, default="", help_text="The kind of error; no content.")
    retry_at = models.DateTimeField(null=True, help_text="Not before then; never where it is empty after a failure.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "learnt_states"
        constraints: ClassVar = [models.UniqueConstraint(fields=["creator_id", "fan_id"], name="learnt_state_pair")]
        indexes: ClassVar = [
            models.Index(fields=["retry_at"], condition=Q(failure_count__gt=0), name="learnt_state_failed")
        ]


class ToneDecision(OfPair):
    """Which tone was proposed for one message of ours, how likely each was, and what came of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    turn = models.PositiveIntegerField(help_text="How many interactions there were; one decision for each.")
    tone = models.CharField(max_length=16, choices=choices_of(Tone))
    propensity = models.FloatField(help_text="How likely this tone was.")
    propensities = SealedDict()
    reward = models.FloatField(null=True, blank=True, help_text="0-1; empty until the fan answered or did not.")
    rewarded_by = models.CharField(max_length=8, blank=True, default="", help_text="fan or feedback.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "tone_decisions"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creator_id", "fan_id", "turn"], name="tone_decision_turn"),
            one_of("tone", Tone, "tone_decision_known"),
            models.CheckConstraint(condition=Q(propensity__gt=0, propensity__lte=1), name="tone_decision_propensity"),
            models.CheckConstraint(
                condition=Q(reward__isnull=True) | Q(reward__gte=0, reward__lte=1), name="tone_decision_reward"
            ),
        ]
        indexes: ClassVar = [models.Index(F("creator_id"), F("created_at").desc(), name="tone_decision_recent")]


class Escalation(OfPair):
    """A message in which somebody may need a human: selling stops until a human has looked."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=choices_of(CueKind))
    severity = models.FloatField(help_text="0-1.")
    message_id = models.UUIDField()
    occurred_at = models.DateTimeField(help_text="When it was said.")
    created_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When it was noticed.")
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.CharField(max_length=64, blank=True, default="")
    note = SealedText()

    class Meta:
        db_table = "escalations"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creator_id", "fan_id", "message_id", "kind"], name="escalation_once"),
            one_of("kind", CueKind, "escalation_kind_known"),
        ]
        indexes: ClassVar = [
            models.Index(F("creator_id"), F("occurred_at").desc(), condition=Q(cleared_at=None), name="escalation_open")
        ]


class Feedback(OfPair):
    """What a person said about something that was learnt or proposed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    about = models.CharField(max_length=16, choices=choices_of(FeedbackSubject))
    verdict = models.CharField(max_length=8, choices=choices_of(FeedbackVerdict))
    reference = SealedText(help_text="Which one: the id of a message or decision, or the name of a category.")
    value = SealedText(help_text="What would have been right, where one was named.")
    actor = models.CharField(max_length=64, help_text="user:<id> or key:<id>.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "feedback"
        verbose_name_plural = "feedback"
        constraints: ClassVar = [
            one_of("about", FeedbackSubject, "feedback_about_known"),
            one_of("verdict", FeedbackVerdict, "feedback_verdict_known"),
        ]
        indexes: ClassVar = [
            models.Index(F("creator_id"), F("fan_id"), F("created_at").desc(), name="feedback_pair_recent")
        ]


class CreatorPriors(models.Model):
    """What is usual among a creator's fans: what a fan nothing is known about is taken for."""

    creator_id = models.CharField(max_length=255, primary_key=True)
    priors = models.JSONField(default=dict)
    pair_count = models.PositiveIntegerField(default=0, help_text="Over how many fans.")
    fitted_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "creator_priors"
        verbose_name_plural = "creator priors"

    def __str__(self) -> str:
        return self.creator_id
