"""Retention: who has been silent for too long is erased, like on request; by the database's clock."""

import json
import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from memory.models import EngagementMetrics, FanMemory
from ofmemory.errors import CacheUnavailable
from privacy.domain import Pair, Purpose, RequestKind, RequestStatus
from privacy.keys import keyring
from privacy.keys.models import DataKey
from privacy.models import DataRequest, Receipt
from privacy.registry import store
from privacy.services import erasing, requests, retention
from privacy.tasks import cleanup_memories
from tests.privacy.rights.support import DPO, GIVEN, PAIR, decide, recorded, say
from tests.privacy.rights.test_holds import hold

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = Pair("creator-1", "fan-2")
DAY = timedelta(days=1)
MARGIN = timedelta(minutes=5)


def silent_for(pair: Pair, silence: timedelta) -> None:
    """Say something and let the database believe that it was said that long ago."""
    say(pair=pair)
    rows = EngagementMetrics.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - %s", [silence])
        rows.update(last_interaction=cursor.fetchone()[0])


def remembered() -> set[str]:
    return set(FanMemory.objects.values_list("fan_id", flat=True))


def test_the_last_day_of_the_period_is_kept():
    silent_for(PAIR, 730 * DAY + MARGIN)
    silent_for(OTHER, 730 * DAY - MARGIN)
    done = retention.cleanup()
    assert (done.erased, done.held, done.unfinished, done.returned) == ([PAIR], [], [], [])
    assert remembered() == {"fan-2"}


def test_the_period_can_be_named():
    silent_for(PAIR, 30 * DAY + MARGIN)
    silent_for(OTHER, 30 * DAY - MARGIN)
    assert retention.cleanup(inactive_for=30 * DAY).erased == [PAIR]
    assert remembered() == {"fan-2"}


def test_it_is_an_erasure_with_its_proofs():
    silent_for(PAIR, 1000 * DAY)
    retention.cleanup()
    request = DataRequest.objects.get()
    assert (request.status, request.requested_by, request.fan_id) == (RequestStatus.COMPLETED, "system:retention", "")
    assert Receipt.objects.get().request_id == request.id
    assert "erasure.completed" in recorded()


def test_a_second_approver_is_not_asked(settings):
    settings.ERASURE_SECOND_APPROVER = True
    silent_for(PAIR, 1000 * DAY)
    assert retention.cleanup().erased == [PAIR]


@pytest.mark.django_db(transaction=False)
@given(st.lists(st.tuples(st.sampled_from([1, 29, 31, 60]), st.booleans()), max_size=5))
def test_a_dry_run_lists_exactly_what_the_run_does(silences):
    for number, (days, is_held) in enumerate(silences):
        pair = Pair("creator-dry", f"fan-{number}")
        silent_for(pair, days * DAY)
        if is_held:
            hold_of(pair)
    before = remembered()
    foreseen = retention.cleanup(inactive_for=30 * DAY, dry_run=True)
    assert remembered() == before
    done = retention.cleanup(inactive_for=30 * DAY)
    assert (foreseen.erased, foreseen.held) == (done.erased, done.held)
    assert len(foreseen.erased) + len(foreseen.held) == sum(days > 30 for days, _ in silences)
    assert remembered() == before - {pair.fan_id for pair in done.erased}
    _forget_everything()


def hold_of(pair: Pair) -> None:
    from privacy.models import LegalHold

    LegalHold.objects.create(
        creator_id=pair.creator_id, fan_id=pair.fan_id, ground="x", placed_by=DPO, review_on="2030-01-01"
    )


def _forget_everything() -> None:
    from privacy.keys.models import DataKey, Erasure
    from privacy.models import LegalHold

    for model in (FanMemory, EngagementMetrics, LegalHold, DataRequest, Erasure, DataKey):
        model._default_manager.all().delete()


def test_held_pairs_are_named_and_kept():
    silent_for(PAIR, 1000 * DAY)
    silent_for(OTHER, 1000 * DAY)
    hold()
    for dry_run in (True, False):
        done = retention.cleanup(dry_run=dry_run)
        assert (done.held, done.erased) == ([PAIR], [OTHER])
    assert remembered() == {"fan-1"}


def test_who_asked_for_erasure_is_left_to_that():
    """It forbids to remember the fan anew, which the end of the period does not."""
    silent_for(PAIR, 1000 * DAY)
    requests.open_request(RequestKind.ERASURE, PAIR, DPO)
    for dry_run in (True, False):
        done = retention.cleanup(dry_run=dry_run)
        assert (done.requested, done.erased) == ([PAIR], [])
    assert DataRequest.objects.get().status == RequestStatus.RECEIVED


