"""Ids that are somebody else's, beyond those of creators and fans (tests/architecture/test_isolation.py has these).

A row of another creator and one that does not exist are one and the same: the same status, the same bytes.
"""

from typing import Any
from uuid import uuid4

import pytest
from django.utils.timezone import now

from calibration.models import Escalation
from memory.models import PersonalityChange
from tests.conftest import Api

B = "/api/of-memory"
SAME = {"x_correlation_id": "same"}


@pytest.fixture
def talked(service: Api, charlie: Api) -> None:
    """creator-1 and creator-2 know a fan of the same id; only creator-1's has changes and an escalation."""
    for caller in (service, charlie):
        for number in range(5):
            caller.say("fan-1", f"message {number}")
    service.patch(f"{B}/personality", {"fanId": "fan-1", "tone": "playful"})
    service.patch(f"{B}/personality", {"fanId": "fan-1", "tone": "warm"})


def cursor_of(caller: Api) -> str:
    cursor = caller.get(f"{B}/messages?fanId=fan-1&limit=2").json()["data"]["nextCursor"]
    assert cursor
    return str(cursor)


def ids_of(answer: Any) -> set[str]:
    return {row["id"] for row in answer.json()["data"]["messages"]}


def test_a_cursor_shows_nothing_but_ones_own(talked, service, charlie):
    theirs = cursor_of(service)
    answer = charlie.get(f"{B}/messages?fanId=fan-1&limit=50&cursor={theirs}")
    own = ids_of(charlie.get(f"{B}/messages?fanId=fan-1"))
    assert answer.status_code in (200, 400)
    assert len(own) == 5
    assert answer.status_code == 400 or ids_of(answer) <= own
    assert not ids_of(service.get(f"{B}/messages?fanId=fan-1")) & own


def test_the_key_of_a_request_is_of_its_caller(service, charlie):
    """Two creators that choose the same Idempotency-Key do not get each other's answers."""
    first = service.post("/api/onlyfans/memory/fan-1", {"content": "of creator one"}, idempotency_key="k")
    second = charlie.post("/api/onlyfans/memory/fan-1", {"content": "of creator two"}, idempotency_key="k")
    assert (first.status_code, second.status_code) == (201, 201)
    assert b"of creator one" not in second.content


@pytest.mark.django_db(transaction=True)
def test_a_change_of_another_creator_is_a_change_that_never_was(talked, charlie):
    theirs = str(PersonalityChange.objects.filter(creator_id="creator-1").latest("pk").pk)
    before = list(PersonalityChange.objects.order_by("pk").values_list("pk", flat=True))
    asked = [
        charlie.post(f"{B}/personality/rollback", {"fanId": "fan-1", "changeId": change}, **SAME)
        for change in (theirs, str(uuid4()))
    ]
    assert {answer.status_code for answer in asked} == {404}
    assert asked[0].content == asked[1].content
    assert list(PersonalityChange.objects.order_by("pk").values_list("pk", flat=True)) == before


@pytest.mark.django_db(transaction=True)
def test_an_escalation_of_another_creator_is_one_that_never_was(talked, service, charlie):
    row = Escalation.objects.create(
        creator_id="creator-1", fan_id="fan-1", kind="distress", severity=1, message_id=uuid4(), occurred_at=now()
    )
    asked = [
        charlie.post(f"{B}/escalations/clear", {"fanId": "fan-1", "escalationId": str(which)}, **SAME)
        for which in (row.pk, uuid4())
    ]
    assert {answer.status_code for answer in asked} == {404}
    assert asked[0].content == asked[1].content
    assert service.post(f"{B}/escalations/clear", {"fanId": "fan-1", "escalationId": str(row.pk)}).status_code == 200


def test_lists_of_escalations_and_stats_hold_one_creator_only(talked, charlie, service):
    Escalation.objects.create(
        creator_id="creator-1", fan_id="fan-1", kind="distress", severity=1, message_id=uuid4(), occurred_at=now()
    )
    service.say("fan-2")
    assert "distress" in str(service.get(f"{B}/escalations").json()["data"])
    assert "distress" not in str(charlie.get(f"{B}/escalations").json()["data"])
    mine, theirs = (str(caller.get(f"{B}/stats").json()["data"]) for caller in (service, charlie))
    assert mine != theirs


@pytest.mark.parametrize("fans", [["fan-1"], ["fan-1", "fan-nobody"], ["fan-nobody"]])
def test_a_list_asks_only_among_ones_own(talked, service, charlie, fans):
    service.say("fan-secret", "only creator one knows this")
    answer = charlie.post(f"{B}/bulk", {"fanIds": [*fans, "fan-secret"]})
    assert answer.status_code == 200
    assert b"only creator one" not in answer.content
    unknown = charlie.post(f"{B}/bulk", {"fanIds": [*fans, "fan-never"]})
    masked = [a.content.replace(b"fan-secret", b"F").replace(b"fan-never", b"F") for a in (answer, unknown)]
    strip = [part.split(b'"correlationId"')[0] for part in masked]
    assert strip[0] == strip[1]
