"""Keys of pairs: made once, found again, gone when destroyed."""

import pytest

from privacy.domain import Pair
from privacy.errors import Erased, Unreadable
from privacy.keys import keyring
from privacy.keys.models import DataKey, Erasure

PAIR = Pair("creator-1", "fan-1")
PLACE = keyring.place_of("table", "column")

pytestmark = pytest.mark.django_db


def test_what_is_sealed_opens_again():
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE, b"row")
    keyring.forget_all()
    assert keyring.open_sealed(PAIR, sealed, PLACE, b"row") == b"hello"


@pytest.mark.parametrize(
    ("pair", "place", "row"),
    [
        (PAIR, keyring.place_of("table", "other"), b"row"),
        (PAIR, PLACE, b"other"),
        (Pair("creator-1", "fan-2"), PLACE, b"row"),
    ],
)
def test_it_opens_nowhere_else(pair, place, row):
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE, b"row")
    keyring.ensure(pair)
    with pytest.raises(Unreadable):
        keyring.open_sealed(pair, sealed, place, row)


def test_every_pair_has_one_key():
    assert keyring.ensure(PAIR).current.id == keyring.ensure(PAIR).current.id
    keyring.forget_all()
    keyring.ensure(PAIR)
    keyring.ensure(Pair("creator-1", "fan-2"))
    assert DataKey.objects.count() == 2


def test_without_its_key_a_value_is_lost():
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE)
    DataKey.objects.all().delete()
    keyring.forget(PAIR)
    with pytest.raises(Unreadable):
        keyring.open_sealed(PAIR, sealed, PLACE)


def test_who_was_erased_gets_no_key():
    Erasure.objects.create(id="0198f0c0-0000-7000-8000-000000000000", subject=keyring.subject_of(PAIR))
    with pytest.raises(Erased):
        keyring.ensure(PAIR)
