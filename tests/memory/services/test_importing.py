"""Importing history: nothing lost, nothing doubled, however it is stopped, repeated or raced."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from memory.events import history_imported
from memory.models import EngagementMetrics, FanMemory, ImportRun, Interaction
from memory.services import import_commit
from memory.services.clearing import clear_memory
from memory.services.context import get_memory_context
from memory.services.counters import MAX_REVENUE
from memory.services.import_batches import store
from memory.services.importing import BATCH_ROWS, Imported, Rejection, import_history
from memory.services.interactions import find_duplicate, save_interaction
from ofmemory.errors import Conflict, InvalidInput, NotFound
from privacy.domain import Pair
from tests.memory.support import CREATOR, at_once, everything, in_thread, iso, minute

CONVERSATIONS = Path(__file__).resolve().parents[4] / "shared" / "data" / "conversations"


def row(number: int = 0, **more: Any) -> dict[str, Any]:
    given = {
        "fanId": "fan-1",
        "type": "message",
        "sender": "fan",
        "content": f"message {number}",
        "timestamp": iso(minute(number)),
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def named(number: int = 0, **more: Any) -> dict[str, Any]:
    return row(number, metadata={"externalId": f"m-{number}"}, **more)


def paid(number: int, amount: Any, **more: Any) -> dict[str, Any]:
    return named(number, type="purchase", amount=amount, currency="USD", **more)


@pytest.fixture
def write(tmp_path):
    """Write rows (or raw lines) to a JSONL file."""

    def write_rows(*rows: Any, name: str = "history.jsonl") -> Path:
        lines = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in rows]
        path: Path = tmp_path / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    return write_rows


def run(path: Path, **options: Any) -> tuple[Imported, list[Rejection]]:
    rejections: list[Rejection] = []
    imported = import_history(creator_id=CREATOR, path=path, on_rejected=rejections.append, **options)
    return imported, rejections


def counts(path: Path, **options: Any) -> tuple[int, int, int]:
    imported, _ = run(path, **options)
    return imported.created, imported.duplicates, imported.rejected


def memory_rows() -> dict[str, list[Any]]:
    return {table: rows for table, rows in everything().items() if table != "import_runs"}


def counters_agree() -> bool:
    """Say whether every pair's counters are what its rows add up to."""
    messages = Counter(FanMemory.objects.values_list("fan_id", flat=True))
    others = Counter(Interaction.objects.values_list("fan_id", flat=True))
    return all(
        (metrics.total_messages, metrics.total_interactions)
        == (messages[metrics.fan_id], messages[metrics.fan_id] + others[metrics.fan_id])
        for metrics in EngagementMetrics.objects.all()
    ) and set(messages | others) == set(EngagementMetrics.objects.values_list("fan_id", flat=True))


# ---- what is stored


def test_stores_messages_and_others_and_counts_them(creator_1, write):
    path = write(named(0), named(1, sender="ai"), paid(2, 12.5), named(3, type="tip", amount="5", content=None))
    assert counts(path) == (4, 0, 0)
    metrics = EngagementMetrics.objects.get()
    assert (metrics.total_messages, metrics.total_purchases, metrics.total_tips) == (2, 1, 1)
    assert metrics.total_revenue == Decimal("17.50")
    assert (metrics.first_interaction, metrics.last_interaction) == (minute(0), minute(3))
    assert find_duplicate(FanMemory, Pair(CREATOR, "fan-1"), "m-1").created_at == minute(1)
    assert FanMemory.objects.get(created_at=minute(1)).sender == "ai"
    assert Interaction.objects.get(type="tip").currency == "USD"


def test_the_next_context_contains_it(creator_1, write):
    save_interaction(fan_id="fan-1", creator_id=CREATOR, type="message", content="live")
    assert len(get_memory_context(fan_id="fan-1", creator_id=CREATOR)["recentMessages"]) == 1
    run(write(named(0)))
    assert len(get_memory_context(fan_id="fan-1", creator_id=CREATOR)["recentMessages"]) == 2


def test_naive_timestamps_are_utc_and_offsets_are_understood(creator_1, write):
    run(write(row(timestamp="2026-03-01T12:00:00"), row(1, timestamp="2026-03-01T15:00:00+02:00")))
    found = FanMemory.objects.order_by("created_at").values_list("created_at", flat=True)
    assert list(found) == [datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=UTC)]


