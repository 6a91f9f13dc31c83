"""Consents over REST."""

from typing import Any

import pytest

from memory.models import EmotionalState
from privacy.models import Consent, DataRequest, PendingAudit

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/of-memory/consents"
GIVEN = {"fanId": "fan-1", "purpose": "emotion_analysis", "action": "given", "method": "checkbox"}
WITHDRAWN = {**GIVEN, "action": "withdrawn", "method": "message"}


def states(caller: Any) -> dict[str, Any]:
    data = caller.get(f"{PATH}?fanId=fan-1").json()["data"]
    return {state["purpose"]: state for state in data["consents"]}


def test_a_fan_who_never_decided(service):
    answer = service.get(f"{PATH}?fanId=fan-1")
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["fanId"], data["creatorId"], data["restricted"], data["objected"]) == (
        *("fan-1", "creator-1"),
        *(False, False),
    )
    assert [state["purpose"] for state in data["consents"]] == [
        *("memory", "personalisation", "emotion_analysis", "purchase_profiling")
    ]
    assert {state["action"] for state in data["consents"]} == {None}
    assert {state["permitted"] for state in data["consents"]} == {True}


def test_given_and_withdrawn(service):
    answer = service.post(PATH, GIVEN)
    assert answer.status_code == 201
    receipt = answer.json()["data"]
    assert (receipt["purpose"], receipt["event"]["state"]) == ("emotion_analysis", "given")
    assert states(service)["emotion_analysis"]["receiptId"] == receipt["receiptId"]
    service.post(PATH, WITHDRAWN)
    state = states(service)["emotion_analysis"]
    assert (state["action"], state["permitted"], state["method"]) == ("withdrawn", False, "message")
    assert states(service)["personalisation"]["permitted"]


def test_withdrawing_takes_effect_with_the_answer(service):
    service.say("fan-1")
    EmotionalState.objects.create(creator_id="creator-1", fan_id="fan-1", dominant_emotions=["joy"])
    assert service.context("fan-1")["emotionalState"]["dominantEmotions"] == ["joy"]
    assert service.post(PATH, WITHDRAWN).status_code == 201
    assert service.context("fan-1")["emotionalState"]["dominantEmotions"] == []


def test_withdrawing_memory_stops_writes(service):
    service.say("fan-1")
    assert service.post(PATH, {**WITHDRAWN, "purpose": "memory"}).status_code == 201
    body = {"fanId": "fan-1", "type": "message", "content": "hello"}
    answer = service.post("/api/of-memory/interaction", body)
    assert (answer.status_code, answer.json()["details"]["reason"]) == (409, "not_consented")
    assert DataRequest.objects.get().requested_by.startswith("key:")


def test_after_an_erasure_only_a_new_consent_to_memory_helps(service):
    service.say("fan-1")
    assert service.delete("/api/of-memory/clear?fanId=fan-1").status_code == 200
    refused = service.post(PATH, GIVEN)
    assert (refused.status_code, refused.json()["details"]) == (409, {"reason": "erased"})
    headers = {"idempotency_key": "again"}
    assert service.post(PATH, {**GIVEN, "purpose": "memory"}, **headers).status_code == 201
    service.say("fan-1", "hello again")
    assert [m["content"] for m in service.context("fan-1")["recentMessages"]] == ["hello again"]


def test_the_same_request_twice_is_one_consent(service):
    first, second = (service.post(PATH, GIVEN, idempotency_key="once") for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Consent.objects.count() == 1


def test_who_did_it_is_in_the_log_and_the_row(alice):
    alice.post(PATH, GIVEN)
    actor = Consent.objects.get().recorded_by
    assert actor.startswith("user:")
    assert PendingAudit.objects.get(action="consent.given").actor == actor


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", "marketing"),
        ("action", "maybe"),
        ("method", "x" * 33),
        ("method", ""),
        ("language", "x" * 17),
        ("expressedAt", "2999-01-01T00:00:00Z"),
        ("expressedAt", "1999-12-31T23:59:59Z"),
        ("expressedAt", "yesterday"),
        ("fanId", ""),
        ("other", 1),
    ],
)
def test_a_field_that_is_wrong_is_named(service, field, value):
    answer = service.post(PATH, {**GIVEN, field: value})
    assert answer.status_code == 400
    assert field in answer.json()["details"]["fields"]
    assert not Consent.objects.exists()


@pytest.mark.parametrize("field", ["fanId", "purpose", "action", "method"])
def test_a_field_that_is_missing_is_named(service, field):
    answer = service.post(PATH, {name: value for name, value in GIVEN.items() if name != field})
    assert answer.status_code == 400
    assert field in answer.json()["details"]["fields"]