def test_the_end_of_the_period_does_not_forbid_to_come_back():
    silent_for(PAIR, 1000 * DAY)
    retention.cleanup()
    say("I am back")
    assert remembered() == {"fan-1"}


def test_who_came_back_meanwhile_is_kept():
    """The list is made without locks; what it says is looked at again under them."""
    silent_for(PAIR, 1000 * DAY)
    silent_for(OTHER, 999 * DAY)

    def come_back(done: int, _: int) -> None:
        if done == 1:
            say("I am back", pair=OTHER)

    done = retention.cleanup(progress=come_back)
    assert (done.erased, done.returned) == ([PAIR], [OTHER])
    assert remembered() == {"fan-2"}


def test_a_clock_that_runs_ahead_in_one_process_deletes_nothing():
    silent_for(PAIR, 700 * DAY)
    with time_machine.travel("2040-01-01"):
        assert retention.cleanup(dry_run=True).erased == []
        assert retention.cleanup().erased == []
    assert remembered() == {"fan-1"}


def test_a_clock_that_runs_behind_keeps_nobody():
    silent_for(PAIR, 800 * DAY)
    with time_machine.travel("2020-01-01"):
        assert retention.cleanup(dry_run=True).erased == [PAIR]


def test_who_only_ever_consented_is_silent_since_then():
    decide(Purpose.MEMORY, GIVEN)
    assert retention.cleanup(dry_run=True).erased == []
    EngagementMetrics.objects.update(created_at=F("created_at") - 731 * DAY)
    assert retention.cleanup().erased == [PAIR]
    assert not EngagementMetrics.objects.exists()


def test_what_could_not_be_finished_is_named_and_finished_later(monkeypatch):
    silent_for(PAIR, 1000 * DAY)

    def away(_: Any) -> Any:
        raise CacheUnavailable("away")

    with monkeypatch.context() as redis:
        redis.setattr(store(), "purge_caches", away)
        done = retention.cleanup()
    assert (done.erased, done.unfinished) == ([], [PAIR])
    assert erasing.resume() == 1
    assert DataRequest.objects.get().status == RequestStatus.COMPLETED


def test_one_that_fails_does_not_keep_the_others():
    silent_for(PAIR, 1000 * DAY)
    silent_for(OTHER, 999 * DAY)
    DataKey.objects.filter(subject=keyring.subject_of(PAIR)).update(wrapped=b"broken")
    keyring.forget(PAIR)
    done = retention.cleanup()
    assert (done.unfinished, done.erased) == ([PAIR], [OTHER])


def test_a_hold_that_comes_at_the_last_moment_holds(monkeypatch):
    """After the pair was looked at and locked, somebody holds all fans of the creator."""
    silent_for(PAIR, 1000 * DAY)
    looked = store().is_inactive

    def held_meanwhile(*arguments: Any) -> bool:
        thread = threading.Thread(target=_hold_all)
        thread.start()
        thread.join()
        return looked(*arguments)

    monkeypatch.setattr(store(), "is_inactive", held_meanwhile)
    assert retention.cleanup().held == [PAIR]
    assert remembered() == {"fan-1"}


def _hold_all() -> None:
    hold(fan_id="")
    connections.close_all()


def test_the_task():
    silent_for(PAIR, 1000 * DAY)
    assert cleanup_memories() == 1
    assert cleanup_memories() == 0


# ---- the command


def run(*arguments: str) -> Any:
    out = StringIO()
    call_command("cleanup_memories", *arguments, stdout=out)
    return json.loads(out.getvalue()) if "json" in arguments else out.getvalue()


def test_the_command_says_what_it_did():
    silent_for(PAIR, 40 * DAY)
    silent_for(OTHER, 40 * DAY)
    hold()
    foreseen = run("--inactive-days", "30", "--dry-run", "--format", "json")
    done = run("--inactive-days", "30", "--format", "json")
    assert foreseen["erased"] == done["erased"] == [{"creatorId": "creator-1", "fanId": "fan-2"}]
    assert foreseen["held"] == done["held"] == [{"creatorId": "creator-1", "fanId": "fan-1"}]
    assert (foreseen["dryRun"], done["dryRun"]) == (True, False)


def test_the_command_for_people():
    silent_for(PAIR, 1000 * DAY)
    assert "1 erased, 0 held, 0 requested, 0 unfinished, 0 returned\nerased: creator-1 fan-1" in run("--dry-run")
    assert run("--dry-run").startswith("dry run, nothing was changed")
    assert not run().startswith("dry run")


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5"])
def test_wrong_usage(days):
    with pytest.raises(CommandError, match="is not a number of days"):
        run("--inactive-days", days)
