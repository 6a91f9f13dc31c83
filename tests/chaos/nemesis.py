"""Who breaks things: a schedule made from a seed, carried out one fault after another, and written down.

A schedule is JSON, and the same schedule can be given again: a run that found something can be repeated.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import psutil

from tests.chaos.faults import FAULTS, Impossible, wait_until_back
from tests.chaos.stack import Stack, StackError

# A pause between 80 and 120 % of what the table says, so that faults fall on ever other moments.
JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Spec:
    """One fault to come.

    Args:
        after: seconds since the one before was over and everything was back.
        seconds: how long it lasts.
        with_: what else the fault wants to know: target, latency_seconds, table, ...
    """

    fault: str
    after: float
    seconds: float = 0.0
    with_: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One fault that was, by the machine's monotonic clock.

    Args:
        ended_at: when the fault was over.
        back_at: when all processes ran and answered again; not when the product had noticed.
        missing: what did not come back by itself.
        skipped: why there was no fault, where there was none.
    """

    spec: Spec
    started_at: float
    ended_at: float
    back_at: float
    missing: list[str] = field(default_factory=list)
    skipped: str = ""

    @property
    def target(self) -> str:
        return str(self.spec.with_.get("target", ""))

    @property
    def is_web_down(self) -> bool:
        return self.target.startswith("web") or self.spec.fault == "few_files"


def schedule(seed: int, name: str, faults: Sequence[Spec], *, rounds: int = 1) -> list[Spec]:
    """Repeat `faults` for some rounds, at moments that follow from the seed."""
    chance = random.Random(f"{seed}-{name}")
    return [
        Spec(one.fault, round(one.after * chance.uniform(1 - JITTER, 1 + JITTER), 3), one.seconds, dict(one.with_))
        for _ in range(rounds)
        for one in faults
    ]


def carry_out(
    stack: Stack, specs: Iterable[Spec], *, seed: int, say: Callable[[str], None], wait_back: bool = True
) -> list[Event]:
    """Carry out a schedule; the same seed draws the same victims among the same processes."""
    chance = random.Random(seed)
    events = []
    for spec in specs:
        time.sleep(spec.after)
        event = _carry_out(stack, spec, chance, wait_back=wait_back)
        say(_line(event))
        events.append(event)
    return events


def _carry_out(stack: Stack, spec: Spec, chance: random.Random, *, wait_back: bool) -> Event:
    started_at = time.monotonic()
    try:
        with FAULTS[spec.fault](stack, chance=chance, **spec.with_):
            time.sleep(spec.seconds)
    except (Impossible, StackError, IndexError, psutil.NoSuchProcess) as error:
        now = time.monotonic()
        return Event(spec, started_at, now, now, skipped=f"{type(error).__name__}: {error}")
    ended_at = time.monotonic()
    if not wait_back:
        return Event(spec, started_at, ended_at, ended_at)
    # A process that was just killed may still look alive for a moment.
    time.sleep(0.2)
    back_at, missing = wait_until_back(stack)
    return Event(spec, started_at, ended_at, back_at, missing)


def _line(event: Event) -> str:
    what = " ".join([event.spec.fault, *(f"{name}={value}" for name, value in event.spec.with_.items())])
    if event.skipped:
        return f"  {what}: not done, {event.skipped}"
    back = f"back {event.back_at - event.ended_at:.1f} s after it"
    return f"  {what} for {event.ended_at - event.started_at:.1f} s; " + (
        f"MISSING {', '.join(event.missing)}" if event.missing else back
    )


def as_json(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [asdict(event) for event in events]


def events_of_json(values: Sequence[dict[str, Any]]) -> list[Event]:
    return [Event(**{**value, "spec": Spec(**value["spec"])}) for value in values]


def specs_of_json(values: Sequence[dict[str, Any]]) -> list[Spec]:
    return [Spec(**value) for value in values]
