"""Keys of pairs: made once, found again, gone when destroyed."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import ProgrammingError, connections
from hypothesis import given
from hypothesis import strategies as st

from ofmemory.infra.cache.client import client
from privacy.cache import stream_keys
from privacy.domain import Pair
from privacy.errors import Erased, KeysUnavailable, Unreadable
from privacy.keys import envelope, keyring, rows
from privacy.keys.models import DataKey, Erasure, ServiceKey
from privacy.models import LegalHold, PendingAudit
from tests.embedded.helpers import eventually
from tests.privacy.keys.support import PAIR, PLACE

OTHER = Pair("creator-1", "fan-2")

pytestmark = pytest.mark.django_db


def place_hold(pair=PAIR, matter="a matter"):
    return LegalHold.objects.create(
        creator_id=pair.creator_id, fan_id=pair.fan_id, matter=matter, placed_by="user:1", review_on="2027-01-01"
    )


def test_what_is_sealed_opens_again():
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE, b"row")
    keyring.forget_all()
    assert keyring.open_sealed(PAIR, sealed, PLACE, b"row") == b"hello"


@pytest.mark.parametrize(
    ("pair", "place", "row"),
    [(PAIR, keyring.place_of("table", "other"), b"row"), (PAIR, PLACE, b"other"), (OTHER, PLACE, b"row")],
)
def test_it_opens_nowhere_else(pair, place, row):
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE, b"row")
    keyring.ensure(pair)
    with pytest.raises(Unreadable):
        keyring.open_sealed(pair, sealed, place, row)


def test_every_changed_byte_is_noticed():
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Unreadable):
            keyring.open_sealed(PAIR, bytes(changed), PLACE)
    for cut in (b"", sealed[:10], sealed[:-1], sealed + b"?"):
        with pytest.raises(Unreadable):
            keyring.open_sealed(PAIR, cut, PLACE)


def test_a_value_moved_to_another_row_or_pair_does_not_open():
    first, second = place_hold(matter="the first"), place_hold(matter="the second")
    other = place_hold(OTHER, "of somebody else")
    for moved in (second, other):
        raw = LegalHold.objects.filter(pk=moved.pk).values_list("matter", flat=True).get()
        LegalHold.objects.filter(pk=first.pk).update(matter=raw)
        with pytest.raises(Unreadable):
            _ = LegalHold.objects.get(pk=first.pk).matter


def test_wrapped_keys_swapped_between_pairs_unwrap_nothing():
    sealed = {pair: keyring.ensure(pair).seal(b"hello", PLACE) for pair in (PAIR, OTHER)}
    mine, yours = DataKey.objects.order_by("id")
    DataKey.objects.filter(pk=mine.pk).update(wrapped=yours.wrapped)
    DataKey.objects.filter(pk=yours.pk).update(wrapped=mine.wrapped)
    keyring.forget_all()
    for pair in (PAIR, OTHER):
        with pytest.raises(KeysUnavailable):
            keyring.open_sealed(pair, sealed[pair], PLACE)


def test_rows_of_keys_given_to_another_pair_open_nothing():
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE)
    keyring.ensure(OTHER)
    DataKey.objects.filter(subject=keyring.subject_of(OTHER)).delete()
    DataKey.objects.filter(subject=keyring.subject_of(PAIR)).update(subject=keyring.subject_of(OTHER))
    keyring.forget_all()
    with pytest.raises(Unreadable):
        keyring.open_sealed(PAIR, sealed, PLACE)
    with pytest.raises(KeysUnavailable):
        keyring.open_sealed(OTHER, sealed, PLACE)


def test_one_broken_key_keeps_no_other_pair_from_theirs():
    for pair in (PAIR, OTHER):
        keyring.ensure(pair)
    DataKey.objects.filter(subject=keyring.subject_of(PAIR)).update(wrapped=b"broken")
    keyring.forget_all()
    with pytest.raises(KeysUnavailable):
        keyring.find_many([PAIR, OTHER])
    assert keyring.peek(OTHER) is not None
    assert keyring.peek(PAIR) is None


KEY = envelope.Key(7, b"k" * 32)


@given(text=st.binary(max_size=300), place=st.binary(max_size=60), other=st.binary(max_size=60))
def test_sealing_is_undone_in_its_place_alone(text, place, other):
    sealed = envelope.seal(KEY, text, place)
    assert envelope.key_id_of(sealed) == 7
    assert len(sealed) == len(text) + envelope.OVERHEAD_BYTES
    assert envelope.unseal(KEY, sealed, place) == text
    if other != place:
        with pytest.raises(envelope.Tampered):
            envelope.unseal(KEY, sealed, other)


@given(sealed=st.one_of(st.binary(max_size=80), st.binary(min_size=36, max_size=80).map(b"\x01".__add__)))
def test_any_bytes_are_refused_in_one_way(sealed):
    with pytest.raises(envelope.Tampered):
        _ = envelope.key_id_of(sealed), envelope.unseal(KEY, sealed, b"")


def test_every_pair_has_one_key():
    assert keyring.ensure(PAIR).current.id == keyring.ensure(PAIR).current.id
    keyring.forget_all()
    keyring.ensure(PAIR)
    keyring.ensure(OTHER)
    assert DataKey.objects.count() == 2


def test_without_its_key_a_value_is_lost():
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE)
    assert keyring.count(PAIR) == 1
    assert keyring.destroy(PAIR) == 1
    assert keyring.count(PAIR) == 0
    assert keyring.destroy(PAIR) == 0
    with pytest.raises(Unreadable):
        keyring.open_sealed(PAIR, sealed, PLACE)


def test_inside_a_transaction_the_rows_wait_for_their_vacuum():
    assert not rows.remove_dead_rows()


def _is_in_the_file(wrapped):
    with connections["keys"].cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT position(%s IN pg_read_binary_file(pg_relation_filepath('data_keys')))", [wrapped])
        return cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_the_bytes_of_destroyed_keys_leave_the_file():
    for number in range(9):
        keyring.ensure(Pair("creator-1", f"fan-{number}"))
    wrapped = bytes(DataKey.objects.get(subject=keyring.subject_of(PAIR)).wrapped)
    try:
        assert _is_in_the_file(wrapped)
    except ProgrammingError:
        pytest.skip("only a superuser may look into the files of PostgreSQL")
    assert keyring.destroy(PAIR) == 1
    # Somebody else's snapshot, such as autovacuum's, may keep them for a moment.
    assert not _is_in_the_file(wrapped) or eventually(lambda: rows.remove_dead_rows() and not _is_in_the_file(wrapped))
    with connections["keys"].cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("5s",)


def test_who_was_erased_gets_no_key():
    Erasure.objects.create(id="0198f0c0-0000-7000-8000-000000000000", subject=keyring.subject_of(PAIR))
    with pytest.raises(Erased):
        keyring.ensure(PAIR)
    key = keyring.ensure(OTHER).current.id
    Erasure.objects.create(id="0198f0c0-0000-7000-8000-000000000001", subject=keyring.subject_of(OTHER))
    assert rows.replace(key, rows.NewKey(keyring.subject_of(OTHER))) is None
    assert keyring.count(OTHER) == 1


def test_service_keys_are_made_once_and_differ():
    receipts = keyring.service_key("receipts")
    keyring.forget_all()
    assert keyring.service_key("receipts") == receipts != keyring.service_key("subject")
    assert len(receipts) == 32
    assert keyring.keyed_digest("subject", "a", "bc") != keyring.keyed_digest("subject", "ab", "c")
    ServiceKey.objects.filter(name="receipts").update(wrapped=ServiceKey.objects.get(name="subject").wrapped)
    keyring.forget_all()
    with pytest.raises(KeysUnavailable):
        keyring.service_key("receipts")


def test_the_cache_is_bounded_in_number(settings):
    settings.KEYRING_SIZE = 3
    pairs = [Pair("creator-1", f"fan-{number}") for number in range(5)]
    for pair in pairs:
        keyring.ensure(pair)
    assert [keyring.peek(pair) is not None for pair in pairs] == [False, False, True, True, True]
    found = keyring.find_many(pairs)
    assert set(found) == set(pairs)
    assert sum(keyring.peek(pair) is not None for pair in pairs) == 3


def test_the_cache_is_bounded_in_time(settings, django_assert_num_queries):
    keyring.ensure(PAIR)
    with django_assert_num_queries(0, using="keys"):
        assert keyring.find(PAIR)
    settings.KEYRING_SECONDS = -1
    keyring.forget(PAIR)
    keyring.ensure(PAIR)
    assert keyring.peek(PAIR) is None
    keyring.ensure(OTHER)
    assert not keyring._held, "an entry whose time is over is not kept in memory"


def test_many_are_found_with_one_query(django_assert_num_queries):
    pairs = [Pair("creator-1", f"fan-{number}") for number in range(20)]
    for pair in pairs[:-1]:
        keyring.ensure(pair)
    for pair in pairs:
        keyring.forget(pair)
    with django_assert_num_queries(1, using="keys"):
        assert set(keyring.find_many(pairs)) == set(pairs[:-1])
    with django_assert_num_queries(0, using="keys"):
        assert set(keyring.find_many(pairs[:3])) == set(pairs[:3])


@pytest.fixture
def dead_keys_database(transactional_db):
    """Call it, and the keys database answers no more."""
    connection = connections["keys"]
    before = connection.settings_dict

    def die():
        connection.close()
        nowhere = {**before["OPTIONS"], "host": "/nowhere"}
        connection.settings_dict = {**before, "HOST": "/nowhere", "OPTIONS": nowhere}

    yield die
    connection.close()
    connection.settings_dict = before


def test_a_dead_keys_database_is_said_and_held_keys_go_on(dead_keys_database):
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE)
    dead_keys_database()
    assert keyring.open_sealed(PAIR, sealed, PLACE) == b"hello"
    for ask in (lambda: keyring.destroy(PAIR), lambda: keyring.count(PAIR)):
        with pytest.raises(KeysUnavailable):
            ask()
    keyring.forget(PAIR)
    with pytest.raises(KeysUnavailable) as caught:
        keyring.open_sealed(PAIR, sealed, PLACE)
    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 2)


def test_a_vacuum_that_fails_is_left_to_postgresql(dead_keys_database, caplog):
    dead_keys_database()
    assert not rows.remove_dead_rows()
    told = [record for record in caplog.records if record.getMessage() == "keys_not_vacuumed"]
    assert [record.error for record in told] == ["OperationalError"]


def test_rows_are_shown_without_naming_anybody():
    keyring.ensure(PAIR)
    (key,) = DataKey.objects.all()
    erasure = Erasure(id="0198f0c0-0000-7000-8000-000000000000", subject=key.subject)
    assert [str(key), str(ServiceKey.objects.get()), str(erasure)] == [f"key {key.pk}", "subject", str(erasure.id)]


def test_the_use_of_keys_is_told_to_the_audit_log(django_assert_num_queries):
    stream = stream_keys(PAIR.creator_id)[0]
    handle = keyring.ensure(PAIR).handle.hex().encode()
    keyring.ensure(PAIR)
    keyring.forget(PAIR)
    with django_assert_num_queries(0):
        keyring.find(PAIR)
    told = [entry[b"e"] for _, entry in client().xrange(stream)]
    assert [line.split(b'"')[1] for line in told] == [b"key.used", b"key.created", b"key.used"]
    assert all(handle in line and b"system:keyring" in line and b"fan-1" not in line for line in told)
    assert not PendingAudit.objects.exists()


@pytest.fixture
def hooks(monkeypatch):
    held = []
    monkeypatch.setattr(keyring, "_hooks", held)
    return held


def test_a_hook_that_fails_or_uses_keys_itself_breaks_nothing(hooks, caplog):
    told = []

    def curious(creator_id, action, handles):
        told.append(action)
        keyring.forget_all()
        keyring.ensure(OTHER)
        raise ValueError("secret")

    keyring.on_use(curious)
    keyring.on_use(curious)
    assert keyring.ensure(PAIR)
    assert told == ["key.used", "key.created"]
    assert [record.error for record in caplog.records if record.message == "key_use_not_told"] == ["ValueError"] * 2


def test_a_page_of_fans_is_told_once_a_creator(hooks):
    pairs = [Pair(f"creator-{number % 2}", f"fan-{number}") for number in range(6)]
    for pair in pairs:
        keyring.ensure(pair)
    keyring.forget_all()
    told = []
    keyring.on_use(lambda *use: told.append(use))
    keyring.find_many(pairs)
    assert sorted((creator, action, len(handles)) for creator, action, handles in told) == [
        ("creator-0", "key.used", 3),
        ("creator-1", "key.used", 3),
    ]


@pytest.mark.django_db(transaction=True)
def test_threads_that_meet_a_new_fan_at_once_get_one_key():
    count = 8
    barrier = threading.Barrier(count)

    def ensure(_):
        barrier.wait()
        try:
            return keyring.ensure(PAIR).seal(b"hello", PLACE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        sealed = list(pool.map(ensure, range(count)))
    assert DataKey.objects.count() == 1
    assert {keyring.open_sealed(PAIR, value, PLACE) for value in sealed} == {b"hello"}


def _ensure_in_process(barrier, results):
    connections.close_all()
    keyring.forget_all()
    barrier.wait()
    results.put(keyring.ensure(PAIR).seal(b"hello", PLACE))
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_processes_that_meet_a_new_fan_at_once_get_one_key():
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(3), fork.SimpleQueue()
    processes = [fork.Process(target=_ensure_in_process, args=(barrier, results)) for _ in range(3)]
    for process in processes:
        process.start()
    sealed = [results.get() for _ in processes]
    for process in processes:
        process.join(20)
    assert DataKey.objects.count() == 1
    assert {keyring.open_sealed(PAIR, value, PLACE) for value in sealed} == {b"hello"}
