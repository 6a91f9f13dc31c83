"""The checker finds what is wrong in logs that were doctored, and nothing in one that is right."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.check import Limits, State, check, writes_of
from tests.chaos.log import Attempt
from tests.chaos.measures import figures, recoveries
from tests.chaos.nemesis import Event, Spec

A, B = ("creator-a", "fan-1"), ("creator-b", "fan-1")
LIMITS = Limits(errors="during", recovery_seconds=5.0)


def attempt(op: str, t0: float, *, took: float = 0.1, pair: tuple[str, str] = A, **more: Any) -> Attempt:
    number = f"{op}-{t0}"
    more = {"outcome": "ok", "status": 200, **more}
    return Attempt(id=number, client=1, op=op, creator=pair[0], fan=pair[1], t0=t0, t1=t0 + took, **more)


def save(key: str, t0: float, **more: Any) -> Attempt:
    return attempt("save", t0, key=key, **more)


def unknown(key: str, t0: float, **more: Any) -> Attempt:
    return save(key, t0, outcome="info", status=503, retry_after=True, **more)


def context(t0: float, *seen: str, **more: Any) -> Attempt:
    facts = {"fanId": "fan-1", "creatorId": "creator-a", "messages": len(seen), "nickname": "", "degraded": []}
    return attempt("context", t0, seen=list(seen), **{"facts": facts, "cache": "hit", **more})


def event(fault: str, started: float, ended: float, back: float, **more: Any) -> Event:
    return Event(Spec(fault, 1.0, 0.0, more), started, ended, back)


GOOD = [save("k1", 1.0), context(2.0, "k1"), save("k2", 3.0), context(4.0, "k1", "k2")]
STATE = State(
    listed={A: ["k1", "k2"]},
    rows={A: {"total_messages": 2, "messages": 2, "total_interactions": 2, "interactions": 2}},
)


def rules(attempts: list[Attempt], *events: Event, state: State = STATE, limits: Limits = LIMITS) -> set[str]:
    return {finding.rule for finding in check(attempts, events, state, limits)}


def test_finds_nothing_in_a_good_log():
    assert check(GOOD, [], STATE, LIMITS) == []


def test_finds_a_lost_write():
    assert rules(GOOD, state=replace(STATE, listed={A: ["k1"]})) == {"lost"}
    assert rules(GOOD, state=replace(STATE, listed={A: None})) == {"lost"}


def test_finds_a_write_that_is_there_twice():
    assert rules(GOOD, state=replace(STATE, listed={A: ["k1", "k2", "k2"]})) == {"twice"}


def test_what_nobody_knows_may_be_there_or_not():
    log = [*GOOD, unknown("k3", 5.0)]
    window = event("kill", 4.9, 4.9, 5.0, target="postgres")
    assert rules(log, window) == set()
    assert rules(log, window, state=replace(STATE, listed={A: ["k1", "k2", "k3"]})) == set()
    assert rules(log, window, state=replace(STATE, listed={A: ["k1", "k2", "k3", "k3"]})) == {"twice"}


def test_an_acknowledged_repetition_counts_as_the_write():
    log = [*GOOD, unknown("k3", 5.0), save("k3", 6.0)]
    window = event("kill", 4.9, 4.9, 5.0, target="postgres")
    assert rules(log, window) == {"lost"}
    assert [write.acked_at for write in writes_of(log)] == [1.1, 3.1, 6.1]


def test_finds_what_was_refused_and_done_all_the_same():
    refused = save("k3", 5.0, outcome="fail", status=404)
    assert rules([*GOOD, refused], state=replace(STATE, listed={A: ["k1", "k2", "k3"]})) == {"half-done"}


def test_finds_a_foreign_answer():
    assert rules([*GOOD, context(5.0, "k1", "k2", foreign=["creator-b|fan-1|k9"])]) == {"foreign"}
    facts = {"fanId": "fan-1", "creatorId": "creator-b"}
    assert rules([*GOOD, attempt("score", 5.0, facts=facts)]) == {"foreign"}


def test_finds_an_answer_that_is_behind():
    assert rules([*GOOD, context(5.0, "k1")]) == {"stale"}
    assert rules([*GOOD, context(5.0, outcome="fail", status=404, facts={})]) == {"stale"}


def test_a_read_beside_a_write_may_or_may_not_show_it():
    assert rules([*GOOD, save("k3", 5.0, took=2.0), context(6.0, "k1", "k2")], state=_with("k3")) == set()
    assert rules([*GOOD, save("k3", 5.0, took=2.0), context(6.0, "k1", "k2", "k3")], state=_with("k3")) == set()
    assert rules([*GOOD, save("k3", 5.0, took=2.0), context(8.0, "k1", "k2")], state=_with("k3")) == {"stale"}


def _with(*keys: str) -> State:
    return replace(STATE, listed={A: ["k1", "k2", *keys]})


def test_an_old_answer_is_excused_where_it_says_so_and_just_after_a_freeze_of_the_cache():
    behind = context(5.0, "k1")
    assert rules([*GOOD, replace(behind, cache="stale")]) == set()
    assert rules([*GOOD, replace(behind, facts=behind.facts | {"degraded": ["recentMessages"]})]) == set()
    assert rules([*GOOD, behind], event("freeze", 4.0, 4.5, 4.6, target="redis-cache")) == set()
    assert rules([*GOOD, behind], event("freeze", 2.0, 3.5, 3.6, target="redis-cache")) == {"stale"}
    assert rules([*GOOD, behind], event("freeze", 4.0, 4.5, 4.6, target="postgres")) == {"stale"}


def test_only_the_last_fifty_have_to_be_shown():
    said = [save(f"k{number}", float(number)) for number in range(60)]
    newest = [f"k{number}" for number in range(10, 60)]
    everything = State(listed={A: [write.key for write in said]})
    facts = {"fanId": "fan-1", "creatorId": "creator-a", "messages": 60, "nickname": ""}
    assert rules([*said, context(70.0, *newest, facts=facts)], state=everything) == set()
    assert rules([*said, context(70.0, *newest[:-1], facts=facts)], state=everything) == {"stale"}


def test_finds_counters_that_are_wrong():
    wrong = {A: {"total_messages": 3, "messages": 2}}
    assert rules(GOOD, state=replace(STATE, rows=wrong)) == {"counters"}
    facts = GOOD[1].facts | {"messages": 5}
    assert rules([*GOOD, context(5.0, "k1", "k2", facts=facts)]) == {"stale"}


def test_finds_what_was_learnt_from_twice():
    wrong = {A: {"total_learnt_state": 2, "learnt_state": 3}}
    assert rules(GOOD, state=replace(STATE, rows=wrong)) == {"counters"}


@pytest.mark.parametrize(("value", "found"), [("n2", set()), ("n1", {"stale"}), ("", {"stale"}), ("n9", {"stale"})])
def test_a_register_holds_the_last_value_set(value, found):
    log = [attempt("nickname", t, key=key, value=key) for t, key in ((5.0, "n1"), (6.0, "n2"))]
    read = context(7.0, "k1", "k2", facts=GOOD[3].facts | {"nickname": value})
    assert rules([*GOOD, *log, read]) == found


def test_a_register_may_hold_what_nobody_knows_of():
    log = [attempt("nickname", 5.0, key="n1", value="n1")]
    log.append(attempt("nickname", 6.0, key="n2", value="n2", outcome="info", status=0))
    window = event("kill", 5.9, 5.9, 6.2, target="web-worker")
    for value, found in (("n1", set()), ("n2", set()), ("", {"stale"})):
        read = context(9.0, "k1", "k2", facts=GOOD[3].facts | {"nickname": value})
        assert rules([*GOOD, *log, read], window) == found
    assert rules([*GOOD, *log], window, state=replace(STATE, nicknames={A: "n3"})) == {"lost"}


def test_finds_what_was_erased_and_can_be_read():
    erased = [*GOOD, attempt("erase", 5.0, key="e1")]
    gone = replace(STATE, listed={A: None})
    assert rules(erased, state=gone) == set()
    assert rules([*erased, context(6.0, "k1", "k2")], state=gone) == {"erased"}
    assert rules(erased, state=STATE) == {"erased"}
    assert rules(erased, state=replace(gone, erased_rows=["fan_memories fan-1"])) == {"erased"}
    assert rules([*erased, save("k9", 6.0, outcome="fail", status=409, error="CONFLICT erased")], state=gone) == set()


def test_finds_a_late_answer():
    assert rules([*GOOD, context(5.0, "k1", "k2", took=5.4)]) == set()
    assert rules([*GOOD, context(5.0, "k1", "k2", took=5.6)]) == {"late"}
    assert rules([*GOOD, attempt("score", 5.0, took=3.6)]) == {"late"}
    assert rules([*GOOD, attempt("score", 5.0, took=3.6)], event("kill", 6.0, 6.0, 7.0, target="web")) == set()
    assert rules([*GOOD, attempt("export", 5.0, took=30.6, seen=["k1", "k2"])]) == {"late"}


def test_finds_500_and_503_without_a_word_on_when():
    window = event("kill", 4.9, 4.9, 5.0, target="postgres")
    assert rules([*GOOD, replace(unknown("k3", 5.0), status=500)], window) == {"500"}
    assert rules([*GOOD, replace(unknown("k3", 5.0), retry_after=False)], window) == {"retry-after"}


def test_finds_errors_where_there_is_no_fault():
    failed = unknown("k3", 20.0)
    assert rules([*GOOD, failed], event("kill", 4.0, 4.0, 5.0, target="postgres")) == {"error", "recovery"}
    assert rules([*GOOD, failed], limits=replace(LIMITS, errors="none")) == {"error"}
    assert rules([*GOOD, failed], limits=replace(LIMITS, errors="any")) == set()


def test_no_error_at_all_means_none_but_of_a_dead_web_server():
    limits = Limits(errors="none", recovery_seconds=0.0)
    failed = unknown("k3", 5.0)
    assert rules([*GOOD, failed], event("freeze", 4.0, 6.0, 6.0, target="redis-cache"), limits=limits) == {"error"}
    assert rules([*GOOD, failed], event("kill", 4.0, 6.0, 6.0, target="web"), limits=limits) == set()


def test_recovery_counts_from_when_everything_runs_to_the_last_failure():
    events = [event("kill", 4.0, 4.0, 6.0, target="postgres"), event("kill", 30.0, 30.0, 31.0, target="postgres")]
    failed = [unknown("k3", 8.9), unknown("k4", 30.5)]
    assert recoveries([*GOOD, *failed], events) == [3.0, 0.0]
    missing = replace(events[0], missing=["postgres"])
    assert rules([*GOOD, failed[0]], missing) == {"recovery"}


def test_finds_refusals_that_make_no_sense():
    assert rules([*GOOD, context(5.0, outcome="fail", status=401, facts={})]) == {"wrong"}
    assert rules([*GOOD, save("k5", 5.0, outcome="fail", status=409)]) == {"wrong"}


def test_finds_learning_that_does_not_catch_up_and_breakers_that_stay_open():
    assert rules(GOOD, state=replace(STATE, pending=3, caught_up_seconds=120.0)) == {"learning"}
    assert rules(GOOD, state=replace(STATE, caught_up_seconds=61.0)) == {"learning"}
    assert rules(GOOD, state=replace(STATE, open_breakers=["database open"])) == {"breaker"}


def test_finds_what_ended_though_nobody_touched_it():
    killed = event("kill", 4.0, 4.0, 5.0, target="postgres")
    assert rules(GOOD, killed, state=replace(STATE, replaced=["postgres"])) == set()
    assert rules(GOOD, killed, state=replace(STATE, replaced=["postgres", "web"])) == {"dragged-down"}


def test_counts():
    log = [*GOOD, unknown("k3", 5.0)]
    found = figures(log, [event("kill", 4.9, 4.9, 5.0, target="postgres")])
    assert (found["attempts"], found["acknowledged_saves"], found["failed"]) == (5, 2, 1)
    assert found["by_status"] == {"200": 4, "503": 1}
    assert found["recovery_seconds"] == [pytest.approx(0.1)]
