"""What the product promises, and whether a run kept it. A miss is told, never a failure: machines differ."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Metric = Literal["ratio", "per_second", "p95_ms", "memory_mb"]
MEMORY: Final = "memory"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on one number of one case: at least for ``ratio`` and ``per_second``, at most for the others."""

    case: str
    metric: Metric
    bound: float

    @property
    def is_minimum(self) -> bool:
        return self.metric in ("ratio", "per_second")


TARGETS: Final = (
    Target("hit", "ratio", 0.5),
    Target("hit", "per_second", 2500),
    Target("hit", "p95_ms", 50),
    Target("sealed", "ratio", 0.9),
    Target("watched", "ratio", 0.75),
    Target("miss", "p95_ms", 200),
    Target("save", "ratio", 0.15),
    Target("save", "per_second", 500),
    Target("save", "p95_ms", 100),
    Target("score", "p95_ms", 50),
    Target("bulk_hit", "p95_ms", 2000),
    Target("bulk_miss", "p95_ms", 2000),
    Target("mixed_reads", "per_second", 990),
    Target("mixed_reads", "p95_ms", 300),
    Target("mixed_saves", "per_second", 495),
    Target("mixed_saves", "p95_ms", 300),
    Target(MEMORY, "memory_mb", 150),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target beside what was measured.

    Args:
        margin: how far on the good side, as a part of the bound; negative where it was missed.
    """

    target: Target
    measured: float
    margin: float

    @property
    def is_met(self) -> bool:
        return self.margin >= 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self.target) | {
            "measured": round(self.measured, 3),
            "met": self.is_met,
            "margin": round(self.margin, 3),
        }


def judge(summaries: Mapping[str, Mapping[str, Any]], memory_mb: Sequence[float]) -> list[Verdict]:
    """Return a verdict for each target of a case that was measured."""
    numbers = {name: summary for name, summary in summaries.items() if summary["requests"]} | (
        {MEMORY: {"memory_mb": max(memory_mb)}} if memory_mb else {}
    )
    found = [(target, _value(numbers.get(target.case, {}), target.metric)) for target in TARGETS]
    return [_verdict(target, value) for target, value in found if value is not None]


def _value(summary: Mapping[str, Any], metric: Metric) -> float | None:
    value = summary.get(metric)
    return value["median"] if isinstance(value, Mapping) else value


def _verdict(target: Target, value: float) -> Verdict:
    better = value - target.bound if target.is_minimum else target.bound - value
    return Verdict(target, value, better / target.bound)
