"""A new key-encryption key for every key, while others make and use keys."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from privacy.domain import Pair
from privacy.errors import KeysUnavailable
from privacy.keys import keyring, providers, rewrapping, rows
from privacy.keys.models import DataKey, ServiceKey
from privacy.models import PendingAudit
from privacy.services.rotation import rotate_kek
from tests.privacy.keys.support import PAIR, PLACE
from tests.privacy.keys.transit import transit_server

PAIRS = [Pair("creator-1", f"fan-{number}") for number in range(12)]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_keyset(settings, tmp_path):
    settings.KEYSET_FILE = tmp_path / "keyset.json"
    keyring.forget_all()
    yield
    keyring.forget_all()


@pytest.fixture
def sealed():
    return {pair: keyring.ensure(pair).seal(pair.fan_id.encode(), PLACE) for pair in PAIRS}


def rotate(**options):
    return rotate_kek(actor="system:test", **options)


def open_all(sealed):
    keyring.forget_all()
    return all(keyring.open_sealed(pair, value, PLACE) == pair.fan_id.encode() for pair, value in sealed.items())


def wrapped_by():
    keks = [*DataKey.objects.values_list("kek_id", flat=True), *ServiceKey.objects.values_list("kek_id", flat=True)]
    return set(keks)


def test_everything_is_wrapped_anew_and_the_old_key_is_gone(sealed):
    old = providers.current_provider().current_id()
    steps = []
    done = rotate(progress=lambda *step: steps.append(step))
    assert done.added
    assert (done.rewrapped, done.failed, done.removed) == (13, 0, [old])
    assert wrapped_by() == {done.kek} != {old}
    assert providers.current_provider().ids() == [done.kek]
    assert steps[-1] == (13, 13)
    assert open_all(sealed)
    (entry,) = PendingAudit.objects.filter(action="kek.rotated")
    assert entry.details == {"kek": done.kek, "rewrapped": 13, "failed": 0, "removed": [old]}


def test_each_run_is_a_rotation(sealed):
    first, second = rotate(), rotate()
    assert first.kek != second.kek
    assert second.removed == [first.kek]
    assert open_all(sealed)


def test_a_dry_run_changes_nothing(sealed):
    before = wrapped_by()
    done = rotate(dry_run=True)
    assert (done.added, done.rewrapped, done.dry_run) == (True, 13, True)
    assert wrapped_by() == before == {done.kek}
    assert providers.current_provider().ids() == [done.kek]


def test_the_old_key_may_be_kept(sealed):
    old = providers.current_provider().current_id()
    done = rotate(keep_old=True)
    assert done.removed == []
    assert set(providers.current_provider().ids()) == {old, done.kek}


def test_a_rotation_that_was_stopped_is_finished_without_another_key(sealed, monkeypatch):
    monkeypatch.setattr(rewrapping, "BATCH", 5)
    new = providers.current_provider().add_primary()
    next(rewrapping.rewrap_all())
    assert len(wrapped_by()) == 2
    done = rotate()
    assert (done.added, done.kek) == (False, new)
    assert wrapped_by() == {new}
    assert open_all(sealed)


def test_what_a_slow_process_wrapped_with_a_key_that_is_gone_is_wrapped_anew(sealed):
    late = rows.NewKey(b"subject")
    done = rotate()
    assert late.columns()["kek_id"] == done.kek


def test_of_two_rotations_at_once_the_slower_stores_nothing_with_a_key_that_is_gone(sealed):
    keyset = providers.current_provider()
    middle = keyset.add_primary()
    (table,) = [table for table in rewrapping._TABLES if table.name == "service_keys"]
    row = ServiceKey.objects.get(name="subject")
    keyset.add_primary()
    keyset.remove(middle)
    assert rewrapping._store(table, [(row.name, row.kek_id, b"lost", middle)]) == 0
    assert ServiceKey.objects.get(name="subject").wrapped == row.wrapped


def test_a_key_that_cannot_be_unwrapped_is_counted_and_its_kek_kept(sealed):
    old = providers.current_provider().current_id()
    DataKey.objects.filter(subject=keyring.subject_of(PAIR)).update(wrapped=b"broken")
    done = rotate()
    assert (done.rewrapped, done.failed, done.removed) == (12, 1, [])
    assert wrapped_by() == {old, done.kek}


def test_from_one_provider_to_another_and_on_with_that_ones_newest(sealed, settings):
    with transit_server() as server:
        settings.KEK_PROVIDER, settings.VAULT_ADDR, settings.VAULT_TOKEN = "vault", server.address, server.token
        done = rotate()
        assert (done.added, done.kek, done.rewrapped) == (False, "vault:transit/ofmemory:v1", 13)
        assert rotate().rewrapped == 0
        server.rotate()
        assert rotate().rewrapped == 13
        assert wrapped_by() == {"vault:transit/ofmemory:v2"}
        assert open_all(sealed)
        settings.KEK_PROVIDER = "local"
        assert rotate().rewrapped == 13
    assert open_all(sealed)


def test_a_provider_that_is_down_loses_nothing(sealed, settings):
    before = wrapped_by()
    with transit_server() as server:
        settings.KEK_PROVIDER, settings.VAULT_ADDR, settings.VAULT_TOKEN = "vault", server.address, server.token
        server.sealed = True
        with pytest.raises(KeysUnavailable):
            rotate()
    assert wrapped_by() == before
    settings.KEK_PROVIDER = "local"
    assert open_all(sealed)


@pytest.mark.django_db(transaction=True)
def test_while_others_make_and_use_keys(sealed, monkeypatch):
    monkeypatch.setattr(rewrapping, "BATCH", 3)
    stop, started = threading.Event(), threading.Barrier(4)
    made = [[] for _ in range(3)]

    def traffic(number):
        try:
            while not stop.is_set():
                pair = Pair(f"creator-{number}", f"new-{len(made[number])}")
                made[number].append((pair, keyring.ensure(pair).seal(b"new", PLACE)))
                for known in PAIRS:
                    keyring.forget(known)
                    assert keyring.open_sealed(known, sealed[known], PLACE) == known.fan_id.encode()
                if len(made[number]) == 1:
                    started.wait(20)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(traffic, number) for number in range(3)]
        started.wait(20)
        try:
            keks = [rotate() for _ in range(6)]
        finally:
            stop.set()
        for future in running:
            future.result()
    assert all(done.failed == 0 for done in keks)
    rotate()
    assert len(wrapped_by()) == 1
    assert open_all(sealed)
    for pair, value in [item for items in made for item in items]:
        assert keyring.open_sealed(pair, value, PLACE) == b"new"
