"""Entries come into the chain: each once, in order, whatever dies in between; what is lost is told."""

import uuid
from contextlib import ExitStack
from datetime import timedelta
from hashlib import sha256

import hypothesis
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st

from accounts.services.members import create_creator
from ofmemory.infra.cache.client import client
from ofmemory.infra.ids import pseudonym
from ofmemory.infra.observability import correlation
from privacy import cache
from privacy.models import AuditCheckpoint, PendingAudit
from privacy.services import audit, audit_chain, audit_streams
from privacy.services.audit_chain import take_in
from privacy.services.audit_links import GENESIS, hash_of, head
from privacy.services.audit_verify import verify
from privacy.tasks import take_in_audit
from tests.privacy.audit.support import ACTOR, chain, gaps, handles, told, without_command, without_redis

pytestmark = pytest.mark.django_db
STREAM, DROPPED = cache.stream_keys("")
MARK = cache.mark_key("")


def read(*subjects: uuid.UUID, creator_id: str = "") -> None:
    audit.note(creator_id, "memory.read", ACTOR, [subject.bytes for subject in subjects])


def subjects() -> list[uuid.UUID | None]:
    return [entry.subject for entry in chain() if entry.action == "memory.read"]


def test_nothing_to_take():
    assert take_in() == 0
    assert chain() == []


def test_a_change_and_a_read(creator_1):
    correlation.begin("request-1")
    before = timezone.now()
    (subject,) = handles(1)
    audit.record("erasure.completed", actor=ACTOR, creator_id="creator-1", subject=subject, details={"rows": 3})
    read(subject, creator_id="creator-1")
    assert take_in_audit() == 2
    change, seen = sorted(chain(), key=lambda entry: entry.action)
    assert {change.position, seen.position} == {1, 2}
    assert (change.action, change.actor, change.details) == ("erasure.completed", ACTOR, {"rows": 3})
    assert (seen.action, seen.actor, seen.details) == ("memory.read", ACTOR, {})
    for entry in (change, seen):
        assert (entry.creator_id, entry.subject, entry.correlation_id) == ("creator-1", subject, pseudonym("request-1"))
        assert before - timedelta(milliseconds=1) <= entry.at <= timezone.now()
    assert not PendingAudit.objects.exists()
    assert client().xlen(cache.stream_keys("creator-1")[0]) == 0


def test_the_time_of_a_read_is_that_of_redis():
    client().xadd(STREAM, {"e": audit.line("memory.read", ACTOR, [])}, id="1700000000123-4")
    take_in()
    assert chain()[0].at.timestamp() == 1700000000.123


def test_a_line_with_several_subjects_becomes_an_entry_each():
    read(*handles(3))
    read()
    assert take_in() == 4
    assert subjects() == [*handles(3), None]


def test_positions_have_no_gap_and_hashes_are_linked():
    told(3)
    told(4)
    entries = chain()
    assert [entry.position for entry in entries] == list(range(1, 8))
    previous = GENESIS
    for entry in entries:
        with connection.cursor() as cursor:
            cursor.execute("SELECT details::text FROM audit_entries WHERE position = %s", [entry.position])
            details = cursor.fetchone()[0]
        at = int(entry.at.timestamp()) * 1_000_000 + entry.at.microsecond
        subject = entry.subject.hex if entry.subject else None
        values = (at, entry.action, entry.actor, entry.creator_id, subject, entry.correlation_id, details)
        previous = hash_of(previous, entry.position, values)
        assert bytes(entry.hash) == previous


def test_the_hash_is_as_documented():
    text = '[1,1700000000000000,"a.b","user:1","é",null,"","{}"]'
    entry = (1700000000000000, "a.b", "user:1", "é", None, "", "{}")
    assert hash_of(GENESIS, 1, entry) == sha256(bytes(32) + text.encode()).digest()


