"""After a restore: what was erased since the backup is erased again, and nothing is served before."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.core.management import call_command
from django.db import connection, connections

from accounts.gate import Gate
from memory.models import EngagementMetrics, FanMemory
from memory.services.clearing import cleanup_old_memories
from memory.services.context import recall
from ofmemory.infra.observability.health import forget_answers
from privacy.domain import ConsentAction, Purpose, RequestKind, RequestStatus
from privacy.errors import OnHold
from privacy.keys import keyring
from privacy.keys.models import Erasure
from privacy.models import AppliedErasure, Consent, PendingAudit
from privacy.registry import store
from privacy.services import erasing, holds, ledger, replaying, requests
from privacy.services.consents import record_consent
from privacy.tasks import resume_erasures
from tests.memory.support import everything
from tests.privacy.erasure.support import DPO, FAN, NAMESAKE, OTHER, PAIR, actions, erase, fill, rows_of, say

pytestmark = pytest.mark.django_db(transaction=True)


class Backup:
    """The main database at one instant, by way of its own COPY; the keys database is not in it."""

    def __init__(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            self._tables = [name for (name,) in cursor.fetchall() if name != "django_migrations"]
            self._held = {}
            for name in self._tables:
                with cursor.copy(f'COPY "{name}" TO STDOUT') as copy:
                    self._held[name] = b"".join(map(bytes, copy))

    def restore(self):
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("TRUNCATE " + ", ".join(f'"{name}"' for name in self._tables))
            for name, held in self._held.items():
                with cursor.copy(f'COPY "{name}" FROM STDIN') as copy:
                    copy.write(held)
            cursor.execute("RESET session_replication_role")
        keyring.forget_all()


def restored(*erased, before=lambda: None):
    """Make a backup, erase, and come back from the backup."""
    before()
    backup = Backup()
    for pair in erased:
        erase(pair)
    backup.restore()


def test_no_answer_is_not_a_yes(monkeypatch):
    monkeypatch.setitem(connections["keys"].settings_dict, "HOST", "/nowhere")
    monkeypatch.setitem(connections["keys"].settings_dict, "OPTIONS", {"host": "/nowhere"})
    connections["keys"].close()
    assert not replaying.is_current()


def test_nothing_to_do():
    fill()
    erase(PAIR)
    assert replaying.is_current()
    assert replaying.replay() == replaying.Replayed()


def test_who_was_erased_since_the_backup_is_erased_again():
    for pair in (PAIR, OTHER, NAMESAKE):
        fill(pair)
    restored(PAIR)
    assert rows_of(PAIR)
    assert not replaying.is_current()
    kept = {pair: rows_of(pair) for pair in (OTHER, NAMESAKE)}
    replayed = replaying.replay()
    assert (replayed.entries, replayed.pairs, replayed.held) == (1, 1, 0)
    assert replayed.rows["fan_memories"] == 3
    assert not rows_of(PAIR)
    assert {pair: rows_of(pair) for pair in (OTHER, NAMESAKE)} == kept
    assert replaying.is_current()
    assert actions().count("erasure.replayed") == 1
    entry = PendingAudit.objects.get(action="erasure.replayed")
    assert FAN not in orjson.dumps(entry.details).decode()
    assert replaying.replay() == replaying.Replayed()


def test_a_dry_run_changes_nothing():
    fill()
    restored(PAIR)
    before = everything()
    foreseen = replaying.replay(dry_run=True)
    assert everything() == before
    assert not replaying.is_current()
    assert foreseen == replaying.replay()


def test_requests_from_before_are_closed():
    fill()
    request = requests.open_request(RequestKind.ERASURE, PAIR, DPO)
    export = requests.open_request(RequestKind.EXPORT, PAIR, DPO)
    backup = Backup()
    requests.approve(request.id, DPO)
    erasing.execute(request.id, DPO)
    backup.restore()
    replaying.replay()
    request, export = requests.get_request(request.id), requests.get_request(export.id)
    assert (request.status, request.fan_id) == (RequestStatus.COMPLETED, "")
    assert (export.status, export.fan_id) == (RequestStatus.DENIED, "")
    assert resume_erasures() == 0


def test_a_fan_without_a_lock_row_is_found():
    restored(PAIR, before=lambda: _only_a_consent(PAIR))
    assert replaying.replay().rows == {"consents": 1}
    assert not rows_of(PAIR)


def _only_a_consent(pair):
    Consent.objects.create(
        creator_id=pair.creator_id, fan_id=pair.fan_id, purpose=Purpose.MEMORY, action=ConsentAction.GIVEN,
        method="letter", expressed_at=datetime.now(UTC), recorded_by=DPO,
    )  # fmt: skip


def test_an_erasure_whose_process_died_is_replayed_too():
    fill()
    backup = Backup()
    request = erasing.begin(PAIR, requested_by=DPO, reason="test")
    ledger.start(request.id, PAIR)
    backup.restore()
    assert replaying.replay().pairs == 1
    assert not rows_of(PAIR)


def test_what_is_under_way_here_is_left_to_the_sweep():
    fill()
    request = erasing.begin(PAIR, requested_by=DPO, reason="test")
    ledger.start(request.id, PAIR)
    assert replaying.replay().entries == 0
    assert resume_erasures() == 1


def consent_anew(pair=PAIR):
    record_consent(
        pair, purpose=Purpose.MEMORY, action=ConsentAction.GIVEN, method="checkbox", actor=DPO,
        expressed_at=datetime.now(UTC) + timedelta(seconds=1),
    )  # fmt: skip


class TestConsentedAnew:
    def test_what_was_written_since_stays(self):
        fill()
        erase(PAIR)
        consent_anew()
        say(content="a new beginning")
        AppliedErasure.objects.all().delete()
        before = everything()
        replaying.replay()
        assert everything() == before
        assert keyring.count(PAIR) == 1
        assert [m["content"] for m in _context()["recentMessages"]] == ["a new beginning"]

    def test_what_was_written_before_goes(self):
        fill()
        backup = Backup()
        erase(PAIR)
        consent_anew()
        backup.restore()
        say(content="a new beginning")
        assert FanMemory.objects.filter(fan_id=FAN).count() == 4
        replaying.replay()
        assert [m["content"] for m in _context()["recentMessages"]] == ["a new beginning"]
        metrics = EngagementMetrics.objects.get(fan_id=FAN)
        assert (metrics.total_messages, metrics.total_interactions) == (1, 1)
        assert keyring.count(PAIR) == 1
        say(content="and so on")
        metrics.refresh_from_db()
        assert metrics.total_messages == 2

    def test_a_fan_without_a_lock_row(self):
        _only_a_consent(PAIR)
        backup = Backup()
        erase(PAIR)
        consent_anew()
        backup.restore()
        assert replaying.replay().rows == {"consents": 1}
        assert not rows_of(PAIR)

    def test_nothing_was_written_since(self):
        fill()
        backup = Backup()
        erase(PAIR)
        consent_anew()
        backup.restore()
        replaying.replay()
        assert not rows_of(PAIR)

    def test_erased_once_more_everything_goes(self):
        fill()
        backup = Backup()
        erase(PAIR)
        consent_anew()
        say()
        erase(PAIR)
        backup.restore()
        assert replaying.replay().entries == 2
        assert not rows_of(PAIR)


def _context():
    return orjson.loads(recall(PAIR, Gate(PAIR.creator_id)).body)


def test_after_the_retention_period_a_fan_may_come_back():
    fill()
    assert cleanup_old_memories(inactive_for=timedelta(days=1)) == [PAIR]
    assert not rows_of(PAIR)
    assert Erasure.objects.get().lifted_at
    say(content="here again")
    assert [m["content"] for m in _context()["recentMessages"]] == ["here again"]


def test_a_hold_in_the_backup():
    fill()
    day = datetime.now(UTC).date()
    hold = holds.place(
        creator_id=PAIR.creator_id, fan_id=FAN, matter="m", ground="g", review_on=day, actor=DPO
    )  # fmt: skip
    backup = Backup()
    holds.release(hold.id, actor=DPO)
    erase(PAIR)
    backup.restore()
    assert replaying.replay(dry_run=True).held == 1
    replayed = replaying.replay()
    assert (replayed.pairs, replayed.held) == (0, 1)
    assert rows_of(PAIR)
    assert not replaying.is_current()
    with pytest.raises(OnHold), store().writing(PAIR):
        holds.guard(PAIR)
    holds.release(hold.id, actor=DPO)
    assert replaying.replay().pairs == 1
    assert replaying.is_current()


class TestCommand:
    def test_json(self, capsys):
        fill()
        restored(PAIR)
        call_command("replay_erasures", "--dry-run", "--format", "json")
        assert orjson.loads(capsys.readouterr().out)["pairs"] == 1
        assert rows_of(PAIR)
        call_command("replay_erasures")
        assert "1 pairs erased again" in capsys.readouterr().out
        assert not rows_of(PAIR)

    def test_under_a_hold(self):
        fill()
        holds.place(creator_id=PAIR.creator_id, matter="m", ground="g", review_on=datetime.now(UTC).date(), actor=DPO)
        Erasure.objects.create(
            id="0198f0c0-0000-7000-8000-000000000000", subject=keyring.subject_of(PAIR),
            started_at=datetime.now(UTC), completed_at=datetime.now(UTC),
        )  # fmt: skip
        with pytest.raises(SystemExit) as exit_:
            call_command("replay_erasures")
        assert exit_.value.code == 3


def test_readiness(client):
    fill()
    restored(PAIR)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["erasures"] is False
    replaying.replay()
    forget_answers()  # they are good for a second
    assert client.get("/health/ready").json()["checks"]["erasures"] is True
