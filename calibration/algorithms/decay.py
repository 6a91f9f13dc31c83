"""Forgetting: what is old counts less, by half in every half-life."""

from dataclasses import dataclass
from datetime import datetime

DAY_SECONDS = 86_400.0


def weight(age_days: float, half_life_days: float) -> float:
    """Return ``2 ** (-age / half_life)``, 1 for what is not older than now.

    Args:
        age_days: what is negative counts as 0.
        half_life_days: > 0.
    """
    return float(0.5 ** (max(age_days, 0.0) / half_life_days))


def days_between(earlier: datetime, later: datetime) -> float:
    """Return the days from ``earlier`` to ``later``; negative where they are the other way round."""
    return (later - earlier).total_seconds() / DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Decayed:
    """A sum whose terms fade.

    Args:
        value: as of ``at``.
        at: the instant of its latest term; None before the first.
    """

    value: float = 0.0
    at: datetime | None = None

    def add(self, term: float, at: datetime, half_life_days: float) -> "Decayed":
        """Return the sum with one more term, which is not earlier than the others."""
        return Decayed(self.as_of(at, half_life_days) + term, at)

    def as_of(self, at: datetime, half_life_days: float) -> float:
        """Return what is left of the sum at a later instant."""
        if self.at is None:
            return 0.0
        return self.value * weight(days_between(self.at, at), half_life_days)
