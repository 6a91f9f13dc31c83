"""What to pick up again with a fan who was away."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounts.models import Creator
from memory.services.context import get_memory_context
from memory.services.interactions import save_interaction
from memory.services.preferences import update_preferences
from tests.memory.support import CREATOR

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHO: dict[str, Any] = {"fan_id": "fan-1", "creator_id": CREATOR}


def days_ago(days):
    return NOW - timedelta(days=days)


def say(content, days, **more: Any):
    save_interaction(**WHO, type="message", content=content, timestamp=days_ago(days), **more)


@pytest.fixture(autouse=True)
def _now(db):
    with time_machine.travel(NOW, tick=False):
        yield


def hints():
    return get_memory_context(**WHO)["reconnection"]


@pytest.mark.parametrize(("days", "silent"), [(29.99, None), (30, 30), (45.5, 45), (400, 400)])
def test_from_thirty_days_of_silence_on(days, silent):
    say("my dog Rex is ill today", days)
    found = hints()
    assert (found and found["silentDays"]) == silent


def test_a_fan_who_has_just_returned():
    say("my dog Rex is ill today", 40)
    say("hello, I am back again", 0.5)
    found = hints()
    assert found["silentDays"] == 39
    assert [fact["text"] for fact in found["facts"]] == ["my dog Rex is ill today"]


def test_no_longer_after_a_day():
    say("my dog Rex is ill today", 40)
    say("hello, I am back again", 1.5)
    assert hints() is None


def test_what_we_said_breaks_no_silence():
    say("my dog Rex is ill today", 40)
    for number in range(60):
        say(f"miss you {number}", 20 - number / 10, sender="ai")
    found = hints()
    assert found["silentDays"] == 40


def test_refers_to_what_was_said_and_bought():
    Creator.objects.create(id=CREATOR, display_name="Aurora")
    for number in range(5):
        say(f"story number {number} about Rex", 60 - number, metadata={"externalId": f"m-{number}"})
    say("haha ok", 50)
    save_interaction(**WHO, type="purchase", amount=Decimal(5), timestamp=days_ago(49), metadata={"category": "photos"})
    update_preferences(**WHO, patch={"topicInterests": {"cats": 0.2, "dogs": 0.9}})
    found = hints()
    assert found["topics"] == ["dogs", "cats"]
    said, bought = found["facts"][:-1], found["facts"][-1]
    assert [fact["text"] for fact in said] == [f"story number {n} about Rex" for n in (2, 3, 4)]
    assert {fact["kind"] for fact in said} == {"said"}
    assert (bought["kind"], bought["text"]) == ("bought", "photos")
    assert all(fact["sourceId"] and fact["at"] for fact in found["facts"])


def test_nothing_for_a_fan_who_never_did_anything():
    say("hello there you", 90, sender="creator")
    assert hints() is None