def test_messages_of_one_instant_are_all_kept_in_their_order(creator_1, write):
    count = 2 * BATCH_ROWS + 10
    run(write(*(row(0, content=f"number {n}") for n in range(count))))
    found = [(m.message_content, m.created_at) for m in FanMemory.objects.order_by("created_at")]
    assert [content for content, _ in found] == [f"number {n}" for n in range(count)]
    assert found[-1][1] == minute(0) + timedelta(microseconds=count - 1)
    assert EngagementMetrics.objects.get().last_interaction == found[-1][1]


def test_moves_on_past_a_run_and_not_past_a_gap(creator_1, write):
    def at(microseconds: int) -> str:
        return iso(minute(0) + timedelta(microseconds=microseconds))

    run(write(*(row(n, timestamp=at(n)) for n in (0, 1, 3))))
    run(write(row(7, timestamp=at(0)), row(8, timestamp=at(0)), name="second.jsonl"))
    placed = {m.message_content: (m.created_at - minute(0)).microseconds for m in FanMemory.objects.all()}
    assert placed == {"message 0": 0, "message 1": 1, "message 3": 3, "message 7": 2, "message 8": 4}


def test_tells_once_a_pair_and_batch(creator_1, write, django_capture_on_commit_callbacks):
    told: list[int] = []

    def listen(sender: Any, pair_number: int, **_: Any) -> None:
        told.append(pair_number)

    path = write(*(named(n, fanId=f"fan-{n % 2}") for n in range(BATCH_ROWS + 1)))
    history_imported.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            run(path)
            run(path)
    finally:
        history_imported.disconnect(listen)
    numbers = dict(EngagementMetrics.objects.values_list("fan_id", "pk"))
    assert Counter(told) == {numbers["fan-0"]: 2, numbers["fan-1"]: 1}


# ---- again and again


def test_a_second_import_changes_nothing(creator_1, write):
    path = write(named(0), row(1), row(1), paid(2, 3), row(3, type="like", content=None))
    assert counts(path) == (5, 0, 0)
    before = memory_rows()
    assert counts(path) == (0, 5, 0)
    assert memory_rows() == before


def test_what_was_saved_live_under_the_same_id_is_a_duplicate(creator_1, write):
    save_interaction(fan_id="fan-1", creator_id=CREATOR, type="message", content="hi", metadata={"externalId": "m-0"})
    assert counts(write(named(0), named(1))) == (1, 1, 0)


def test_the_same_id_means_another_thing_for_another_fan_and_table(creator_1, write):
    assert counts(write(named(0), named(0, fanId="fan-2"), named(0, type="like"), named(0))) == (3, 1, 0)


def test_identical_rows_are_all_kept_and_recognised_in_another_file(creator_1, write):
    assert counts(write(row(0), row(0), row(0))) == (3, 0, 0)
    assert counts(write(row(0), row(0), row(0), row(0), row(1), name="longer.jsonl")) == (2, 3, 0)
    assert set(FanMemory.objects.values_list("external_id", flat=True).distinct())
    assert FanMemory.objects.count() == 5


def test_goes_on_at_the_batch_where_it_stopped(creator_1, write, monkeypatch):
    """Identical rows before and after the stop are told apart all the same."""
    path = write(*(row(n % 7) for n in range(3 * BATCH_ROWS)))
    real, calls = store, []

    def fails_at_the_third(creator_id, reports):
        calls.append(len(reports))
        if len(calls) == 3:
            raise OperationalError("gone")
        return real(creator_id, reports)

    monkeypatch.setattr(import_commit, "store", fails_at_the_third)
    with pytest.raises(OperationalError):
        run(path)
    assert ImportRun.objects.get().lines_done == 2 * BATCH_ROWS
    imported, _ = run(path)
    assert imported == Imported(3 * BATCH_ROWS, 0, 0, resumed_after_line=2 * BATCH_ROWS)
    assert calls == [BATCH_ROWS] * 4
    assert FanMemory.objects.count() == 3 * BATCH_ROWS
    assert counts(path) == (0, 3 * BATCH_ROWS, 0)


def test_an_erased_fan_stays_out(creator_1, write):
    path = write(named(0), named(1, fanId="fan-2"))
    run(path)
    clear_memory(fan_id="fan-1", creator_id=CREATOR)
    assert counts(path) == (0, 1, 1)
    assert counters_agree()


