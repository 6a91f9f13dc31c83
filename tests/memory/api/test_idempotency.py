"""Idempotency-Key: the same request twice is one effect and one answer."""

from datetime import timedelta

import pytest
from django.db.models import F

from memory.models import EngagementMetrics, FanMemory, IdempotentAnswer, PersonalityChange
from memory.services.clearing import clear_memory
from memory.services.idempotency import forget_old_answers
from memory.tasks import forget_old_answers as forget_old_answers_task
from tests.memory.support import QUERY, A, B, at_once, everything, fields_at_fault, refused

TOPIC = {"topicInterests": {"cats": 0.5}}
WRITES = {
    "save A": ("POST", A, {"content": "hi"}),
    "save B": ("POST", f"{B}/interaction", {"fanId": "fan-1", "content": "hi"}),
    "preferences A": ("PATCH", f"{A}/preferences", TOPIC),
    "preferences B": ("PATCH", f"{B}/preferences", {"fanId": "fan-1", **TOPIC}),
    "preferences of many": ("PATCH", f"{B}/preferences/bulk", {"updates": [{"fanId": "fan-1", **TOPIC}]}),
    "personality": ("PATCH", f"{B}/personality", {"fanId": "fan-1", "tone": "flirty"}),
    "clear A": ("DELETE", A, None),
    "clear B": ("DELETE", f"{B}/clear{QUERY}", None),
}
EVERY_WRITE = pytest.mark.parametrize(("method", "url", "body"), WRITES.values(), ids=WRITES)
WITH_A_BODY = pytest.mark.parametrize(
    ("method", "url", "body"), [w for w in WRITES.values() if w[2]], ids=[n for n, w in WRITES.items() if w[2]]
)


@EVERY_WRITE
def test_same_request_is_answered_byte_for_byte(service, method, url, body):
    service.say("fan-1", "before")
    first = service(method, url, body, idempotency_key="k-1", x_correlation_id="one")
    assert first.status_code in (200, 201)
    assert "Idempotency-Replayed" not in first.headers
    after = everything()
    second = service(method, url, body, idempotency_key="k-1", x_correlation_id="two")
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["X-Correlation-ID"] == "two"
    assert everything() == after


@EVERY_WRITE
def test_without_a_key_or_with_another_each_is_carried_out(service, method, url, body):
    service.say("fan-1", "before")
    for headers in ({}, {"idempotency_key": "k-1"}, {"idempotency_key": "k-2"}):
        answer = service(method, url, body, **headers)
        if method == "DELETE" and headers:
            # Carried out, and so refused: there is nothing to erase any more.
            refused(answer, 404, "NOT_FOUND")
            continue
        assert answer.status_code in (200, 201)
        assert "Idempotency-Replayed" not in answer.headers


@WITH_A_BODY
def test_another_body_is_a_conflict(service, method, url, body):
    service.say("fan-1", "before")
    service(method, url, body, idempotency_key="k-1")
    after = everything()
    refused(service(method, url, {**body, "creatorId": "creator-1"}, idempotency_key="k-1"), 409, "CONFLICT")
    assert everything() == after


def test_another_route_or_method_is_a_conflict(service):
    service.say("fan-1")
    service.delete(A, idempotency_key="k-1")
    refused(service.delete(f"{B}/clear{QUERY}", idempotency_key="k-1"), 409, "CONFLICT")
    refused(service.post(A, {"content": "hi"}, idempotency_key="k-1"), 409, "CONFLICT")
    refused(service.delete("/api/onlyfans/memory/fan-2", idempotency_key="k-1"), 409, "CONFLICT")


def test_order_and_spaces_of_the_body_do_not_matter(service):
    first = service.post(A, b'{"content":"hi","sender":"fan"}', idempotency_key="k-1")
    second = service.post(A, b'{ "sender": "fan",\n "content": "hi" }', idempotency_key="k-1")
    assert first.content == second.content
    assert FanMemory.objects.count() == 1


def test_keys_belong_to_a_creator(service, charlie):
    first = service.post(A, {"content": "hi"}, idempotency_key="k-1")
    other = charlie.post(A, {"content": "something else"}, idempotency_key="k-1")
    assert (first.status_code, other.status_code) == (201, 201)
    assert FanMemory.objects.count() == 2


