"""POST of an interaction, by both routes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from memory.models import EngagementMetrics, FanMemory, Interaction
from tests.memory.support import A, B, fields_at_fault, iso, minute, refused

NOW = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)


def save(service, family, **body):
    return service.post(A, body) if family == "A" else service.post(f"{B}/interaction", {"fanId": "fan-1", **body})


BOTH = pytest.mark.parametrize("family", ["A", "B"])


def test_family_a_returns_the_updated_context(service):
    answer = service.post(A, {"content": "hi", "metadata": {"mood": "😀"}})
    assert answer.status_code == 201
    assert set(answer.json()) == {"data", "correlationId", "timestamp"}
    data = answer.json()["data"]
    assert [m["content"] for m in data["recentMessages"]] == ["hi"]
    assert data["engagementMetrics"]["totalMessages"] == 1
    assert data == service.get(A).json()["data"]


def test_family_b_only_says_that_it_is_done(service):
    answer = service.post(f"{B}/interaction", {"fanId": "fan-1", "content": "hi"})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"success", "correlationId", "timestamp"}
    assert body["success"] is True
    assert body["correlationId"] == answer.headers["X-Correlation-ID"]


@BOTH
def test_a_message_by_the_fan_now_is_the_default(service, family):
    with time_machine.travel(NOW, tick=False):
        save(service, family, content="hi")
    row = FanMemory.objects.get()
    assert (row.sender, row.created_at, row.creator_id, row.fan_id) == ("fan", NOW, "creator-1", "fan-1")
    assert row.external_id == ""
    assert EngagementMetrics.objects.get().last_fan_interaction == NOW


@BOTH
@pytest.mark.parametrize("sender", ["creator", "ai"])
def test_our_own_messages_are_not_the_fans(service, family, sender):
    save(service, family, content="hi", sender=sender)
    metrics = EngagementMetrics.objects.get()
    assert metrics.total_messages == 1
    assert metrics.last_interaction is not None
    assert metrics.last_fan_interaction is None


@BOTH
@pytest.mark.parametrize(
    ("kind", "counted"),
    [
        ("purchase", {"total_purchases": 1, "total_revenue": Decimal("12.50")}),
        ("tip", {"total_tips": 1, "total_revenue": Decimal("12.50")}),
        ("like", {}),
        ("view", {}),
        ("offer_declined", {}),
    ],
)
def test_counts_each_type(service, family, kind, counted):
    answer = save(service, family, type=kind, amount=12.5, currency="USD", metadata={"category": "photos"})
    assert answer.status_code in (200, 201)
    row = Interaction.objects.get()
    assert (row.type, row.amount, row.currency) == (kind, Decimal("12.50"), "USD")
    metrics = EngagementMetrics.objects.values("total_messages", "total_purchases", "total_tips", "total_revenue").get()
    nothing = {"total_messages": 0, "total_purchases": 0, "total_tips": 0, "total_revenue": Decimal("0.00")}
    assert metrics == nothing | counted
    assert EngagementMetrics.objects.get().total_interactions == 1


@pytest.mark.parametrize("amount", [12.34, "12.34", 0, 0.01, "0", 99999999.99, 5])
def test_amounts_are_exact(service, amount):
    save(service, "B", type="tip", amount=amount)
    assert Interaction.objects.get().amount == Decimal(str(amount))
    assert EngagementMetrics.objects.get().total_revenue == Decimal(str(amount))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "purchase"}, "amount"),
        ({"type": "tip", "amount": None}, "amount"),
        ({"type": "tip", "amount": -0.01}, "amount"),
        ({"type": "tip", "amount": 1.001}, "amount"),
        ({"type": "tip", "amount": 100000000}, "amount"),
        ({"type": "tip", "amount": "NaN"}, "amount"),
        ({"type": "tip", "amount": "Infinity"}, "amount"),
        ({"type": "tip", "amount": "1e999999"}, "amount"),
        ({"type": "tip", "amount": True}, "amount"),
        ({"type": "tip", "amount": "five"}, "amount"),
        ({"type": "tip", "amount": 5, "currency": "EUR"}, "currency"),
        ({"type": "like", "amount": 5, "currency": "EUR"}, "currency"),
        ({"type": "tip", "amount": 5, "currency": "usd"}, "currency"),
        ({"content": ""}, "content"),
        ({"content": " \n\t"}, "content"),
        ({}, "content"),
        ({"content": "hi", "timestamp": "1999-12-31T23:59:59Z"}, "timestamp"),
        ({"content": "hi", "timestamp": "2126-01-01T00:00:00Z"}, "timestamp"),
        ({"content": "hi", "timestamp": "yesterday"}, "timestamp"),
        ({"content": "hi", "timestamp": 1700000000}, "timestamp"),
        ({"content": "hi", "timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        ({"content": "hi", "timestamp": "9999-12-31T23:59:59-14:00"}, "timestamp"),
        ({"content": "hi", "sender": "robot"}, "sender"),
        ({"content": "hi", "type": "sneeze"}, "type"),
        ({"content": "x" * 20_001}, "content"),
    ],
)
@BOTH
def test_refuses(service, family, body, field):
    assert fields_at_fault(save(service, family, **body)) == {field}
    assert not EngagementMetrics.objects.exists()
    assert not FanMemory.objects.exists()


def test_amount_of_a_creator_paid_in_euros(service, creator_1):
    creator_1.currency = "EUR"
    creator_1.save()
    assert save(service, "B", type="tip", amount=3).status_code == 200
    assert Interaction.objects.get().currency == "EUR"
    assert fields_at_fault(save(service, "B", type="tip", amount=3, currency="USD")) == {"currency"}


def test_a_clock_may_run_a_little_ahead(service):
    with time_machine.travel(NOW, tick=False):
        assert save(service, "B", content="hi", timestamp=iso(NOW + timedelta(seconds=300))).status_code == 200
        late = save(service, "B", content="hi", timestamp=iso(NOW + timedelta(seconds=301)))
    assert fields_at_fault(late) == {"timestamp"}


def test_instants_are_utc(service):
    save(service, "B", content="with offset", timestamp="2026-03-01T14:00:00+02:00")
    save(service, "B", content="without", timestamp="2026-03-01T12:01:00")
    assert list(FanMemory.objects.order_by("created_at").values_list("created_at", flat=True)) == [minute(0), minute(1)]


@BOTH
def test_revenue_has_a_bound(service, family):
    save(service, family, type="purchase", amount=99999999.99)
    before = list(EngagementMetrics.objects.values())
    assert fields_at_fault(save(service, family, type="tip", amount=0.01)) == {"amount"}
    assert list(EngagementMetrics.objects.values()) == before
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize("name", ["externalId", "platformMessageId", "messageId"])
@pytest.mark.parametrize("value", ["m-1", 17])
def test_same_platform_id_is_stored_once(service, name, value):
    for content in ("first", "second"):
        assert save(service, "B", content=content, metadata={name: value}).status_code == 200
    assert [row.message_content for row in FanMemory.objects.all()] == ["first"]
    assert EngagementMetrics.objects.get().total_messages == 1


def test_platform_ids_belong_to_a_fan(service):
    for fan in ("fan-1", "fan-2"):
        service.say(fan, metadata={"externalId": "m-1"})
    assert FanMemory.objects.count() == 2


def test_purchase_reported_twice_is_paid_once(service):
    for _ in range(2):
        save(service, "A", type="purchase", amount=5, metadata={"externalId": "p-1"})
    assert EngagementMetrics.objects.get().total_revenue == 5
    assert Interaction.objects.count() == 1


def test_large_numbers_in_metadata_come_back(service):
    metadata = {"huge": 1e20, "beyond": -8.07e194, "in": [9007199254740993, {"deep": 1e300}]}
    assert save(service, "A", content="hi", metadata=metadata).status_code == 201
    (message,) = service.context("fan-1")["recentMessages"]
    assert message["metadata"] == metadata
    assert service.get(f"{B}/messages?fanId=fan-1").json()["data"]["messages"][0]["metadata"] == metadata


def test_creator_in_the_body(service, creator_2):
    assert save(service, "A", content="hi", creatorId="creator-1").status_code == 201
    for family in "AB":
        for other in ("creator-2", "nobody"):
            refused(save(service, family, content="hi", creatorId=other), 403, "FORBIDDEN")
    assert FanMemory.objects.count() == 1


def test_the_query_of_a_post_is_not_ignored(service, creator_2):
    for url, body in ((A, {"content": "hi"}), (f"{B}/interaction", {"fanId": "fan-1", "content": "hi"})):
        refused(service.post(f"{url}?creatorId=creator-2", body), 403, "FORBIDDEN")
        both = {**body, "creatorId": "creator-1"}
        assert fields_at_fault(service.post(f"{url}?creatorId=creator-2", both)) == {"creatorId"}
        assert fields_at_fault(service.post(f"{url}?sender=ai", body)) == {"sender"}
        assert not FanMemory.objects.exists()
    assert service.post(f"{A}?creatorId=creator-1", {"content": "hi"}).status_code == 201
