"""The order of a run: rounds in which each case and its floor take turns, then the fixed rates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

import psutil

from bench import cases
from bench.drivers import Driver, OwnDriver, Sample
from bench.stack import Stack

MIXED_RATES: Final = {"reads": 1000.0, "saves": 500.0}
# More than the fixed rates keep busy while every request is answered within 50 ms.
MIXED_CONNECTIONS: Final = 64
WARM_UP_SECONDS: Final = 1.0
# Numbers that one measurement may use for new ids.
NUMBERS_EACH: Final = 10_000_000


@dataclass(slots=True)
class Measurement:
    """All rounds of one case, and of the floor beside it (none: the case has no floor)."""

    samples: list[Sample] = field(default_factory=list)
    floor_samples: list[Sample] = field(default_factory=list)
    cache_state: str = ""

    @property
    def errors(self) -> int:
        return sum(sample.errors for sample in self.samples)

    @property
    def ratios(self) -> list[float]:
        """Case to floor, of each round."""
        pairs = zip(self.samples, self.floor_samples, strict=False)
        return [case.per_second / floor.per_second for case, floor in pairs if floor.per_second]

    @property
    def cache_share(self) -> float | None:
        """How much of the answers came from where the case says; None where it says nothing."""
        if not self.cache_state:
            return None
        counted = sum(sum(sample.cache.values()) for sample in self.samples)
        return sum(sample.cache.get(self.cache_state, 0) for sample in self.samples) / counted if counted else 0.0

    def summary(self) -> dict[str, Any]:
        ratios = self.ratios
        return {
            **_medians(self.samples),
            "cache_share": self.cache_share,
            "floor": _medians(self.floor_samples) if self.floor_samples else None,
            "ratio": {"median": median(ratios), "min": min(ratios), "max": max(ratios)} if ratios else None,
        }


def _medians(samples: Sequence[Sample]) -> dict[str, Any]:
    requests = sum(sample.requests for sample in samples)
    numbers = {name: median(getattr(s, name) for s in samples) for name in ("per_second", "p50_ms", "p95_ms", "p99_ms")}
    return {
        "requests": requests,
        "errors": sum(sample.errors for sample in samples),
        "bytes_per_request": round(sum(sample.bytes for sample in samples) / requests) if requests else 0,
        **{name: round(value, 3) for name, value in numbers.items()},
        "per_second_of_rounds": [round(sample.per_second, 1) for sample in samples],
        "cache": {state: sum(s.cache.get(state, 0) for s in samples) for state in ("hit", "miss", "degraded")},
        "first_error": next((sample.first_error for sample in samples if sample.first_error), ""),
    }


class Run:
    """One run of the benchmark over a running stack.

    Args:
        only: names of the cases to run.
        clients: connections at a time, of cases and floors.
        say: takes each line of progress.
    """

    def __init__(
        self,
        stack: Stack,
        driver: Driver,
        *,
        only: Sequence[str],
        clients: int,
        seconds: float,
        say: Callable[[str], None],
    ) -> None:
        self._stack, self._driver, self._clients, self._seconds, self._say = stack, driver, clients, seconds, say
        self._cases = [case for name, case in cases.all_cases(stack, clients).items() if name in only]
        self._with_mixed = cases.MIXED in only
        self._numbers = 0

    def measure(self, rounds: int) -> dict[str, Measurement]:
        results = {case.name: Measurement(cache_state=case.cache_state) for case in self._cases}
        for case in self._cases:
            self._run_case(case, min(self._seconds, WARM_UP_SECONDS))
        for number in range(1, rounds + 1):
            for case in self._cases:
                self._say(f"round {number} of {rounds}: {cases.CASES[case.name]}")
                self._one_round(case, results[case.name])
        return results | (self._mixed(rounds) if self._with_mixed else {})

    def _one_round(self, case: cases.Case, result: Measurement) -> None:
        result.samples.append(self._run_case(case, self._seconds))
        if floor := cases.FLOORS.get(case.name):
            sample = cases.run_floor(floor, self._stack, self._driver, self._clients, self._seconds)
            result.floor_samples.append(sample)

    def _run_case(self, case: cases.Case, seconds: float) -> Sample:
        return cases.run_case(case, self._stack, self._driver, seconds, self._first_number())

    def _mixed(self, rounds: int) -> dict[str, Measurement]:
        results: dict[str, Measurement] = {f"mixed_{name}": Measurement() for name in MIXED_RATES}
        workloads = cases.mixed_rates(self._stack, MIXED_CONNECTIONS, MIXED_RATES)
        for number in range(1, rounds + 1):
            self._say(f"round {number} of {rounds}: reads and saves at fixed rates")
            cases.warm(self._stack)
            self._stack.settle()
            samples = OwnDriver().run_at_rates(workloads, self._seconds, self._first_number())
            for name, sample in samples.items():
                results[f"mixed_{name}"].samples.append(sample)
        return results

    def _first_number(self) -> int:
        self._numbers += NUMBERS_EACH
        return self._numbers


def worker_memory_mb(processes: Sequence[psutil.Process]) -> list[dict[str, float]]:
    """Return the memory of each process: resident (rss), and with shared pages divided fairly (pss, Linux only)."""
    found = []
    for process in processes:
        full = process.memory_full_info()
        found.append({"rss": full.rss / 1e6, "pss": getattr(full, "pss", full.rss) / 1e6})
    return [{name: round(value, 1) for name, value in one.items()} for one in found]
