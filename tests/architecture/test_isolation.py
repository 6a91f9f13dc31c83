"""Nobody reaches another's data: every route, every place where an id can stand, every kind of stranger.

The matrix is made from the table of routes, which ``test_route_policy`` holds to the URLconf.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.utils.timezone import now

from accounts.models import Creator
from calibration.models import Escalation
from ofmemory.errors import Forbidden
from tests.architecture.routes import CALLS, FAN, OPERATIONS, Call
from tests.architecture.sending import send
from tests.conftest import Api

# What only creator-1 knows, and what only its fan-2 said.
CANARY, CANARY_2 = "canary-of-creator-1", "canary-of-fan-2"
SAME = {"x_correlation_id": "same", "idempotency_key": "same"}
MATRIX = pytest.mark.parametrize("call", CALLS, ids=str)


@pytest.fixture
def world(service: Api, creator_2: Creator) -> None:
    """creator-1 remembers fan-1 and fan-2; creator-2 remembers nobody."""
    service.say("fan-1", CANARY)
    service.say("fan-2", f"{CANARY} {CANARY_2}")
    service.patch("/api/of-memory/preferences", {"fanId": "fan-1", "topicInterests": {CANARY: 1}})
    service.patch("/api/of-memory/personality", {"fanId": "fan-1", "preferredEmojis": [CANARY]})
    Escalation.objects.create(
        creator_id="creator-1", fan_id="fan-1", kind="distress", severity=1, message_id=uuid4(), occurred_at=now()
    )


@pytest.fixture(params=["token", "key"])
def stranger(request: Any, charlie: Api, make_key: Any, creator_2: Creator) -> Api:
    """Somebody of creator-2 who may do everything there; has called before, so that the use of the key is noted."""
    caller: Api = charlie if request.param == "token" else make_key(creator_2)
    assert caller.get("/api/of-memory/stats").status_code == 200
    return caller


@pytest.fixture
def bound(make_key: Any, creator_1: Creator) -> Api:
    """A key of creator-1 for fan-1 alone."""
    caller: Api = make_key(creator_1, fan_id="fan-1")
    assert caller.get("/api/of-memory/engagement-score?fanId=fan-1").status_code == 200
    return caller


def digest(creator_id: str = "") -> dict[str, str]:
    """Return a digest of all rows of each table; of one creator's rows where one is named."""
    where = f"WHERE creator_id = '{creator_id}'" if creator_id else ""
    one = "SELECT '{0}', md5(coalesce(string_agg(r::text, '|' ORDER BY r::text), '')) FROM \"{0}\" r {1}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND (%s OR column_name = 'creator_id')",
            [not creator_id],
        )
        cursor.execute(" UNION ALL ".join(one.format(name, where) for (name,) in cursor.fetchall()))
        return dict(cursor.fetchall())


def lists_of(call: Call) -> dict[str, list[Any]]:
    """Return the lists with fans in the body of a call, by name."""
    return {name: value for name, value in (call.body or {}).items() if isinstance(value, list) and FAN in str(value)}


def assert_refused_alike(answers: list[Any]) -> None:
    """Refused, and not a byte tells one answer from another."""
    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].json() == {
        "error": Forbidden().message, "type": "FORBIDDEN", "correlationId": "same", "details": {},
    }  # fmt: skip
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


def test_the_digest_sees_a_change(world, service):
    before = digest(), digest("creator-1")
    assert (digest(), digest("creator-1")) == before
    service.say("fan-1")
    changed = {name for name, value in digest().items() if value != before[0][name]}
    assert {"fan_memories", "engagement_metrics"} <= changed
    assert digest("creator-1") != before[1]


@MATRIX
def test_another_creators_data_is_out_of_reach(world, stranger, call: Call):
    before = digest()
    named = [(creator, fan) for creator in ("creator-1", "creator-nobody") for fan in ("fan-1", "fan-nobody")]
    assert_refused_alike([send(stranger, call, creator, fan, **SAME) for creator, fan in named])
    assert digest() == before


