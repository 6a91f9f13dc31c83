"""Who may need a human, over REST."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calibration.models import Escalation
from tests.calibration.api.support import NOBODYS, TARGET, data
from tests.calibration.support import learn_all
from tests.memory.support import QUERY, B, fields_at_fault, refused

pytestmark = pytest.mark.django_db(transaction=True)
URL, CLEAR = f"{B}/escalations", f"{B}/escalations/clear"
NEEDS_HELP = "I can't cope any more, I feel so hopeless"


@pytest.fixture
def fan(service):
    service.say("fan-1", NEEDS_HELP)
    learn_all()


def listed(caller, query=""):
    answer = caller.get(f"{URL}{query}")
    found = data(answer)
    assert answer.json()["count"] == len(found)
    return found


def test_what_needs_a_human_is_listed_and_stops_selling(service, fan):
    (found,) = listed(service)
    assert set(found) == {"id", "fanId", "kind", "severity", "messageId", "timestamp", "clearedAt"}
    assert (found["fanId"], found["kind"], found["clearedAt"]) == ("fan-1", "distress", None)
    context = service.context("fan-1")
    assert found["messageId"] == context["recentMessages"][0]["id"]
    told = context["selling"]
    assert (told["allowed"], told["ppvAllowed"], told["escalate"]) == (False, False, True)
    selling = data(service.get(f"{B}/recommendations{QUERY}"))["selling"]
    assert (selling["allowed"], selling["pressure"], selling["cues"]) == (False, 0, ["distress"])


def test_nothing_is_sendable_until_it_is_cleared(service, fan):
    body = {**TARGET, "candidates": [{"category": "photos"}]}
    (judged,) = data(service.post(f"{B}/recommendations", body))["recommendations"]
    assert (judged["sendable"], judged["excluded"], judged["sendBetween"]) == (False, "selling_not_allowed", None)
    style = data(service.get(f"{B}/response-style{QUERY}"))
    assert (style["emojiCount"], style["emojis"], style["avoidTopics"][0]) == (0, [], "offers")


def test_clearing(service, fan):
    (found,) = listed(service)
    cleared = data(service.post(CLEAR, {**TARGET, "escalationId": found["id"], "note": "called them, all is well"}))
    assert (cleared["id"], bool(cleared["clearedAt"])) == (found["id"], True)
    assert listed(service) == []
    assert service.context("fan-1")["selling"]["allowed"] is True
    row = Escalation.objects.get()
    assert (row.note, row.cleared_by[:4]) == ("called them, all is well", "key:")


def test_clearing_twice_changes_nothing(service, bob, fan):
    (found,) = listed(service)
    first = data(service.post(CLEAR, {**TARGET, "escalationId": found["id"], "note": "first"}))
    assert data(bob.post(CLEAR, {**TARGET, "escalationId": found["id"], "note": "second"})) == first
    assert Escalation.objects.get().note == "first"


def test_gravest_first_then_oldest(service):
    now = timezone.now()
    given = [("fan-2", 0.5, 2), ("fan-1", 0.5, 1), ("fan-1", 0.9, 3)]
    for fan_id, severity, minutes in given:
        at = now + timedelta(minutes=minutes)
        Escalation.objects.create(
            creator_id="creator-1",
            fan_id=fan_id,
            kind="self_harm",
            severity=severity,
            message_id=NOBODYS[:-1] + str(minutes),
            occurred_at=at,
        )
    assert [one["messageId"][-1] for one in listed(service)] == ["3", "1", "2"]
    assert [one["messageId"][-1] for one in listed(service, QUERY)] == ["3", "1"]
    assert listed(service, "?fanId=nobody") == []


def test_another_creators_are_not_seen(service, charlie, fan):
    assert listed(charlie) == []
    charlie.say("fan-1")
    (found,) = listed(service)
    refused(charlie.post(CLEAR, {**TARGET, "escalationId": found["id"]}), 404, "NOT_FOUND")
    refused(service.post(CLEAR, {"fanId": "fan-2", "escalationId": found["id"]}), 404, "NOT_FOUND")
    assert listed(service)


def test_who_may_see_one_fan_has_to_name_it(service, make_key, creator_1, fan):
    bound = make_key(creator_1, fan_id="fan-1")
    assert len(listed(bound, QUERY)) == 1
    refused(bound.get(URL), 403, "FORBIDDEN")
    refused(bound.get(f"{URL}?fanId=fan-2"), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"escalationId": "x"}, "escalationId"),
        ({"escalationId": None}, "escalationId"),
        ({"escalationId": 1}, "escalationId"),
        ({"note": None}, "note"),
        ({"note": 1}, "note"),
        ({"note": "x" * 2001}, "note"),
        ({"clearedBy": "me"}, "clearedBy"),
    ],
)
def test_refuses(service, body, field):
    assert fields_at_fault(service.post(CLEAR, {**TARGET, "escalationId": NOBODYS, **body})) == {field}


@pytest.mark.parametrize("query", ["?fanId=", "?fanId=%20", "?fan=1", "?limit=1"])
def test_refuses_queries(service, query):
    assert len(fields_at_fault(service.get(f"{URL}{query}"))) == 1
