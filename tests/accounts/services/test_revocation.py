"""Taken rights are gone at once, in processes too that have the caller cached."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.domain import Role, Scope
from accounts.models import ApiKey, Creator, Membership, User
from accounts.services import principals
from accounts.services.keys import get_key, revoke_key
from accounts.services.members import disable_user, remove_member, set_role
from accounts.services.revocation import announce_change
from ofmemory.infra.cache.client import client
from tests.accounts.conftest import OtherProcess, at_once
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)
STATS = "/api/of-memory/stats"
CONTEXT = "/api/of-memory/context?fanId=fan-1"


def revoke(caller: Api) -> None:
    revoke_key(get_key(caller.token.split("_")[1]))


def close_creator() -> None:
    Creator.objects.filter(id="creator-1").update(is_active=False)
    announce_change(["creator-1"])


class Clock:
    """Stands for the machine's uptime."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: Any) -> Clock:
    clock = Clock()
    monkeypatch.setattr(principals, "monotonic", clock)
    return clock


def test_a_revoked_key_stops_everywhere_at_once(service, start_process: Callable[[], OtherProcess]):
    others = [start_process(), start_process()]
    assert [other.get(STATS, service.token) for other in others] == [200, 200]
    revoke(service)
    assert [other.get(STATS, service.token) for other in others] == [401, 401]
    assert service.get(STATS).status_code == 401


def test_a_disabled_person_is_out_everywhere_at_once(alice, start_process: Callable[[], OtherProcess]):
    other = start_process()
    assert other.get(STATS, alice.token) == 200
    disable_user(User.objects.get(username="alice"))
    assert other.get(STATS, alice.token) == 401


def test_a_new_role_holds_within_a_minute(alice, creator_2, clock):
    """Taking is at once, giving may take a minute: nothing is at risk, and refusals stay free of look-ups."""
    assert alice.get(STATS).status_code == 200
    set_role(username="alice", creator_id="creator-2", role=Role.CHATTER)
    clock.now += principals.PRINCIPAL_SECONDS + 1
    assert alice.get(f"{STATS}?creatorId=creator-2").status_code == 200


def test_a_lesser_role_holds_at_once(alice, creator_2, service):
    service.say("fan-1")
    assert alice.get(CONTEXT).status_code == 200
    set_role(username="alice", creator_id="creator-1", role=Role.CREATOR)  # no change: nothing happens
    assert alice.get(CONTEXT).status_code == 200
    set_role(username="alice", creator_id="creator-2", role=Role.CHATTER)  # one more: stays logged in
    assert alice.get(CONTEXT).status_code == 200
    set_role(username="alice", creator_id="creator-1", role=Role.SUPPORT)
    assert alice.get(CONTEXT).status_code == 401
    assert set(User.objects.get().refresh_sessions.values_list("revoked_reason", flat=True)) == {"role"}


def test_rights_changed_without_ending_the_session_hold_at_once(alice, service):
    """A change that leaves the session open (an SQL update, say) counts as soon as it is announced."""
    service.say("fan-1")
    assert alice.get(CONTEXT).status_code == 200
    Membership.objects.update(role=Role.SUPPORT)
    assert alice.get(CONTEXT).status_code == 200
    announce_change(["creator-1"])
    assert alice.get(CONTEXT).status_code == 403
    assert alice.get(STATS).status_code == 200


def test_a_key_that_is_bound_holds_at_once(service):
    service.say("fan-1")
    assert service.get(STATS).status_code == 200
    ApiKey.objects.update(fan_id="fan-2")
    announce_change(["creator-1"])
    assert [service.get(path).status_code for path in (STATS, CONTEXT)] == [403, 403]


def test_a_narrowed_key_holds_at_once(service):
    service.say("fan-1")
    assert service.get(CONTEXT).status_code == 200
    ApiKey.objects.update(scopes=[Scope.STATS_READ])
    announce_change(["creator-1"])
    assert [service.get(path).status_code for path in (STATS, CONTEXT)] == [200, 403]


def test_a_removed_member_is_out_at_once(alice):
    assert alice.get(STATS).status_code == 200
    remove_member(Membership.objects.get())
    assert alice.get(STATS).status_code == 401
    assert not Membership.objects.exists()


def test_a_closed_creator_is_closed_at_once(alice, service):
    assert [caller.get(STATS).status_code for caller in (alice, service)] == [200, 200]
    close_creator()
    assert [caller.get(STATS).status_code for caller in (alice, service)] == [403, 401]


def test_a_write_is_refused_too_and_writes_nothing(service):
    service.say("fan-1")
    revoke(service)
    body = {"fanId": "fan-1", "content": "too late"}
    assert service.post("/api/of-memory/interaction", body).status_code == 401


def test_an_emptied_redis_hides_a_change_for_seconds_only(clock, service):
    assert service.get(STATS).status_code == 200
    revoke(service)
    client().flushdb()
    clock.now += principals.RECHECK_SECONDS + 0.1
    assert service.get(STATS).status_code == 401


def test_without_announcement_a_caller_is_looked_up_each_minute(clock, service):
    announce_change(["creator-1"])
    assert service.get(STATS).status_code == 200
    ApiKey.objects.update(fan_id="fan-2")
    clock.now += principals.PRINCIPAL_SECONDS
    assert service.get(STATS).status_code == 200
    clock.now += 1
    assert service.get(STATS).status_code == 403


def test_without_redis_a_caller_is_looked_up_every_few_seconds(clock, service, redis_down):
    def get() -> int:
        return int(at_once(lambda: service.get(CONTEXT).status_code)[0])

    assert get() == 404
    at_once(lambda: revoke(service))
    assert get() == 404
    clock.now += principals.RECHECK_SECONDS + 0.1
    assert get() == 401


def test_without_redis_writes_are_checked_as_well(clock, service, redis_down):
    def post() -> int:
        body = {"fanId": "fan-1", "content": "x"}
        return int(at_once(lambda: service.post("/api/of-memory/interaction", body).status_code)[0])

    assert post() == 200
    at_once(lambda: revoke(service))
    clock.now += principals.RECHECK_SECONDS + 0.1
    assert post() == 401


def test_the_cache_of_callers_is_bounded(monkeypatch, creator_1, make_key):
    monkeypatch.setattr(principals, "MAX_CACHED", 2)
    callers = [make_key(creator_1) for _ in range(4)]
    assert [caller.get(STATS).status_code for caller in callers * 2] == [200] * 8
    assert len(principals._entries) == 2
