"""Identifiers that sort by time, and pseudonyms that tell nothing."""

import uuid

import time_machine
from hypothesis import given
from hypothesis import strategies as st

from ofmemory.infra import ids
from ofmemory.infra.ids import pseudonym, uuid7


def test_uuid7_says_what_it_is():
    value = uuid7()
    assert (value.version, value.variant) == (7, uuid.RFC_4122)


@given(st.lists(st.integers(1_000_000_000, 4_000_000_000), min_size=2, max_size=5, unique=True))
def test_uuid7_sorts_by_time(seconds):
    made = []
    for at in sorted(seconds):
        with time_machine.travel(at, tick=False):
            made.append(uuid7())
    assert made == sorted(made)
    assert [value.int >> 80 for value in made] == [at * 1000 for at in sorted(seconds)]


def test_uuid7_is_never_the_same():
    with time_machine.travel(1_700_000_000, tick=False):
        assert len({uuid7() for _ in range(1000)}) == 1000


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_pseudonym_has_a_fixed_alphabet_and_length(identifier):
    assert len(pseudonym(identifier)) == 32
    assert set(pseudonym(identifier)) <= set("0123456789abcdef")
    assert pseudonym(identifier) == pseudonym(identifier)


@given(st.sets(st.text(st.characters(blacklist_categories=["Cs"])), max_size=20))
def test_pseudonyms_differ(identifiers):
    assert len({pseudonym(identifier) for identifier in identifiers}) == len(identifiers)


def test_pseudonym_needs_the_key(settings):
    before = pseudonym("fan-1")
    settings.SECRET_KEY = "another"
    ids._pseudonym_key.cache_clear()
    try:
        assert pseudonym("fan-1") != before
    finally:
        ids._pseudonym_key.cache_clear()
