"""Erasing a fan: everything goes, nothing of others does, and it is said what was done."""

from dataclasses import replace

import pytest
from django.db import connection

from memory import cache
from memory.models import Interaction
from ofmemory.errors import Conflict
from ofmemory.infra.cache.client import client
from privacy import registry
from privacy.domain import ErasureStep, OnErasure, RequestKind, RequestStatus
from privacy.errors import Erased, Unreadable
from privacy.keys import keyring
from privacy.keys.models import Erasure
from privacy.models import AppliedErasure, DataRequest, Receipt
from privacy.registry import tables
from privacy.services import erasing, erasure_steps, receipts, requests
from tests.memory.support import in_thread
from tests.privacy.erasure.support import DPO, FAN, NAMESAKE, OTHER, PAIR, erase, fill, rows_of, say
from tools import verify_receipt

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_left():
    fill()
    assert set(rows_of(PAIR)) == {
        *("fan_memories", "interactions", "fan_preferences", "personality_profiles", "personality_changes"),
        *("emotional_states", "engagement_metrics"),
    }
    request = erase(PAIR)
    assert request.status == RequestStatus.COMPLETED
    assert not rows_of(PAIR)
    assert keyring.count(PAIR) == 0
    assert not cache.find_keys(PAIR)
    assert set(ErasureStep) <= set(request.steps)


def test_others_lose_nothing():
    for pair in (PAIR, OTHER, NAMESAKE):
        fill(pair)
    before = {pair: rows_of(pair) for pair in (OTHER, NAMESAKE)}
    erase(PAIR)
    assert {pair: rows_of(pair) for pair in (OTHER, NAMESAKE)} == before
    assert keyring.count(NAMESAKE) == keyring.count(OTHER) == 1
    assert cache.find_keys(NAMESAKE)


def test_what_was_sealed_is_lost():
    fill()
    sealed = keyring.ensure(PAIR).seal(b"secret", b"place")
    erase(PAIR)
    with pytest.raises(Unreadable):
        keyring.open_sealed(PAIR, sealed, b"place")


def test_nothing_is_stored_again():
    fill()
    erase(PAIR)
    with pytest.raises(Erased):
        say()
    assert not rows_of(PAIR)
    assert keyring.count(PAIR) == 0


def test_the_request_names_nobody_any_more():
    fill()
    request = erase(PAIR)
    assert (request.fan_id, request.creator_id) == ("", PAIR.creator_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT privacy_requests::text FROM privacy_requests")
        assert FAN not in str(cursor.fetchall())


def test_a_fan_never_seen():
    request = requests.open_request(RequestKind.ERASURE, PAIR, DPO)
    requests.approve(request.id, DPO)
    request = erasing.execute(request.id, DPO)
    assert request.status == RequestStatus.COMPLETED
    assert not any(request.steps[ErasureStep.ROWS]["counts"].values())
    assert Receipt.objects.filter(request_id=request.id).exists()
    with pytest.raises(Erased):
        say()


def test_a_fan_erased_before():
    fill()
    first, second = erase(PAIR), erase(PAIR)
    assert first.id != second.id
    assert second.status == RequestStatus.COMPLETED
    assert Erasure.objects.get(lifted_at=None).id == second.id
    assert AppliedErasure.objects.count() == 2


def test_carried_out_again_nothing_happens():
    fill()
    request = erase(PAIR)
    steps = DataRequest.objects.get(id=request.id).steps
    assert erasing.execute(request.id, "user:other").steps == steps
    assert erasing.resume() == 0
    assert client().ping()


def test_another_process_is_at_it():
    fill()
    request = erasing.begin(PAIR, requested_by=DPO, reason="test")

    def meanwhile():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        assert erasing.resume() == 0
        with pytest.raises(Conflict):
            erasing.execute(request.id, DPO)

    with erasing._alone(request.id, wait=True):
        in_thread(meanwhile)
    assert erasing.execute(request.id, DPO).status == RequestStatus.COMPLETED


def test_a_request_that_is_taken_back_meanwhile_goes_no_further():
    fill()
    request = erasing.begin(PAIR, requested_by=DPO, reason="test")
    DataRequest.objects.update(status=RequestStatus.BLOCKED)
    with pytest.raises(Conflict):
        erasure_steps.STEPS[ErasureStep.CACHES](request)


def test_what_the_law_keeps_is_named(monkeypatch):
    """A table that is declared to be preserved stays, and the receipt says so and why."""
    fill()
    table = next(table for table in tables() if table.model is Interaction)
    monkeypatch.setitem(registry._tables, Interaction, replace(table, on_erasure=OnErasure.PRESERVE, basis="§ 147 AO"))
    request = erase(PAIR)
    assert request.status == RequestStatus.COMPLETED
    assert rows_of(PAIR) == {"interactions": 1}
    facts = verify_receipt.check(receipts.file_of(receipts.get_receipt(request.id)))
    assert {"store": "interactions", "rows": 1, "ground": "§ 147 AO"} in facts["preserved"]
    assert facts["erased"]["rows"]["interactions"] == 0
