"""API keys: what they open, until when, and how soon that ends."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounts.domain import ALL_SCOPES, Scope
from accounts.models import ApiKey
from accounts.services.keys import create_key, facts_of, find_key, get_key, list_keys, revoke_key
from accounts.services.principals import forget_principals
from ofmemory.errors import InvalidInput, NotFound
from tests.conftest import Api

STATS = "/api/of-memory/stats"
CONTEXT = "/api/of-memory/context?fanId="
# One call for each scope, on a fan that exists.
CALLS = {
    Scope.MEMORY_READ: ("GET", f"{CONTEXT}fan-1", None),
    Scope.MEMORY_WRITE: ("POST", "/api/of-memory/interaction", {"fanId": "fan-1", "content": "x"}),
    Scope.MEMORY_EXPORT: ("POST", "/api/of-memory/export", {"fanId": "fan-1"}),
    Scope.STATS_READ: ("GET", STATS, None),
    Scope.OPERATIONS_READ: ("GET", "/api/of-memory/health/circuits", None),
    Scope.MEMORY_ERASE: ("DELETE", "/api/of-memory/clear?fanId=fan-1", None),
}


def test_only_the_digest_is_stored(creator_1):
    row, key = create_key(creator_id="creator-1", name="assistant")
    assert key.startswith(f"ofm_{row.prefix}_")
    stored = {name: str(value) for name, value in ApiKey.objects.values().get().items()}
    secret = key.split("_", 2)[2]
    assert not [name for name, value in stored.items() if secret in value]
    assert secret not in str(facts_of(row))
    assert str(row) == f"assistant ({row.prefix}…)"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scope", CALLS)
def test_a_scope_opens_its_calls_and_no_others(creator_1, make_key, service, scope):
    caller = make_key(creator_1, scopes={scope})
    service.say("fan-1")
    statuses = {asked: caller(*call).status_code for asked, call in CALLS.items()}
    assert statuses == {asked: 200 if asked == scope else 403 for asked in CALLS}


def test_a_key_bound_to_a_fan_reaches_no_other(creator_1, make_key, service):
    for fan_id in ("fan-1", "fan-2"):
        service.say(fan_id)
    bound = make_key(creator_1, fan_id="fan-1")
    assert bound.get(f"{CONTEXT}fan-1").status_code == 200
    assert [bound.get(f"{CONTEXT}{fan_id}").status_code for fan_id in ("fan-2", "fan-9", "FAN-1")] == [403] * 3
    assert bound.get(STATS).status_code == 403
    bulk = [["fan-1"], ["fan-1", "fan-2"], ["fan-2"]]
    assert [bound.post("/api/of-memory/bulk", {"fanIds": ids}).status_code for ids in bulk] == [200, 403, 403]


def test_a_key_expires(creator_1):
    now = datetime.now(UTC)
    caller = Api(create_key(creator_id="creator-1", name="short", expires_at=now + timedelta(days=1))[1])
    assert caller.get(STATS).status_code == 200
    with time_machine.travel(now + timedelta(days=1, seconds=1), tick=False):
        assert caller.get(STATS).status_code == 401  # cached
        forget_principals()
        assert caller.get(STATS).status_code == 401  # looked up


def test_the_day_of_last_use_is_noted(creator_1):
    row, key = create_key(creator_id="creator-1", name="used")
    assert row.last_used_on is None
    for day in (1, 1, 2):
        with time_machine.travel(datetime(2030, 1, day, tzinfo=UTC), tick=False):
            assert find_key(key) is not None
            assert get_key(row.prefix).last_used_on == datetime(2030, 1, day, tzinfo=UTC).date()


def test_a_key_of_a_closed_creator_is_refused(creator_1, service):
    type(creator_1).objects.update(is_active=False)
    assert service.get(STATS).status_code == 401


@pytest.mark.parametrize("change", [str.upper, lambda key: key[:-1], lambda key: key + "x", lambda key: key[:17]])
def test_nearly_the_key_is_refused(service, change):
    assert Api(change(service.token)).get(STATS).status_code == 401


def test_revoking_twice_says_so(creator_1):
    row, key = create_key(creator_id="creator-1", name="gone")
    assert [revoke_key(row), revoke_key(row)] == [True, False]
    assert find_key(key) is None


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"creator_id": "nobody"}, NotFound),
        ({"name": ""}, InvalidInput),
        ({"name": "x" * 101}, InvalidInput),
        ({"fan_id": "x" * 256}, InvalidInput),
        ({"scopes": []}, InvalidInput),
        ({"scopes": ["everything"]}, InvalidInput),
    ],
    ids=str,
)
def test_a_key_that_makes_no_sense_is_refused(creator_1, given, error):
    with pytest.raises(error):
        create_key(**{"creator_id": "creator-1", "name": "x", "scopes": ALL_SCOPES, **given})
    assert not ApiKey.objects.exists()


def test_keys_are_listed_newest_first(creator_1, creator_2):
    names = ["one", "two", "three"]
    for day, name in enumerate(names, start=1):
        row, _ = create_key(creator_id="creator-1", name=name)
        ApiKey.objects.filter(id=row.id).update(created_at=datetime(2030, 1, day, tzinfo=UTC))
    create_key(creator_id="creator-2", name="another's")
    assert [row.name for row in list_keys("creator-1")] == names[::-1]
    for missing in (lambda: list_keys("nobody"), lambda: get_key("nothing")):
        with pytest.raises(NotFound):
            missing()
