"""New data keys for pairs, while others write and read."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from memory.models import EngagementMetrics, FanMemory, FanPreferences
from memory.services.context import get_memory_context
from memory.services.interactions import save_interaction
from memory.services.preferences import update_preferences
from privacy.domain import Pair
from privacy.keys import envelope, keyring, rows
from privacy.keys.models import DataKey, Erasure
from privacy.models import LegalHold, PendingAudit, Reveal
from privacy.services import renewal, sealed_rows
from privacy.services.renewal import destroy_retired, renew_keys
from privacy.tasks import destroy_retired_keys

PAIR, OTHER = Pair("creator-1", "fan-1"), Pair("creator-2", "fan-1")

pytestmark = pytest.mark.django_db


def renew(**options):
    return renew_keys(actor="system:test", **options)


def say(pair=PAIR, content="hello"):
    return save_interaction(creator_id=pair.creator_id, fan_id=pair.fan_id, type="message", content=content)


def hold(pair=PAIR, matter="the matter"):
    return LegalHold.objects.create(
        creator_id=pair.creator_id, fan_id=pair.fan_id, matter=matter, placed_by="user:1", review_on="2027-01-01"
    )


def key_ids(model, column, pair=PAIR):
    values = model.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).values_list(column, flat=True)
    return {envelope.key_id_of(bytes(value)) for value in values if value}


def an_hour_later():
    DataKey.objects.exclude(retired_at=None).update(retired_at=timezone.now() - timedelta(hours=2))


def contents(pair=PAIR):
    context = get_memory_context(fan_id=pair.fan_id, creator_id=pair.creator_id)
    return [message["content"] for message in context["recentMessages"]]


def test_a_pair_gets_a_new_key_and_everything_is_sealed_with_it():
    say(content="one")
    say(content="two")
    update_preferences(fan_id=PAIR.fan_id, creator_id=PAIR.creator_id, patch={"topicInterests": {"dogs": 0.5}})
    hold()
    old = keyring.ensure(PAIR)
    done = renew()
    new = keyring.ensure(PAIR)
    assert (done.pairs, done.renewed, done.unreadable, done.failed, done.destroyed) == (1, 1, 0, 0, 0)
    assert new.current.id > old.current.id
    assert new.handle == old.handle
    for model, column in ((FanMemory, "message_content"), (FanPreferences, "topic_interests"), (LegalHold, "matter")):
        assert key_ids(model, column) == {new.current.id}
    assert FanPreferences.objects.get().topic_interests == {"dogs": 0.5}
    assert EngagementMetrics.objects.get().key_id == new.current.id
    assert contents() == ["one", "two"]
    assert LegalHold.objects.get().matter == "the matter"
    say(content="three")
    assert contents()[-1] == "three"
    assert PendingAudit.objects.filter(action="keys.renewed").exists()


def test_a_second_run_within_the_hour_makes_no_further_key():
    say()
    assert renew().renewed == 1
    second = renew()
    assert (second.renewed, second.resumed, second.rows) == (0, 1, 0)
    assert keyring.count(PAIR) == 2


def test_old_keys_are_destroyed_after_an_hour():
    say()
    hold(OTHER)
    renew()
    assert destroy_retired_keys() == 0
    an_hour_later()
    assert destroy_retired_keys() == 2
    assert destroy_retired_keys() == 0
    assert (keyring.count(PAIR), keyring.count(OTHER)) == (1, 1)
    keyring.forget_all()
    assert contents() == ["hello"]
    assert LegalHold.objects.get().matter == "the matter"
    assert PendingAudit.objects.get(action="keys.destroyed").details == {"destroyed": 2, "unreadable": 0}


def test_what_a_slow_process_sealed_with_the_old_key_is_sealed_anew_before_it_goes():
    hold()
    old = keyring.ensure(PAIR)
    renew()
    late = Reveal(creator_id=PAIR.creator_id, fan_id=PAIR.fan_id, user_id="1", expires_at=timezone.now())
    keyring._held[PAIR] = old
    late.reason = "seen late"
    late.save()
    assert key_ids(Reveal, "reason") == {old.current.id}
    an_hour_later()
    keyring.forget_all()
    assert destroy_retired(actor="system:test").rows == 1
    assert Reveal.objects.get().reason == "seen late"


def test_a_run_that_was_stopped_is_finished(monkeypatch):
    monkeypatch.setattr(sealed_rows, "BATCH", 2)
    monkeypatch.setattr(renewal, "BATCH", 2)
    for number in range(5):
        say(content=str(number))
    key = keyring.ensure(PAIR).current.id
    new = rows.replace(key, rows.NewKey(keyring.subject_of(PAIR)))
    keyring.forget_all()
    done = renew()
    assert (done.renewed, done.resumed) == (0, 1)
    assert done.rows >= 5
    assert key_ids(FanMemory, "message_content") == {new}
    assert EngagementMetrics.objects.get().key_id == new
    assert contents() == ["0", "1", "2", "3", "4"]


def test_a_run_that_was_stopped_keeps_nobody_from_writing():
    say()
    rows.replace(keyring.ensure(PAIR).current.id, rows.NewKey(keyring.subject_of(PAIR)))
    keyring.forget_all()
    say(content="in between")
    update_preferences(fan_id=PAIR.fan_id, creator_id=PAIR.creator_id, patch={"topicInterests": {"dogs": 0.5}})
    assert EngagementMetrics.objects.get().key_id == keyring.ensure(PAIR).current.id
    assert contents() == ["hello", "in between"]


def test_a_row_that_does_not_open_keeps_the_old_key_alive():
    hold(matter="good")
    bad = hold(matter="bad")
    LegalHold.objects.filter(pk=bad.pk).update(matter=LegalHold.objects.values_list("matter", flat=True).first())
    done = renew()
    assert done.unreadable == 1
    an_hour_later()
    again = destroy_retired(actor="system:test")
    assert (again.unreadable, again.destroyed) == (1, 0)
    assert LegalHold.objects.exclude(pk=bad.pk).get().matter == "good"


def test_only_those_that_were_asked_for():
    for pair in (PAIR, OTHER, Pair("creator-2", "fan-2")):
        hold(pair)
    assert renew(creator_id="creator-2", fan_id="fan-1", dry_run=True).renewed == 1
    assert DataKey.objects.count() == 3
    assert renew(creator_id="creator-2", fan_id="fan-1").renewed == 1
    assert (keyring.count(PAIR), keyring.count(OTHER)) == (1, 2)
    assert renew(creator_id="creator-2").renewed == 1
    an_hour_later()
    assert destroy_retired(actor="system:test").destroyed == 2
    assert (keyring.count(PAIR), keyring.count(OTHER)) == (1, 1)
    assert renew(older_than_days=1).renewed == 0
    DataKey.objects.filter(subject=keyring.subject_of(PAIR)).update(created_at=timezone.now() - timedelta(days=2))
    assert renew(older_than_days=1).renewed == 1


def test_creators_own_data_and_unknown_pairs():
    hold(Pair("creator-1", ""))
    assert renew().renewed == 1
    assert renew(creator_id="creator-1", fan_id="never-seen").renewed == 0
    assert LegalHold.objects.get().matter == "the matter"


def test_who_was_erased_gets_no_new_key():
    hold()
    Erasure.objects.create(id="0198f0c0-0000-7000-8000-000000000000", subject=keyring.subject_of(PAIR))
    assert renew().renewed == 0
    assert keyring.count(PAIR) == 1


@pytest.mark.django_db(transaction=True)
def test_a_pair_that_somebody_keeps_locked_is_counted_and_done_by_the_next_run():
    say()
    hold(OTHER)
    locked, done = threading.Event(), threading.Event()

    def keep():
        with transaction.atomic():
            EngagementMetrics.objects.select_for_update().get()
            locked.set()
            done.wait(30)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        keeping = pool.submit(keep)
        locked.wait(30)
        try:
            with connections["default"].cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            first = renew()
            rows.replace(keyring.ensure(PAIR).current.id, rows.NewKey(keyring.subject_of(PAIR)))
            second = renew()
        finally:
            done.set()
            connections["default"].close()
        keeping.result()
    assert (first.renewed, first.failed) == (1, 1)
    assert (second.resumed, second.failed) == (2, 1)
    third = renew()
    assert (third.resumed, third.failed) == (2, 0)
    assert key_ids(FanMemory, "message_content") == {keyring.ensure(PAIR).current.id}


def test_a_pair_that_is_erased_meanwhile_is_left_alone():
    hold()
    keyring.destroy(PAIR)
    assert renewal._reseal_all(PAIR, renewal.Renewed(renewed=1)) == renewal.Renewed()
    assert keyring.count(PAIR) == 0


def test_keys_of_pairs_without_any_rows_go_as_well():
    keyring.ensure(PAIR)
    rows.replace(keyring.ensure(PAIR).current.id, rows.NewKey(keyring.subject_of(PAIR)))
    an_hour_later()
    assert destroy_retired(actor="system:test").destroyed == 1
    assert keyring.count(PAIR) == 1


@pytest.mark.django_db(transaction=True)
def test_while_others_write_and_read(monkeypatch):
    monkeypatch.setattr(sealed_rows, "BATCH", 5)
    monkeypatch.setattr(renewal, "BATCH", 5)
    for pair in (PAIR, OTHER):
        for number in range(12):
            say(pair, f"before {number}")
    traffic = Traffic((PAIR, OTHER, PAIR))
    with traffic:
        for _ in range(4):
            assert renew().failed == 0
            # In the place of an hour: everybody has finished what they had begun, and looks their keys up anew.
            for pair in (PAIR, OTHER):
                keyring.forget(pair)
            traffic.passes(2)
            an_hour_later()
            destroyed = destroy_retired(actor="system:test")
            assert (destroyed.failed, destroyed.unreadable, destroyed.destroyed) == (0, 0, 2)
    keyring.forget_all()
    written = [message.message_content for message in FanMemory.objects.all()]
    assert len(written) == 24 + sum(traffic.said)
    assert sum(content.startswith("before ") for content in written) == 24
    assert keyring.count(PAIR) == keyring.count(OTHER) == 1


class Traffic:
    """Threads that say something and read it back, over and over, until the block ends."""

    def __init__(self, pairs):
        self._pairs, self.said = pairs, [0] * len(pairs)
        self._turn, self._ending = threading.Condition(), threading.Event()

    def __enter__(self):
        self._pool = ThreadPoolExecutor(len(self._pairs))
        self._running = [self._pool.submit(self._talk, number) for number in range(len(self._pairs))]
        self.passes(1)

    def __exit__(self, *_):
        self._ending.set()
        for future in self._running:
            future.result()
        self._pool.shutdown()

    def passes(self, rounds):
        """Wait until every thread has gone round so many times more."""
        goal = [said + rounds for said in self.said]
        with self._turn:
            done = self._turn.wait_for(lambda: self._ended() or all(map(int.__ge__, self.said, goal)), 60)
        assert done
        assert not self._ended()

    def _ended(self):
        return any(future.done() for future in self._running)

    def _talk(self, number):
        pair = self._pairs[number]
        try:
            while not self._ending.is_set():
                say(pair, f"{number}: {self.said[number]}")
                assert f"{number}: {self.said[number]}" in contents(pair)
                with self._turn:
                    self.said[number] += 1
                    self._turn.notify_all()
        finally:
            connections.close_all()
            with self._turn:
                self._turn.notify_all()