@MATRIX
def test_no_spelling_of_an_id_helps(world, charlie, call: Call):
    before = digest()
    spellings = ["CREATOR-1", "creator-2 creator-1", "creator_1", "creator-1%", "*", "null", "0"]
    assert_refused_alike([send(charlie, call, spelled, "fan-1", **SAME) for spelled in spellings])
    assert digest() == before


@MATRIX
def test_the_creator_in_a_place_where_it_is_not_read_changes_nothing(world, stranger, call: Call):
    """Left out where it belongs and named elsewhere: the caller gets at their own creator, or nothing."""
    before = digest("creator-1")
    elsewhere = {"creatorId": "creator-1", "creator_id": "creator-1", "creator": "creator-1"}
    for name, value in elsewhere.items():
        asked = replace(call, query={**call.query, name: value})
        if name == "creatorId" and "creatorId" in call.query:
            continue  # that is where it is read
        answer = send(stranger, asked, None, "fan-1", x_creator_id="creator-1")
        assert CANARY.encode() not in answer.content
    assert digest("creator-1") == before


@pytest.mark.parametrize("call", [call for call in CALLS if "creatorId" in call.query], ids=str)
def test_a_creator_named_twice_is_refused(world, stranger, call: Call):
    before = digest()
    path = "/" + call.route.replace("<str:fan_id>", "fan-1")
    for pair in (["creator-1", "creator-2"], ["creator-2", "creator-1"]):
        query = [*((n, "fan-1") for n in call.query if n == "fanId"), *(("creatorId", value) for value in pair)]
        assert stranger(call.method, f"{path}?{urlencode(query)}").status_code == 400
    assert digest() == before


@MATRIX
def test_a_key_bound_to_a_fan_reaches_no_other_fan(world, bound, call: Call):
    before = digest()
    fans = ["fan-2", "fan-nobody"] if call.of_one_fan else ["fan-1"]
    named = [(creator, fan) for creator in ("creator-1", None) for fan in fans]
    assert_refused_alike([send(bound, call, creator, fan, **SAME) for creator, fan in named])
    assert digest() == before


@MATRIX
def test_a_key_bound_to_a_fan_reaches_no_other_creator(world, bound, call: Call):
    before = digest()
    named = [(creator, fan) for creator in ("creator-2", "creator-nobody") for fan in ("fan-1", "fan-nobody")]
    assert_refused_alike([send(bound, call, creator, fan, **SAME) for creator, fan in named])
    assert digest() == before


@pytest.mark.parametrize("call", [call for call in CALLS if lists_of(call)], ids=str)
def test_one_foreign_fan_in_a_list_refuses_all_of_it(world, bound, call: Call):
    before = digest()
    answers = []
    for others in (["fan-2"], ["fan-nobody"], ["fan-2", "fan-nobody"]):
        for fans in (["fan-1", *others], [*others, "fan-1"]):
            body = {**(call.body or {}), **{name: _spread(value[0], fans) for name, value in lists_of(call).items()}}
            answers.append(send(bound, replace(call, body=body), "creator-1", "fan-1", **SAME))
    assert_refused_alike(answers)
    assert digest() == before


def _spread(item: Any, fans: list[str]) -> list[Any]:
    if item == FAN:
        return list(fans)
    return [{**item, "fanId": fan} for fan in fans]


@pytest.mark.django_db(transaction=True)
def test_what_a_bound_key_gets_holds_nothing_of_another_fan(world, bound):
    for call in (call for call in CALLS if call.of_one_fan and call.method != "DELETE"):
        answer = send(bound, call, "creator-1", "fan-1")
        assert answer.status_code in (200, 201), str(call)
        assert CANARY_2.encode() not in answer.content


@pytest.mark.django_db(transaction=True)
def test_two_creators_with_the_same_fan_know_different_things(world, charlie, service):
    charlie.say("fan-1", "other words")
    for call in (call for call in CALLS if call.method != "DELETE" and call.scope != OPERATIONS):
        answer = send(charlie, call, None, "fan-1")
        assert answer.status_code in (200, 201), str(call)
        assert CANARY.encode() not in answer.content
    before = digest("creator-1")
    assert charlie.delete("/api/of-memory/clear?fanId=fan-1").status_code == 200
    assert digest("creator-1") == before
    assert CANARY in str(service.context("fan-1"))
