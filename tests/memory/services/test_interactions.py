"""Remembering: what is stored and counted, in whatever order and however often it is reported."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.domain import SavedInteraction
from memory.events import interaction_saved
from memory.models import EngagementMetrics, FanMemory, Interaction
from memory.services.interactions import save_interaction
from ofmemory.errors import InvalidInput, NotFound
from privacy.domain import Pair
from tests.memory.support import CREATOR, START, at_once, everything, minute

MICROSECOND = timedelta(microseconds=1)
say = partial(save_interaction, fan_id="fan-1", creator_id=CREATOR, type="message", content="hi")
COUNTERS = (
    "total_messages", "total_purchases", "total_tips", "total_interactions", "total_revenue", "first_interaction",
    "last_interaction", "last_fan_interaction",
)  # fmt: skip


def counters(fan_id="fan-1"):
    return EngagementMetrics.objects.values(*COUNTERS).get(fan_id=fan_id)


class TestEqualInstants:
    def test_the_later_one_moves_on(self, db):
        saved = [say(timestamp=START, content=f"message {n}") for n in range(4)]
        assert [s.created_at for s in saved] == [START + n * MICROSECOND for n in range(4)]
        assert counters()["last_interaction"] == START + 3 * MICROSECOND

    def test_fills_the_first_gap(self, db):
        for offset in (0, 1, 3):
            say(timestamp=START + offset * MICROSECOND)
        assert say(timestamp=START).created_at == START + 2 * MICROSECOND
        assert say(timestamp=START).created_at == START + 4 * MICROSECOND

    def test_of_another_fan_is_another_matter(self, db):
        assert {say(timestamp=START, fan_id=f"fan-{n}").created_at for n in range(3)} == {START}

    def test_other_interactions_share_an_instant(self, db):
        saved = [say(type="like", timestamp=START) for _ in range(3)]
        assert {s.created_at for s in saved} == {START}
        assert Interaction.objects.count() == 3

    @pytest.mark.django_db(transaction=True)
    def test_many_at_once_and_none_lost(self):
        saved = at_once(*[partial(say, timestamp=START, content=f"message {n}") for n in range(12)])
        assert {s.created_at for s in saved} == {START + n * MICROSECOND for n in range(12)}
        assert {m.message_content for m in FanMemory.objects.all()} == {f"message {n}" for n in range(12)}
        assert counters()["total_messages"] == 12


class TestDuplicates:
    def test_second_report_changes_nothing(self, db, creator_1):
        event: dict[str, Any] = {
            "type": "purchase",
            "amount": Decimal(5),
            "timestamp": START,
            "metadata": {"externalId": "p-1"},
        }
        first = say(**event)
        before = everything()
        again = say(**{**event, "amount": Decimal(9), "timestamp": minute(7)})
        assert again == SavedInteraction(first.id, first.created_at, duplicate=True)
        assert not first.duplicate
        assert everything() == before

    def test_a_message_moved_on_is_still_known(self, db):
        say(timestamp=START)
        first = say(timestamp=START, metadata={"externalId": "m-1"})
        assert say(timestamp=START, metadata={"externalId": "m-1"}).id == first.id
        assert FanMemory.objects.count() == 2

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("kind", ["message", "like"])
    def test_many_at_once_are_stored_once(self, kind):
        saved = at_once(*[partial(say, type=kind, timestamp=START, metadata={"externalId": "m-1"})] * 8)
        assert len({s.id for s in saved}) == 1
        assert sum(not s.duplicate for s in saved) == 1
        assert counters()["total_interactions"] == 1

    @pytest.mark.parametrize("name", ["", "x" * 256])
    def test_an_id_that_is_none(self, db, name):
        for number in range(2):
            say(timestamp=minute(number), metadata={"externalId": name})
        assert FanMemory.objects.count() == 2


EVENTS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        lambda number, kind, sender, at, cents: {
            "type": kind,
            "sender": sender,
            "timestamp": START + timedelta(seconds=at),
            "amount": Decimal(cents) / 100 if kind in ("purchase", "tip") else None,
            "metadata": {"externalId": f"event-{number}"},
        },
        st.integers(0, 9),
        st.sampled_from(["message", "purchase", "tip", "like", "view", "offer_declined"]),
        st.sampled_from(["fan", "creator", "ai"]),
        st.integers(0, 5).map(lambda n: n * 86_400),
        st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda event: (event["metadata"]["externalId"], event["type"] == "message"),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, data=st.data())
def test_order_and_repetition_change_nothing(db, creator_1, events, data):
    """The same events shuffled, with some of them reported again, leave the same memory."""
    messages = [event["timestamp"] for event in events if event["type"] == "message"]
    shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=5))))
    for fan_id, reports in (("in-order", events), ("shuffled", shuffled)):
        for report in reports:
            say(fan_id=fan_id, **report)
    first, second = counters("in-order"), counters("shuffled")
    if len(set(messages)) < len(messages):  # which of two at one instant moves on depends on who came first
        for held in (first, second):
            held.update({name: held[name].replace(microsecond=0) for name in COUNTERS[-3:] if held[name]})
    assert first == second
    assert first["total_interactions"] == len(events)
    assert first["total_revenue"] == sum((e["amount"] or Decimal(0) for e in events), Decimal(0))
    for model in (FanMemory, Interaction):
        rows = [model.objects.filter(fan_id=fan_id) for fan_id in ("in-order", "shuffled")]
        stored = [{row.metadata["externalId"] for row in of_fan} for of_fan in rows]
        assert stored[0] == stored[1]
    EngagementMetrics.objects.all().delete()
    FanMemory.objects.all().delete()
    Interaction.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_counters_of_many_writers(creator_1):
    works = [partial(say, timestamp=minute(n)) for n in range(6)]
    works += [partial(say, type="tip", amount=Decimal("0.10"), timestamp=minute(n)) for n in range(6)]
    at_once(*works)
    assert counters() == {
        "total_messages": 6,
        "total_purchases": 0,
        "total_tips": 6,
        "total_interactions": 12,
        "total_revenue": Decimal("0.60"),
        "first_interaction": minute(0),
        "last_interaction": minute(5),
        "last_fan_interaction": minute(5),
    }


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"type": "sneeze"}, "type"),
        ({"sender": "robot"}, "sender"),
        ({"content": " "}, "content"),
        ({"type": "tip"}, "amount"),
        ({"type": "tip", "amount": Decimal("-0.01")}, "amount"),
        ({"type": "tip", "amount": Decimal("NaN")}, "amount"),
        ({"type": "tip", "amount": Decimal("Infinity")}, "amount"),
        ({"type": "tip", "amount": Decimal(100_000_000)}, "amount"),
        ({"type": "tip", "amount": Decimal(1), "currency": "EUR"}, "currency"),
        ({"timestamp": minute(0).replace(year=1999)}, "timestamp"),
        ({"timestamp": minute(0).replace(year=2999)}, "timestamp"),
    ],
)
def test_refuses(db, creator_1, wrong, field):
    with pytest.raises(InvalidInput) as refusal:
        say(**wrong)
    assert list(refusal.value.details["fields"]) == [field]  # type: ignore[call-overload]  # details are any objects
    assert not any(everything().values())


def test_money_of_a_creator_that_there_is_not(db):
    with pytest.raises(NotFound):
        say(creator_id="nobody", type="tip", amount=Decimal(1))


@pytest.mark.django_db(transaction=True)
def test_tells_after_commit_and_once():
    heard = []

    def listener(*, pair_number, interaction_id, **_):
        heard.append((pair_number, FanMemory.objects.filter(id=interaction_id).count()))

    interaction_saved.connect(listener)
    try:
        say(metadata={"externalId": "m-1"})
        say(metadata={"externalId": "m-1"})
        with pytest.raises(InvalidInput):
            say(content="")
    finally:
        interaction_saved.disconnect(listener)
    assert heard == [(EngagementMetrics.objects.get().pk, 1)]


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_stops_nobody(caplog):
    def fails(**_ids):
        raise RuntimeError("my secret")

    interaction_saved.connect(fails)
    try:
        saved = say()
    finally:
        interaction_saved.disconnect(fails)
    assert FanMemory.objects.filter(id=saved.id).exists()
    assert "receiver_failed" in [record.getMessage() for record in caplog.records]


def test_pair_is_a_value():
    assert Pair("a", "b") == Pair("a", "b") != Pair("b", "a")