# ---- dry run


def test_dry_run_foretells_and_changes_nothing(creator_1, write):
    run(write(named(0), named(1)))
    rows = [named(n % (BATCH_ROWS + 5)) for n in range(2 * BATCH_ROWS)] + [row(), row(), {"fanId": "x"}]
    path = write(*rows, name="more.jsonl")
    before = everything()
    foretold, told = run(path, dry_run=True)
    assert foretold.dry_run
    assert everything() == before
    imported, rejections = run(path)
    assert (foretold.created, foretold.duplicates, foretold.rejected) == (BATCH_ROWS + 5, BATCH_ROWS - 3, 1)
    assert (imported.created, imported.duplicates, imported.rejected) == (BATCH_ROWS + 5, BATCH_ROWS - 3, 1)
    assert told == rejections


def test_dry_run_foretells_revenue_over_batches(creator_1, write):
    filler = [named(n) for n in range(10, 10 + BATCH_ROWS)]
    path = write(paid(0, "60000000"), *filler, paid(1, "60000000"), paid(2, "39999999.99"), paid(3, "0.01"))
    foretold = run(path, dry_run=True)[1]
    assert [(rejection.line, rejection.field) for rejection in foretold] == [
        (BATCH_ROWS + 2, "amount"),
        (BATCH_ROWS + 4, "amount"),
    ]
    assert run(path)[1] == foretold
    assert EngagementMetrics.objects.get().total_revenue == MAX_REVENUE


# ---- what is refused


def test_revenue_too_large_leaves_out_that_row_only(creator_1, write):
    path = write(paid(0, "99999999.99"), paid(1, "0.01"), named(2), paid(3, 7, fanId="fan-2"))
    imported, rejections = run(path)
    assert (imported.created, imported.rejected) == (3, 1)
    assert [(r.line, r.field) for r in rejections] == [(2, "amount")]
    assert counters_agree()
    assert counts(path) == (0, 3, 1)


def test_good_rows_are_stored_and_bad_ones_named(creator_1, write):
    secret = "my dog is called Rex"
    path = write(
        named(0),
        row(1, timestamp=None, content=secret),
        b"\xff\xfe" + secret.encode(),
        b"[" + secret.encode(),
        b'["' + secret.encode() + b'"]',
        b"",
        row(2, **{secret: 1}),
        row(3, type=secret, sender=secret, amount=secret, currency=secret, timestamp=secret, metadata=secret),
        row(4, content=" "),
        row(5, type="purchase"),
        row(6, type="tip", amount=1, currency="EUR"),
        row(7, timestamp="1999-12-31T23:59:59Z"),
        row(8, creatorId="creator-2"),
        row(9, content="a\x00b"),
        row(10, metadata={"a": ["\x00"]}),
        named(11),
    )
    imported, rejections = run(path)
    assert (imported.created, imported.rejected) == (2, 13)
    at_fault: dict[int, set[str]] = {}
    for rejection in rejections:
        at_fault.setdefault(rejection.line, set()).add(rejection.field)
    assert at_fault == {
        2: {"timestamp"},
        3: {"row"},
        4: {"row"},
        5: {"row"},
        7: {"row"},
        8: {"type", "sender", "amount", "currency", "timestamp", "metadata"},
        9: {"content"},
        10: {"amount"},
        11: {"currency"},
        12: {"timestamp"},
        13: {"creatorId"},
        14: {"content"},
        15: {"metadata"},
    }
    assert not any(secret in rejection.reason for rejection in rejections)


def test_a_line_of_ten_megabytes_is_one_bad_row(creator_1, write):
    path = write(named(0), b'{"fanId":"' + b"x" * 10_000_000 + b'"}', named(1))
    imported, rejections = run(path)
    assert (imported.created, imported.rejected) == (2, 1)
    assert rejections[0].line == 2


def test_an_empty_file_is_no_history(creator_1, write):
    assert counts(write()) == (0, 0, 0)
    assert counts(write(name="empty.csv")) == (0, 0, 0)


def test_what_is_no_readable_file_is_refused(creator_1, write, tmp_path):
    nobody_may = write(named(0))
    nobody_may.write_bytes(json.dumps(named(0)).encode().decode().encode("utf-16"))
    for path in (tmp_path, tmp_path / "missing", Path("/dev/zero"), Path("a\0b"), nobody_may):
        with pytest.raises(InvalidInput):
            run(path)
    assert not ImportRun.objects.exists()


