"""Handing out everything about a fan, and deleting it, by both routes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.services.principals import resolve_principal
from memory.models import EmotionalState, FanMemory, Interaction
from memory.services import clearing
from memory.services.clearing import clear_memory
from memory.services.exporting import export_memory
from ofmemory.errors import Forbidden, NotFound
from privacy.domain import ConsentAction, Purpose
from privacy.services import receipts
from privacy.services.consents import record_consent
from privacy.services.erasing import execute
from privacy.services.holds import place, release
from privacy.services.requests import approve, get_request
from tests.memory.support import CREATOR, PAIR, QUERY, A, B, everything, fields_at_fault, iso, minute, refused, talked
from tools import verify_receipt


def export(service, family, query="", **body):
    if family == "A":
        return service.post(f"{A}/export{query}", body or None)
    return service.post(f"{B}/export{query}", {"fanId": "fan-1", **body})


def clear(service, family, query=""):
    return service.delete(f"{A}{query}" if family == "A" else f"{B}/clear{QUERY}{query.replace('?', '&')}")


def actor_of(api):
    """What the audit log calls the caller."""
    principal = resolve_principal(api.token, address=str)
    return f"{principal.kind}:{principal.id}"


BOTH = pytest.mark.parametrize("family", ["A", "B"])


def fill(api, fan_id="fan-1"):
    """Leave a trace of the fan in every table that can hold one."""
    owner = "creator-2" if "creator-2" in resolve_principal(api.token, address=str).grants else CREATOR
    talked(55, fan_id, owner)
    for number in range(3):
        body = {"fanId": fan_id, "type": "tip", "amount": 1.5, "timestamp": iso(minute(number))}
        assert api.post(f"{B}/interaction", body).status_code == 200
    api.patch(f"{B}/preferences", {"fanId": fan_id, "topicInterests": {"cats": 1}}, idempotency_key=f"p-{fan_id}")
    for tone in ("flirty", "casual"):
        api.patch(f"{B}/personality", {"fanId": fan_id, "tone": tone})
    EmotionalState.objects.create(creator_id=owner, fan_id=fan_id, current_sentiment="positive")


@pytest.mark.django_db(transaction=True)
@BOTH
def test_export_is_complete(service, family):
    fill(service)
    answer = export(service, family)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data["counts"] == {"messages": 55, "interactions": 3, "personalityHistory": 2}
    assert data["counts"]["messages"] == FanMemory.objects.count() == len(data["messages"])
    assert data["counts"]["interactions"] == Interaction.objects.count() == len(data["interactions"])
    assert [m["content"] for m in data["messages"]] == [f"message {number}" for number in range(55)]
    context = service.context("fan-1")
    for part in ("personalityProfile", "preferences", "emotionalState", "engagementMetrics"):
        assert data[part] == context[part]
    assert set(data) - {"counts", "exportedAt", "messages", "interactions", "personalityHistory"} == {
        "fanId", "creatorId", "personalityProfile", "preferences", "emotionalState", "engagementMetrics",
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
@BOTH
def test_export_holds_nobody_else(service, charlie, family):
    service.say("fan-1", "mine")
    service.say("fan-2", "CANARY")
    charlie.say("fan-1", "CANARY")
    assert b"CANARY" not in export(service, family).content


@pytest.mark.django_db(transaction=True)
@BOTH
def test_export_of_a_fan_never_seen(service, family):
    refused(export(service, family), 404, "NOT_FOUND")
    with pytest.raises(NotFound):
        export_memory(fan_id="fan-1", creator_id=CREATOR)


@pytest.mark.django_db(transaction=True)
def test_export_of_another_creator_however_it_is_named(service, creator_2):
    service.say("fan-1")
    refused(export(service, "A", creatorId="creator-2"), 403, "FORBIDDEN")
    refused(export(service, "A", "?creatorId=creator-2"), 403, "FORBIDDEN")
    refused(export(service, "B", creatorId="creator-2"), 403, "FORBIDDEN")
    refused(export(service, "B", "?creatorId=creator-2"), 403, "FORBIDDEN")
    for family in "AB":
        answer = export(service, family, "?creatorId=creator-2", creatorId="creator-1")
        assert fields_at_fault(answer) == {"creatorId"}
    assert fields_at_fault(export(service, "A", nothing="known")) == {"nothing"}
    assert export(service, "A", "?creatorId=creator-1").status_code == 200
    assert export(service, "A", creatorId="creator-1").status_code == 200


@BOTH
def test_clear_leaves_nothing(service, family):
    fill(service)
    assert clear(service, family).status_code == 200
    assert not any(everything().values())
    refused(service.get(A), 404, "NOT_FOUND")
    refused(clear(service, family), 404, "NOT_FOUND")


@BOTH
def test_clear_says_so(service, family):
    service.say("fan-1")
    body = clear(service, family).json()
    assert set(body) == {"success", "message", "requestId", "correlationId", "timestamp"}
    assert body["success"] is True
    receipt = receipts.file_of(receipts.get_receipt(body["requestId"]))
    assert verify_receipt.check(receipt)["erased"]["rows"]["fan_memories"] == 1


def test_clear_is_recorded_under_the_callers_name(service):
    service.say("fan-1")
    request = get_request(service.delete(A).json()["requestId"])
    assert request.requested_by == request.approved_by == actor_of(service)
    assert request.fan_id == ""


def test_clear_leaves_others_alone(service, charlie):
    for api, fan in ((service, "fan-1"), (service, "fan-2"), (charlie, "fan-1")):
        fill(api, fan)
    before = everything()
    request = get_request(clear_memory(fan_id="fan-1", creator_id=CREATOR))
    deleted = {name: count for name, count in request.steps["rows"]["counts"].items() if count}
    assert deleted == {
        "fan_memories": 55,
        "interactions": 3,
        "fan_preferences": 1,
        "personality_profiles": 1,
        "personality_changes": 2,
        "emotional_states": 1,
        "idempotent_answers": 1,
        "engagement_metrics": 1,
    }
    after = everything()
    assert {table: len(before[table]) - len(after[table]) for table in deleted} == deleted
    assert all(row in before[table] for table, rows in after.items() for row in rows)


@BOTH
def test_clear_of_another_creator(service, creator_2, family):
    service.say("fan-1")
    before = everything()
    refused(clear(service, family, "?creatorId=creator-2"), 403, "FORBIDDEN")
    assert everything() == before
    assert clear(service, family, "?creatorId=creator-1").status_code == 200


def test_nothing_is_stored_again(service):
    service.say("fan-1", "before")
    service.delete(A)
    body = {"fanId": "fan-1", "type": "message", "content": "late"}
    assert refused(service.post(f"{B}/interaction", body), 409, "CONFLICT")["details"] == {"reason": "erased"}
    assert not any(everything().values())


def test_a_late_repetition_of_a_save_is_refused(service):
    body = {"fanId": "fan-1", "type": "message", "content": "hi"}
    assert service.post(f"{B}/interaction", body, idempotency_key="k").status_code == 200
    service.delete(A)
    assert refused(service.post(f"{B}/interaction", body, idempotency_key="k"), 409, "CONFLICT")["details"] == {
        "reason": "erased"
    }


def test_with_new_consent_a_fan_may_come_back(service):
    service.say("fan-1", "before")
    service.delete(A)
    record_consent(
        PAIR, purpose=Purpose.MEMORY, action=ConsentAction.GIVEN, method="checkbox", actor="user:dpo",
        expressed_at=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip
    service.say("fan-1", "after")
    data = service.context("fan-1")
    assert [m["content"] for m in data["recentMessages"]] == ["after"]
    assert data["engagementMetrics"]["totalMessages"] == 1


@BOTH
def test_clear_where_two_must_agree(service, settings, family):
    settings.ERASURE_SECOND_APPROVER = True
    service.say("fan-1")
    answer = clear(service, family)
    assert answer.status_code == 202
    assert "approval" in answer.json()["message"]
    assert clear(service, family).json()["requestId"] == answer.json()["requestId"]
    assert service.context("fan-1")["recentMessages"]
    request_id = get_request(answer.json()["requestId"]).id
    with pytest.raises(Forbidden):
        approve(request_id, actor_of(service))
    approve(request_id, "user:boss")
    execute(request_id, "user:boss")
    refused(service.get(A), 404, "NOT_FOUND")


@BOTH
def test_clear_under_a_hold(service, family):
    service.say("fan-1")
    before = everything()
    hold = place(
        creator_id=CREATOR, fan_id="fan-1", matter="m", ground="g", review_on=timezone.now().date(), actor="user:dpo"
    )  # fmt: skip
    assert refused(clear(service, family), 409, "CONFLICT")["details"] == {"reason": "legal_hold"}
    assert {name: len(rows) for name, rows in everything().items()} == {n: len(rows) for n, rows in before.items()}
    release(hold.id, actor="user:dpo")
    assert clear(service, family).status_code == 200


@BOTH
def test_clear_that_was_cut_off_is_finished_by_its_repetition(service, monkeypatch, family):
    """The process dies after the answer was stored, before anything was deleted."""
    service.say("fan-1")
    if family == "A":
        method, url = "DELETE", A
    else:
        method, url = "DELETE", f"{B}/clear{QUERY}"
    with monkeypatch.context() as patched:
        patched.setattr(clearing.erasing, "execute", lambda *_: 1 / 0)
        assert service(method, url, idempotency_key="k").status_code == 500
    assert any(everything().values())
    assert service(method, url, idempotency_key="k").status_code == 200
    assert {name for name, rows in everything().items() if rows} == {"idempotent_answers"}