def test_more_than_a_batch(monkeypatch):
    monkeypatch.setattr(audit_chain, "BATCH", 3)
    for creator_id in ("", "creator-1", "creator-2"):
        if creator_id:
            create_creator(creator_id=creator_id)
        for subject in handles(5):
            read(subject, creator_id=creator_id)
    for _ in range(7):
        audit.record("consent.recorded", actor=ACTOR)
    assert take_in() == 22
    assert sorted(subjects()) == sorted(handles(5) * 3)
    assert take_in() == 0


def test_a_run_ends_though_entries_keep_coming(monkeypatch):
    monkeypatch.setattr(audit_chain, "BATCH", 1)
    monkeypatch.setattr(audit_chain, "_MOST_ROUNDS", 2)
    read(*handles(1))
    read(*handles(1))
    read(*handles(1))
    assert take_in() == 2
    assert take_in() == 1


def test_the_stream_of_a_creator_that_is_gone(creator_1):
    read(*handles(1), creator_id="creator-1")
    take_in()
    read(*handles(1), creator_id="creator-1")
    creator_1.delete()
    assert take_in() == 1


# ---- killed anywhere


def take_in_killed_at(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(audit_chain, step, die)
        with pytest.raises(KeyboardInterrupt):
            take_in()


def test_killed_before_the_commit(monkeypatch):
    read(*handles(1))
    audit.record("consent.recorded", actor=ACTOR)

    take_in_killed_at("_append", monkeypatch)
    assert chain() == []
    assert take_in() == 2
    assert take_in() == 0
    assert gaps() == []


def test_killed_before_the_stream_was_trimmed(monkeypatch):
    read(*handles(1))

    take_in_killed_at("_try_trim", monkeypatch)
    assert client().xlen(STREAM) == 1
    assert take_in() == 0
    assert client().xlen(STREAM) == 0
    assert subjects() == handles(1)
    assert gaps() == []


def test_a_loss_is_told_though_the_first_who_saw_it_was_killed(monkeypatch):
    read(*handles(1))
    take_in()
    client().flushdb()

    take_in_killed_at("_append", monkeypatch)
    take_in()
    assert [gap["reason"] for gap in gaps()] == ["stream_lost"]


@pytest.mark.django_db(transaction=True)
def test_of_two_runs_at_once_one_works():
    read(*handles(1))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [audit_chain._LOCK])
            assert take_in() == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [audit_chain._LOCK])
    finally:
        other.close()
    assert take_in() == 1


@pytest.mark.django_db(transaction=True)
def test_not_inside_a_transaction():
    with transaction.atomic(), pytest.raises(RuntimeError):
        take_in()


# ---- what is lost is told


def test_redis_came_back_empty(creator_1):
    read(*handles(1))
    take_in()
    looked_at = AuditCheckpoint.objects.get(stream="").updated_at
    read(*handles(2))
    client().flushdb()
    read(*handles(3))
    take_in()
    assert subjects() == [*handles(1), *handles(3)]
    lost = [entry for entry in chain() if entry.action == "audit.gap"]
    assert {entry.creator_id for entry in lost} == {"", "creator-1"}
    assert {entry.actor for entry in lost} == {"system:audit"}
    for entry in lost:
        assert entry.details["reason"] == "stream_lost"
        assert entry.details["since"] == looked_at.isoformat()
        assert entry.details["until"] > entry.details["since"]
    assert take_in() == 0


def test_one_stream_is_lost(creator_1):
    read(*handles(1), creator_id="creator-1")
    take_in()
    client().delete(cache.stream_keys("creator-1")[0])
    take_in()
    take_in()
    assert [entry.creator_id for entry in chain() if entry.action == "audit.gap"] == ["creator-1"]


def test_redis_came_back_empty_with_a_clock_that_runs_behind():
    client().xadd(STREAM, {"e": audit.line("memory.read", ACTOR, [])}, id="5000-0")
    take_in()
    client().flushdb()
    client().xadd(STREAM, {"e": audit.line("memory.read", ACTOR, [handles(1)[0].bytes])}, id="4000-0")
    take_in()
    assert handles(1)[0] in subjects()