def test_an_unknown_creator_is_refused(db, write):
    with pytest.raises(NotFound):
        run(write(named(0)))


def test_a_file_that_changes_meanwhile_is_refused(creator_1, write):
    path = write(*(named(n) for n in range(BATCH_ROWS + 1)))

    def append(_done: int, _size: int) -> None:
        with path.open("ab") as file:
            file.write(b"\n")

    with pytest.raises(Conflict):
        run(path, on_progress=append)
    assert counts(path) == (0, BATCH_ROWS + 1, 0)


def test_progress_ends_with_the_whole_file(creator_1, write):
    path, seen = write(*(named(n) for n in range(BATCH_ROWS + 1))), []
    run(path, on_progress=lambda done, size: seen.append((done, size)))
    assert len(seen) == 2
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


# ---- at the same time


@pytest.mark.django_db(transaction=True)
def test_live_saves_and_an_import_lose_and_double_nothing(creator_1, write):
    """Both want the same instants, and every third live message is one of the file's."""
    path = write(*(named(n) for n in range(2 * BATCH_ROWS)))

    def talk(speaker: int) -> None:
        for n in range(speaker, 300, 3):
            known = {"externalId": f"m-{n}"} if n % 9 == 0 else {}
            save_interaction(
                fan_id="fan-1", creator_id=CREATOR, type="message", content="live", timestamp=minute(n), metadata=known
            )

    at_once(lambda: run(path), *(lambda speaker=speaker: talk(speaker) for speaker in range(3)))
    assert FanMemory.objects.count() == 2 * BATCH_ROWS + 300 - 34
    assert counters_agree()
    assert counts(path) == (0, 2 * BATCH_ROWS, 0)


@pytest.mark.django_db(transaction=True)
def test_two_files_for_the_same_fans_at_once(creator_1, write):
    rows = [named(n, fanId=f"fan-{n % 5}") for n in range(2 * BATCH_ROWS)]
    forwards, backwards = write(*rows), write(*reversed(rows), name="backwards.jsonl")
    outcomes = at_once(lambda: counts(forwards), lambda: counts(backwards))
    assert sum(created for created, _, _ in outcomes) == 2 * BATCH_ROWS
    assert FanMemory.objects.count() == 2 * BATCH_ROWS
    assert counters_agree()


@pytest.mark.django_db(transaction=True)
def test_the_same_file_twice_at_once_is_imported_once(creator_1, write):
    """The second one waits a little, and then is refused."""
    path, inside, refused = write(*(named(n) for n in range(BATCH_ROWS))), threading.Event(), []

    def hold(_done: int, _size: int) -> None:
        inside.set()
        with pytest.raises(Conflict):
            in_thread(lambda: run(path))
        refused.append(True)

    run(path, on_progress=hold)
    assert refused
    assert FanMemory.objects.count() == BATCH_ROWS


def test_a_checkpoint_that_moved_elsewhere_undoes_the_batch(creator_1, write):
    path = write(*(named(n) for n in range(2 * BATCH_ROWS)))

    def take_over(_done: int, _size: int) -> None:
        ImportRun.objects.update(lines_done=7)

    with pytest.raises(Conflict):
        run(path, on_progress=take_over)
    assert FanMemory.objects.count() == BATCH_ROWS


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_met_a_deadlock_is_tried_again(creator_1, write, monkeypatch):
    real, tries = store, []

    def deadlocks_first(creator_id, reports):
        tries.append(1)
        if len(tries) < 3:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
        return real(creator_id, reports)

    monkeypatch.setattr(import_commit, "store", deadlocks_first)
    assert counts(write(named(0))) == (1, 0, 0)
    assert len(tries) == 3


# ---- real conversations


def test_real_conversations(creator_1):
    files = sorted(CONVERSATIONS.glob("*.jsonl"))
    if not files:
        pytest.skip("shared/data/conversations is not here")
    lines = {path: len(path.read_bytes().splitlines()) for path in files}
    assert [counts(path, dry_run=True) for path in files] == [(lines[path], 0, 0) for path in files]
    assert [counts(path) for path in files] == [(lines[path], 0, 0) for path in files]
    assert [counts(path) for path in files] == [(0, lines[path], 0) for path in files]
    assert FanMemory.objects.count() == sum(lines.values())
    assert counters_agree()
