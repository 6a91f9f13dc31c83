"""Inserting what is new."""

from memory.models import FanMemory
from ofmemory.infra.db import insert_new
from tests.memory.support import START, minute


def row(number, **more):
    return FanMemory(
        **{
            "creator_id": "c",
            "fan_id": "f",
            "message_content": "x",
            "sender": "fan",
            "created_at": minute(number),
            **more,
        }
    )


def test_nothing(db):
    assert insert_new([]) == set()


def test_says_which_went_in(db):
    first, taken, known = row(0), row(0), row(1, external_id="e")
    assert insert_new([first]) == {first.id}
    other = row(2, external_id="e")
    assert insert_new([taken, known, other]) == {known.id}
    assert set(FanMemory.objects.values_list("id", flat=True)) == {first.id, known.id}


def test_the_database_fills_its_own_columns(db):
    new = row(0, metadata={"a": ["ü", None]}, topics=["b"])
    insert_new([new])
    stored = FanMemory.objects.get()
    assert stored.received_at > START
    assert (stored.metadata, stored.topics, stored.sentiment) == ({"a": ["ü", None]}, ["b"], None)


def test_of_rows_that_conflict_with_each_other_the_first_goes_in(db):
    rows = [row(0), row(0), row(1, external_id="e"), row(2, external_id="e")]
    assert insert_new(rows) == {rows[0].id, rows[2].id}