def test_entries_without_room_are_counted(settings):
    settings.AUDIT_STREAM_MAX = 2
    for _ in range(5):
        read(*handles(1))
    assert take_in() == 3
    assert gaps() == [{"reason": "no_room", "count": 3}]
    assert take_in() == 0
    for _ in range(4):
        read(*handles(1))
    take_in()
    assert gaps()[1:] == [{"reason": "no_room", "count": 2}]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"\xff",
        b"{}",
        b"[1,2,3]",
        b'[1,"a","",[]]',
        b'["a\\u0000","a","",[]]',
        b'["' + b"a" * 49 + b'","a","",[]]',
        b'["a","a","",["1234"]]',
        b'["a","a","",["' + b"A" * 32 + b'"]]',
        b'["a","a","",[7]]',
        b'["a","a","",7]',
        b'["a","a",null,[]]',
    ],
)
def test_a_malformed_line_is_counted_and_stops_nothing(line):
    read(*handles(1))
    client().xadd(STREAM, {"e": line})
    read(*handles(1))
    assert take_in() == 3
    assert subjects() == handles(1) * 2
    assert gaps() == [{"reason": "malformed", "count": 1}]
    assert take_in() == 0


def test_a_line_of_another_shape_is_malformed():
    client().xadd(STREAM, {"x": "y"})
    take_in()
    assert gaps() == [{"reason": "malformed", "count": 1}]


def test_a_stream_that_is_none(creator_1):
    take_in()
    client().delete(stream := cache.stream_keys("creator-1")[0])
    client().set(stream, "not a stream")
    read(*handles(1))
    take_in()
    read(*handles(2), creator_id="creator-1")
    take_in()
    assert subjects() == [*handles(1), *handles(2)]
    assert [gap["reason"] for gap in gaps()] == ["stream_lost"]


def test_keys_that_are_nothing_of_ours_stop_no_other(creator_1):
    client().rpush(cache.stream_keys("creator-1")[1], "not a count")
    read(*handles(1))
    read(*handles(2), creator_id="creator-1")
    assert take_in() == 1
    client().delete(cache.stream_keys("creator-1")[1])
    assert take_in() == 2


def test_a_mark_and_a_count_that_are_nothing_of_ours():
    read(*handles(1))
    take_in()
    client().set(MARK, b"\xff not a mark")
    client().set(DROPPED, "not a count")
    read(*handles(2))
    take_in()
    assert subjects() == [*handles(1), *handles(2)]
    assert [gap["reason"] for gap in gaps()] == ["stream_lost"]
    assert take_in() == 0


# ---- without Redis


def test_without_redis_reads_are_recorded_in_the_database(settings):
    with without_redis(settings):
        read(*handles(2))
        read()
        assert take_in() == 3
    assert subjects() == [*handles(2), None]


@pytest.mark.parametrize(("module", "step", "taken"), [(audit_streams, "look_at", 1), (audit_chain, "_append", 2)])
def test_redis_goes_away_during_a_run(settings, monkeypatch, module, step, taken):
    read(*handles(1))
    audit.record("consent.recorded", actor=ACTOR)
    real = getattr(module, step)
    with ExitStack() as lost:

        def step_and_lose(argument):
            done = real(argument)
            answer = list(done) if done else done
            lost.enter_context(without_redis(settings))
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(module, step, step_and_lose)
            assert take_in() == taken
    assert take_in() == 2 - taken
    assert subjects() == handles(1)
    assert gaps() == []


def test_a_redis_that_must_not_be_looked_into(settings):
    read(*handles(1))
    audit.record("consent.recorded", actor=ACTOR)
    with without_command("mget", settings):
        assert take_in() == 1
    assert take_in() == 1


# ---- whatever is told


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
DETAILS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
)


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(TEXTS, TEXTS, st.dictionaries(TEXTS, DETAILS))
def test_whatever_is_told_verifies(action, actor, details):
    audit.record(action, actor=actor, details=details)
    audit.note("", action, actor, [])
    assert take_in() == 2
    assert verify(start=max(head()[0] - 1, 1)).fault is None
    assert [(entry.action, entry.actor) for entry in chain()[-2:]] == [(action, actor)] * 2
