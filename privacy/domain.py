"""Whose data it is, what may be done with it, and what a request about it goes through; plain values."""

from dataclasses import dataclass
from enum import IntFlag, StrEnum


@dataclass(frozen=True, slots=True)
class Pair:
    """One (creator, fan). Every datum belongs to exactly one. An empty fan stands for the creator's own data."""

    creator_id: str
    fan_id: str


class Purpose(StrEnum):
    """What a fan's data is processed for (GDPR Art. 5(1)(b)); consent is asked for each by itself."""

    MEMORY = "memory"
    PERSONALISATION = "personalisation"
    EMOTION_ANALYSIS = "emotion_analysis"
    PURCHASE_PROFILING = "purchase_profiling"


class Category(StrEnum):
    """What kind of datum a column holds."""

    IDENTIFIER = "identifier"
    CONVERSATION = "conversation"
    COMMERCE = "commerce"
    ACTIVITY = "activity"
    PROFILE = "profile"
    STAFF = "staff"
    TECHNICAL = "technical"


class Origin(StrEnum):
    """Where a datum comes from: the fan gave it, we saw it happen, or we concluded it.

    Art. 20 covers what was provided or observed, Art. 15 all three (EDPB guidelines on portability, WP242 rev.01).
    """

    PROVIDED = "provided"
    OBSERVED = "observed"
    INFERRED = "inferred"


class OnErasure(StrEnum):
    """What an erasure does with the rows of a table."""

    DELETE = "delete"
    ANONYMISE = "anonymise"
    PRESERVE = "preserve"


class Limit(IntFlag):
    """What must not be done with a pair's data. Kept on the pair's lock row, so that writers and readers see it."""

    NONE = 0
    NO_MEMORY = 1
    NO_PERSONALISATION = 2
    NO_EMOTION_ANALYSIS = 4
    NO_PURCHASE_PROFILING = 8
    # Art. 18: stored, and nothing else.
    RESTRICTED = 16
    # Art. 21: no profiling.
    OBJECTED = 32


NOT_CONSENTED: dict[Purpose, Limit] = {
    Purpose.MEMORY: Limit.NO_MEMORY,
    Purpose.PERSONALISATION: Limit.NO_PERSONALISATION,
    Purpose.EMOTION_ANALYSIS: Limit.NO_EMOTION_ANALYSIS,
    Purpose.PURCHASE_PROFILING: Limit.NO_PURCHASE_PROFILING,
}


# What learning is for, each consented to by itself.
PROFILING = frozenset({Purpose.PERSONALISATION, Purpose.EMOTION_ANALYSIS, Purpose.PURCHASE_PROFILING})


def allows(limits: Limit, purpose: Purpose) -> bool:
    """Return whether a pair's data may be used for the purpose. Whoever may not be remembered may not be profiled."""
    against = Limit.RESTRICTED | Limit.NO_MEMORY | NOT_CONSENTED[purpose]
    return not limits & (against | Limit.OBJECTED if purpose in PROFILING else against)


class RequestKind(StrEnum):
    """What a person asked for."""

    ERASURE = "erasure"
    EXPORT = "export"


class RequestStatus(StrEnum):
    """How far a request has come. It only moves forward, but for BLOCKED, which goes on when the hold is released."""

    RECEIVED = "received"
    IDENTIFIED = "identified"
    APPROVED = "approved"
    EXECUTING = "executing"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    DENIED = "denied"


OPEN_STATUSES = (
    RequestStatus.RECEIVED,
    RequestStatus.IDENTIFIED,
    RequestStatus.APPROVED,
    RequestStatus.EXECUTING,
    RequestStatus.BLOCKED,
)


class ErasureStep(StrEnum):
    """The steps of an erasure, in their order. Each may be repeated without harm."""

    ROWS = "rows"
    CACHES = "caches"
    QUEUES = "queues"
    KEYS = "keys"
    VERIFY = "verify"
    RECEIPT = "receipt"


class ConsentAction(StrEnum):
    GIVEN = "given"
    WITHDRAWN = "withdrawn"
