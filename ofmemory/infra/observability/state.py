"""How things stand: what is found by looking, when somebody scrapes, instead of being counted on the way.

Rooms say in ``apps.ready()`` what can be looked at. Each part is looked at in a thread of its own, at most every 15 s
in a process, and the more rarely the longer it takes: no part keeps a database busy for more than 1 % of the time. A
part that fails or hangs is left out, and ``ofmemory_state_ok`` says which.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from ofmemory.infra.observability.watched import Watched

FRESH_SECONDS: Final = 15.0
SHARE: Final = 0.01
# So long a scrape waits for parts that are being looked at.
PATIENCE_SECONDS: Final = 1.0
# A part that takes longer hangs, or is too dear: it does not count as seen any more.
HANGING_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One gauge that was read.

    Args:
        name: with its unit.
        help: one sentence; the same for every reading of that name.
        labels: never of a creator or fan.
    """

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


_parts: dict[str, Watched[list[Reading]]] = {}


def register_state(part: str, read: Callable[[], Iterable[Reading]]) -> None:
    """Let ``read`` be asked for the readings of ``part``. It may raise; it may hang."""
    _parts[part] = Watched(lambda: list(read()), fresh_seconds=FRESH_SECONDS, share=SHARE)


def _after_fork() -> None:
    for watched in _parts.values():
        watched.reset()


os.register_at_fork(after_in_child=_after_fork)


class State:
    """All parts, as the library wants to collect them."""

    def collect(self) -> Iterator[Metric]:
        parts = dict(_parts)
        for watched in parts.values():
            watched.start()
        until = time.monotonic() + PATIENCE_SECONDS
        for watched in parts.values():
            watched.wait(until - time.monotonic())
        seen = {part: _is_seen(watched) for part, watched in parts.items()}
        yield from _families(reading for part in seen if seen[part] for reading in parts[part].answer or ())
        yield from _families(
            Reading("ofmemory_state_ok", "1 where this part could be looked at.", float(seen[part]), {"part": part})
            for part in seen
        )


def _is_seen(watched: Watched[list[Reading]]) -> bool:
    return watched.answer is not None and watched.asking_seconds < HANGING_SECONDS


def _families(readings: Iterable[Reading]) -> Iterable[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for reading in readings:
        names = sorted(reading.labels)
        if reading.name not in families:
            families[reading.name] = GaugeMetricFamily(reading.name, reading.help, labels=names)
        families[reading.name].add_metric([reading.labels[name] for name in names], reading.value)
    return families.values()
