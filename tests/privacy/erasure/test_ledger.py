"""The ledger of erasures: who may not be stored again."""

import pytest

from ofmemory.infra.ids import uuid7
from privacy.errors import Erased
from privacy.keys.models import Erasure
from privacy.services import ledger
from tests.privacy.erasure.support import OTHER, PAIR

pytestmark = pytest.mark.django_db


def test_an_entry_forbids():
    ledger.refuse_erased(PAIR)
    ledger.start(uuid7(), PAIR)
    with pytest.raises(Erased):
        ledger.refuse_erased(PAIR)
    ledger.refuse_erased(OTHER)
    assert ledger.find_erased([PAIR, OTHER]) == {PAIR}


def test_repeating_changes_nothing():
    entry = uuid7()
    ledger.start(entry, PAIR)
    ledger.complete(entry, lift=False)
    before = list(Erasure.objects.values())
    ledger.start(entry, PAIR)
    ledger.complete(entry, lift=False)
    assert list(Erasure.objects.values()) == before


def test_a_later_entry_takes_over():
    first, second = uuid7(), uuid7()
    ledger.start(first, PAIR)
    ledger.complete(first, lift=False)
    ledger.start(second, PAIR)
    assert ledger.find_in_force(PAIR).id == second
    assert Erasure.objects.get(id=first).lifted_at


def test_withdrawn_before_it_is_complete():
    entry = uuid7()
    ledger.start(entry, PAIR)
    ledger.withdraw(entry)
    assert ledger.find_in_force(PAIR) is None
    ledger.start(entry, PAIR)
    ledger.complete(entry, lift=False)
    ledger.withdraw(entry)
    assert ledger.find_in_force(PAIR).id == entry


def test_complete_and_lifted():
    entry = uuid7()
    ledger.start(entry, PAIR)
    ledger.complete(entry, lift=True)
    assert ledger.find_in_force(PAIR) is None
    assert Erasure.objects.get().completed_at
