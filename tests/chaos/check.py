"""The rules. They look at the logs of clients and nemesis and at the state at the end, past the product's code.

Nothing that was acknowledged is lost, nothing is there twice, nobody sees what is another's or older than what was
acknowledged before they asked; what was erased is gone; nobody waits beyond the deadline; every refusal says when to
come back; and everything is well again, by itself, in the time that is stated.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.chaos.log import Attempt
from tests.chaos.measures import is_bad, recoveries
from tests.chaos.nemesis import Event

Pair = tuple[str, str]

# What a request may take, in seconds, and how much later its end may be seen by the client.
DEADLINES: Final[Mapping[str, float]] = {
    "context": 5.0,
    "messages": 5.0,
    "score": 3.0,
    "preferences": 3.0,
    "save": 5.0,
    "tip": 5.0,
    "event": 5.0,
    "nickname": 5.0,
    "emoji": 5.0,
    "calibrate": 5.0,
    "export": 30.0,
    "erase": 30.0,
}
LATE_SECONDS: Final = 0.5
# A context and a page show so many messages.
SHOWN: Final = 50
# After Redis was frozen or out of reach, what it held from before may be answered for so long.
STALE_SECONDS: Final = 1.0
NEVER: Final = math.inf
# How well things went on a machine that may have been busy; all other rules are about what may never happen.
TIMED: Final = frozenset({"late", "recovery", "error", "learning", "breaker"})

Errors = Literal["none", "during", "any"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one experiment may show.

    Args:
        errors: 5xx and broken connections: none at all (but of a web server that is dead), during a fault and
            `recovery_seconds` after it, or at any time.
        recovery_seconds: from the moment when all processes run again to the last failure.
        caught_up_seconds: from the end to the moment when nothing is left to learn.
        ordered: False where clocks are moved: which messages are the last 50 is anybody's guess then.
    """

    errors: Errors = "during"
    recovery_seconds: float = 10.0
    caught_up_seconds: float = 60.0
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """What was found at the end.

    Args:
        listed: of each pair the keys of all its messages and other interactions, from an export; None: it was a 404.
        nicknames: of each pair, from the same export.
        rows: of each pair the counters, and what they should be by the rows.
        erased_rows: where rows of erased fans were found: "table creator fan".
        pending: interactions that were not learnt from at the last look; `caught_up_seconds` how long that took.
        open_breakers: which were not closed at the end, with what was said of them.
        replaced: the parts whose process is another one than at the beginning.
    """

    listed: Mapping[Pair, list[str] | None] = field(default_factory=dict)
    nicknames: Mapping[Pair, str] = field(default_factory=dict)
    rows: Mapping[Pair, Mapping[str, int]] = field(default_factory=dict)
    erased_rows: Sequence[str] = ()
    pending: int = 0
    caught_up_seconds: float = 0.0
    open_breakers: Sequence[str] = ()
    replaced: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule."""

    rule: str
    what: str


@dataclass(frozen=True, slots=True)
class Write:
    """All attempts at one write.

    Args:
        begun_at: when the first was sent.
        acked_at: when the first good answer was there; never for what was not acknowledged.
        ended_at: when the last attempt's end was known, or never where that is unknown.
    """

    key: str
    pair: Pair
    op: str
    value: str
    begun_at: float
    acked_at: float
    ended_at: float
    refused: bool


def check(attempts: Sequence[Attempt], events: Sequence[Event], state: State, limits: Limits) -> list[Finding]:
    """Return every broken rule."""
    writes = writes_of(attempts)
    return [
        *_lost_or_twice(writes, state),
        *_foreign(attempts),
        *_stale(attempts, writes, events, limits),
        *_registers(attempts, writes, state),
        *_erased(attempts, writes, state),
        *_refusals(attempts, writes, events),
        *_late(attempts, events),
        *_errors(attempts, events, limits),
        *_recovery(attempts, events, limits),
        *_counters(state),
        *_dragged_down(events, state),
        *_aftermath(state, limits),
    ]


def writes_of(attempts: Iterable[Attempt]) -> list[Write]:
    """Put the attempts at each write together."""
    by_key: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.key:
            by_key[attempt.key].append(attempt)
    return [_write(key, tries) for key, tries in by_key.items()]


def _write(key: str, tries: list[Attempt]) -> Write:
    # An erasure that is answered 202 is begun; some copies follow.
    acked = [attempt.t1 for attempt in tries if attempt.outcome == "ok" and attempt.status != 202]
    unknown = any(attempt.outcome == "info" or attempt.status == 202 for attempt in tries)
    return Write(
        key=key,
        pair=tries[0].pair,
        op=tries[0].op,
        value=tries[0].value,
        begun_at=min(attempt.t0 for attempt in tries),
        acked_at=min(acked, default=NEVER),
        ended_at=max(acked) if acked else NEVER if unknown else max(attempt.t1 for attempt in tries),
        refused=not acked and not unknown,
    )


# ---- what is stored


def _lost_or_twice(writes: Sequence[Write], state: State) -> Iterator[Finding]:
    erased = _erasures(writes)
    for write in writes:
        if write.op not in ("save", "tip") or write.pair in erased:
            continue
        found = (state.listed.get(write.pair) or []).count(write.key)
        if write.acked_at < NEVER and not found:
            yield Finding("lost", f"{write.key} of {_name(write.pair)} was acknowledged and is not there")
        if found > 1:
            yield Finding("twice", f"{write.key} of {_name(write.pair)} is there {found} times")
        if write.refused and found:
            yield Finding("half-done", f"{write.key} of {_name(write.pair)} was refused and is there")


def _erasures(writes: Sequence[Write]) -> dict[Pair, Write]:
    return {write.pair: write for write in writes if write.op == "erase"}


def _counters(state: State) -> Iterator[Finding]:
    for pair, row in state.rows.items():
        for name in ("messages", "interactions", "revenue", "learnt_state"):
            if f"total_{name}" in row and row[f"total_{name}"] != row[name]:
                yield Finding(
                    "counters", f"{_name(pair)}: {name} is counted as {row[f'total_{name}']}, there are {row[name]}"
                )


def _erased(attempts: Sequence[Attempt], writes: Sequence[Write], state: State) -> Iterator[Finding]:
    erased = {pair: write for pair, write in _erasures(writes).items() if write.acked_at < NEVER}
    for attempt in attempts:
        write = erased.get(attempt.pair)
        if write and attempt.t0 > write.acked_at and attempt.status == 200 and attempt.op != "erase":
            if attempt.op == "score":
                continue  # 0.5, as for everybody who was never seen
            yield Finding("erased", f"{attempt.op} of {_name(attempt.pair)} was answered after the erasure")
    for pair in erased:
        if state.listed.get(pair) is not None:
            yield Finding("erased", f"{_name(pair)} can be exported after the erasure")
    for place in state.erased_rows:
        yield Finding("erased", f"a row is left: {place}")


# ---- what was answered


def _foreign(attempts: Sequence[Attempt]) -> Iterator[Finding]:
    for attempt in attempts:
        if attempt.foreign:
            yield Finding("foreign", f"{attempt.id}: {attempt.op} of {_name(attempt.pair)} holds {attempt.foreign[0]}")
        whose = (attempt.facts.get("creatorId", attempt.creator), attempt.facts.get("fanId", attempt.fan))
        if whose != attempt.pair:
            yield Finding("foreign", f"{attempt.id}: {attempt.op} of {_name(attempt.pair)} says it is {_name(whose)}")


def _stale(
    attempts: Sequence[Attempt], writes: Sequence[Write], events: Sequence[Event], limits: Limits
) -> Iterator[Finding]:
    by_pair: dict[Pair, list[Write]] = defaultdict(list)
    for write in writes:
        if write.op in ("save", "tip"):
            by_pair[write.pair].append(write)
    erased = _erasures(writes)
    for attempt in attempts:
        if attempt.op not in ("context", "messages", "export") or _is_excused(attempt, events):
            continue
        erasure = erased.get(attempt.pair)
        if erasure and erasure.begun_at < attempt.t1:
            continue
        yield from _stale_answer(attempt, by_pair[attempt.pair], limits)


def _is_excused(attempt: Attempt, events: Sequence[Event]) -> bool:
    """Whether it fell into the moment after Redis was away, or says itself that it may be old or not whole."""
    if attempt.cache == "stale" or attempt.facts.get("degraded"):
        return True
    return any(
        attempt.t0 < event.ended_at + STALE_SECONDS and attempt.t1 > event.ended_at - LATE_SECONDS
        for event in events
        if event.spec.fault in ("freeze", "network") and "cache" in event.target
    )


def _stale_answer(attempt: Attempt, writes: Sequence[Write], limits: Limits) -> Iterator[Finding]:
    before = [write for write in writes if write.acked_at < attempt.t0]
    if attempt.status == 404 and before:
        yield Finding("stale", f"{attempt.id}: {_name(attempt.pair)} is unknown after {len(before)} writes")
    if attempt.status != 200:
        return
    seen = set(attempt.seen)
    said = [write for write in writes if write.op == "save" and write.begun_at < attempt.t1 and not write.refused]
    for write in before:
        if write.op == "save" and write.key not in seen and _must_show(write, said, limits, attempt.op):
            ago = attempt.t0 - write.acked_at
            yield Finding("stale", f"{_read(attempt)} lacks {write.key}, acknowledged {ago:.3f} s before")
            return
    counted = attempt.facts.get("messages")
    at_least = sum(write.op == "save" for write in before)
    if counted is not None and not at_least <= counted <= len(said):
        yield Finding(
            "stale",
            f"{attempt.id}: {_name(attempt.pair)} counts {counted} messages, {at_least} to {len(said)} were sent",
        )


def _must_show(write: Write, said: Sequence[Write], limits: Limits, op: str) -> bool:
    if op == "export" or len(said) <= SHOWN:
        return True
    # Each that may have come later may have pushed it out.
    return limits.ordered and sum(other.ended_at > write.begun_at for other in said if other is not write) < SHOWN


def _registers(attempts: Sequence[Attempt], writes: Sequence[Write], state: State) -> Iterator[Finding]:
    """A nickname is the last one set, or one whose setting is still under way."""
    by_pair: dict[Pair, list[Write]] = defaultdict(list)
    for write in writes:
        if write.op == "nickname" and not write.refused:
            by_pair[write.pair].append(write)
    for attempt in attempts:
        if attempt.status == 200 and "nickname" in attempt.facts and attempt.pair in by_pair:
            if attempt.cache == "stale" or attempt.facts.get("degraded"):
                continue
            possible = _possible(by_pair[attempt.pair], attempt.t0, attempt.t1)
            if attempt.facts["nickname"] not in possible:
                said = attempt.facts["nickname"] or "none"
                yield Finding("stale", f"{_read(attempt)} says nickname {said}, not one of {sorted(possible)}")
    for pair, value in state.nicknames.items():
        if pair in by_pair and value not in _possible(by_pair[pair], NEVER, NEVER):
            yield Finding("lost", f"the nickname of {_name(pair)} is {value or 'none'} at the end")


def _read(attempt: Attempt) -> str:
    return f"{attempt.id}: {attempt.op} ({attempt.cache or 'no cache'}) of {_name(attempt.pair)}"


def _possible(writes: Sequence[Write], t0: float, t1: float) -> set[str]:
    acked = [write for write in writes if write.acked_at < t0]
    newest = max((write.begun_at for write in acked), default=-NEVER)
    # Overwritten for good is what had ended before an acknowledged one began.
    found = {write.value for write in writes if write.begun_at <= t1 and write.ended_at >= newest}
    return found if acked else found | {""}


def _refusals(attempts: Sequence[Attempt], writes: Sequence[Write], events: Sequence[Event]) -> Iterator[Finding]:
    """Nobody asks for what is not theirs: a refusal that is not about an unknown or erased fan is a wrong answer."""
    erased = _erasures(writes)
    jumps = [at for event in events if event.spec.fault == "clock" for at in (event.started_at, event.ended_at)]
    for attempt in attempts:
        if attempt.outcome != "fail" or attempt.status == 404:
            continue
        # A request in whose middle the clock is set back by hours is from the future, and told so.
        if attempt.status == 400 and any(at - 1 < attempt.t1 and attempt.t0 < at + 2 for at in jumps):
            continue
        erasure = erased.get(attempt.pair)
        if attempt.status == 409 and erasure and erasure.begun_at < attempt.t1:
            continue
        yield Finding("wrong", f"{attempt.id}: {attempt.op} was answered {attempt.status} {attempt.error}")


# ---- how long, and how


def web_down(events: Sequence[Event]) -> list[tuple[float, float]]:
    """When a web server, or a process of it, was dead."""
    return [(event.started_at, event.back_at + 1.0) for event in events if event.is_web_down]


def _overlaps(attempt: Attempt, spans: Sequence[tuple[float, float]]) -> bool:
    return any(attempt.t0 < end and attempt.t1 > start for start, end in spans)


def _late(attempts: Sequence[Attempt], events: Sequence[Event]) -> Iterator[Finding]:
    down = web_down(events)
    for attempt in attempts:
        allowed = DEADLINES[attempt.op] + LATE_SECONDS
        if attempt.seconds > allowed and not _overlaps(attempt, down):
            yield Finding(
                "late",
                f"{attempt.id}: {attempt.op} took {attempt.seconds:.2f} s, at most {allowed} s are allowed"
                f" (status {attempt.status} {attempt.error})",
            )


def _errors(attempts: Sequence[Attempt], events: Sequence[Event], limits: Limits) -> Iterator[Finding]:
    windows = web_down(events)
    if limits.errors == "during":
        windows += [(event.started_at, event.back_at + limits.recovery_seconds) for event in events]
    for attempt in attempts:
        if attempt.status == 500 or attempt.error == "not JSON":
            yield Finding("500", f"{attempt.id}: {attempt.op} was answered {attempt.status} {attempt.error}")
        elif attempt.status in (429, 503) and not attempt.retry_after:
            yield Finding("retry-after", f"{attempt.id}: {attempt.op} {attempt.status} does not say when to come back")
        if is_bad(attempt) and limits.errors != "any" and not _overlaps(attempt, windows):
            yield Finding("error", f"{attempt.id}: {attempt.op} failed: {attempt.status} {attempt.error}")


def _recovery(attempts: Sequence[Attempt], events: Sequence[Event], limits: Limits) -> Iterator[Finding]:
    for event, seconds in zip(events, recoveries(attempts, events), strict=True):
        if event.missing:
            yield Finding("recovery", f"after {event.spec.fault} {event.target} did not come back: {event.missing}")
        if seconds > limits.recovery_seconds:
            yield Finding(
                "recovery",
                f"after {event.spec.fault} {event.target} requests failed for {seconds:.1f} s,"
                f" at most {limits.recovery_seconds:.0f} s are stated",
            )


def _dragged_down(events: Sequence[Event], state: State) -> Iterator[Finding]:
    """What breaks one part must not end another."""
    touched = {event.target for event in events}
    if touched & {"backend", "postgres"} or any(event.spec.fault == "full_disk" for event in events):
        touched.add("postgres")
    for name in state.replaced:
        if name not in touched:
            yield Finding("dragged-down", f"{name} ended, though nobody touched it")


def _aftermath(state: State, limits: Limits) -> Iterator[Finding]:
    if state.pending:
        yield Finding(
            "learning", f"{state.pending} interactions are not learnt from after {state.caught_up_seconds:.0f} s"
        )
    elif state.caught_up_seconds > limits.caught_up_seconds:
        yield Finding("learning", f"learning caught up only after {state.caught_up_seconds:.0f} s")
    for breaker in state.open_breakers:
        yield Finding("breaker", f"still not closed: {breaker}")


def _name(pair: Pair) -> str:
    return f"{pair[0]}/{pair[1]}"