@pytest.mark.parametrize(("age_hours", "carried_out"), [(23.9, 1), (24.1, 2)])
def test_is_kept_for_24_hours(service, age_hours, carried_out):
    service.post(A, {"content": "hi"}, idempotency_key="k-1")
    IdempotentAnswer.objects.update(created_at=F("created_at") - timedelta(hours=age_hours))
    answer = service.post(A, {"content": "hi"}, idempotency_key="k-1")
    assert answer.status_code == 201
    assert FanMemory.objects.count() == carried_out
    assert service.post(A, {"content": "hi"}, idempotency_key="k-1").content == answer.content
    assert FanMemory.objects.count() == carried_out


def test_an_old_key_may_serve_another_request(service):
    service.post(A, {"content": "hi"}, idempotency_key="k-1")
    IdempotentAnswer.objects.update(created_at=F("created_at") - timedelta(hours=25))
    assert service.post(A, {"content": "new"}, idempotency_key="k-1").status_code == 201


@pytest.mark.parametrize("forget", [forget_old_answers, forget_old_answers_task])
def test_old_answers_are_forgotten(service, forget):
    service.post(A, {"content": "hi"}, idempotency_key="old")
    IdempotentAnswer.objects.update(created_at=F("created_at") - timedelta(hours=25))
    service.post(A, {"content": "hi"}, idempotency_key="new")
    assert forget() == 1
    assert IdempotentAnswer.objects.count() == 1


def test_an_error_does_not_use_up_the_key(service):
    assert fields_at_fault(service.post(A, {"type": "tip", "content": ""}, idempotency_key="k-1")) == {"amount"}
    refused(service.delete(A, idempotency_key="k-1"), 404, "NOT_FOUND")
    refused(service.patch(f"{A}/preferences", TOPIC, idempotency_key="k-1"), 404, "NOT_FOUND")
    assert not IdempotentAnswer.objects.exists()
    assert service.post(A, {"content": "hi"}, idempotency_key="k-1").status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, "with\ttab", "é", "\x7f"])
def test_ill_formed_key(service, key):
    answer = service.post(A, {"content": "hi"}, idempotency_key=key)
    assert fields_at_fault(answer) == {"Idempotency-Key"}
    assert not FanMemory.objects.exists()


def test_longest_key(service):
    key = "~" * 255
    assert service.post(A, {"content": "hi"}, idempotency_key=key).status_code == 201
    assert service.post(A, {"content": "hi"}, idempotency_key=key).headers["Idempotency-Replayed"] == "true"


def test_answers_that_hold_a_fans_data_are_erased_with_the_fan(service):
    service.post(A, {"content": "my secret"}, idempotency_key="k-1")
    service.patch(f"{A}/preferences", TOPIC, idempotency_key="k-2")
    service.patch(f"{B}/personality", {"fanId": "fan-1", "tone": "flirty"}, idempotency_key="k-3")
    service.post("/api/onlyfans/memory/fan-2", {"content": "hi"}, idempotency_key="k-4")
    clear_memory(fan_id="fan-1", creator_id="creator-1")
    assert list(IdempotentAnswer.objects.values_list("fan_id", flat=True)) == ["fan-2"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "url", "body"), [WRITES["save A"], WRITES["save B"], WRITES["personality"]])
def test_many_at_once_have_one_effect_and_one_answer(service, method, url, body):
    service.say("fan-1", "before")
    answers = at_once(*[lambda: service(method, url, body, idempotency_key="k-1")] * 6)
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert answers[0].status_code in (200, 201)
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    added = FanMemory.objects.count() - 1 + PersonalityChange.objects.count()
    assert added == 1
    assert EngagementMetrics.objects.get().total_messages == FanMemory.objects.count()


@pytest.mark.django_db(transaction=True)
def test_clearing_twice_at_once(service):
    service.say("fan-1", "before")
    answers = at_once(*[lambda: service.delete(A, idempotency_key="k-1")] * 4)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.django_db(transaction=True)
def test_two_bodies_at_once_under_one_key(service):
    answers = at_once(*[lambda n=n: service.post(A, {"content": f"body {n}"}, idempotency_key="k-1") for n in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert FanMemory.objects.count() == 1
