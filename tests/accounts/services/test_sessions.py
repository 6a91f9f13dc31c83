"""Logging in, staying logged in, logging out."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from accounts.domain import Role
from accounts.models import RefreshSession, User
from accounts.services.keys import create_key
from accounts.services.principals import forget_principals
from accounts.services.sessions import TokenPair, forget_old_sessions, open_session, refresh_session
from ofmemory.errors import Forbidden, Unauthorized
from tests.accounts.conftest import at_once
from tests.conftest import PASSWORD, Api

STATS = "/api/of-memory/stats"


@pytest.fixture
def login(api: Api, make_user: Any, creator_1: Any) -> Any:
    """Log Alice in over REST."""
    make_user("alice", (creator_1, Role.CREATOR))

    def login(username: str = "alice", password: str = PASSWORD, **more: str) -> Any:
        return api.post("/api/auth/token", {"username": username, "password": password, **more})

    return login


def refresh(api: Api, token: str) -> Any:
    return api.post("/api/auth/token/refresh", {"refreshToken": token})


def test_login_gives_tokens_that_work(login):
    answer = login()
    data = answer.json()["data"]
    assert (data["tokenType"], data["expiresIn"]) == ("Bearer", 300)
    assert answer.headers["Cache-Control"] == "no-store"
    assert Api(data["accessToken"]).get(STATS).json()["data"]["creatorId"] == "creator-1"


@pytest.mark.parametrize(("username", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("Alice", PASSWORD)])
def test_a_wrong_login_is_refused_with_one_answer(login, username, password):
    answer = login(username, password)
    assert (answer.status_code, answer.json()["error"]) == (401, Unauthorized().message)
    assert not RefreshSession.objects.exists()


def test_a_disabled_person_is_refused(login):
    User.objects.update(is_active=False)
    assert login().status_code == 401


def test_a_creator_can_be_chosen_only_by_members(login, creator_2):
    for creator_id in ("creator-2", "creator-nobody"):
        assert login(creatorId=creator_id).status_code == 403
    User.objects.get().memberships.create(creator=creator_2, role=Role.CHATTER)
    chosen = Api(login(creatorId="creator-2").json()["data"]["accessToken"])
    assert chosen.get(STATS).json()["data"]["creatorId"] == "creator-2"
    undecided = Api(login().json()["data"]["accessToken"])
    assert undecided.get(STATS).json()["details"]["fields"].keys() == {"creatorId"}
    assert undecided.get(f"{STATS}?creatorId=creator-2").status_code == 200


def test_a_closed_creator_can_not_be_chosen(login, creator_1):
    type(creator_1).objects.update(is_active=False)
    assert login(creatorId="creator-1").status_code == 403


def test_refreshing_rotates(login, api):
    first = login().json()["data"]
    second = refresh(api, first["refreshToken"]).json()["data"]
    assert second["refreshToken"] != first["refreshToken"]
    assert Api(second["accessToken"]).get(STATS).status_code == 200
    assert refresh(api, second["refreshToken"]).status_code == 200


def test_using_an_old_refresh_token_ends_the_family(login, api, django_capture_on_commit_callbacks):
    first = login().json()["data"]
    second = refresh(api, first["refreshToken"]).json()["data"]
    caller = Api(second["accessToken"])
    assert caller.get(STATS).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert refresh(api, first["refreshToken"]).status_code == 401
    assert RefreshSession.objects.get().revoked_reason == "reuse"
    assert refresh(api, second["refreshToken"]).status_code == 401
    assert caller.get(STATS).status_code == 401


def test_other_logins_outlive_a_family(login, api):
    first, other = (login().json()["data"] for _ in range(2))
    refresh(api, first["refreshToken"])
    refresh(api, first["refreshToken"])
    assert refresh(api, other["refreshToken"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_refreshes_at_once_one_wins(login):
    token = login().json()["data"]["refreshToken"]
    outcomes = at_once(*[partial(refresh_session, token)] * 2)
    assert {type(outcome) for outcome in outcomes} == {TokenPair, Unauthorized}
    # The loser can't be told from a thief: the family is over.
    assert RefreshSession.objects.get().revoked_reason == "reuse"


@pytest.mark.django_db(transaction=True)
def test_logging_out_ends_access_at_once(login, api):
    data = login().json()["data"]
    caller = Api(data["accessToken"])
    assert caller.get(STATS).status_code == 200
    answer = api.post("/api/auth/token/revoke", {"refreshToken": data["refreshToken"]})
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert caller.get(STATS).status_code == 401
    assert refresh(api, data["refreshToken"]).status_code == 401
    assert RefreshSession.objects.get().revoked_reason == "logout"


def test_refreshing_does_not_prolong_a_session(login, api):
    token = login().json()["data"]["refreshToken"]
    start = datetime.now(UTC)
    with time_machine.travel(start + timedelta(days=13), tick=False):
        token = refresh(api, token).json()["data"]["refreshToken"]
    with time_machine.travel(start + timedelta(days=14, minutes=1), tick=False):
        assert refresh(api, token).status_code == 401
        assert forget_old_sessions() == 1
    assert not RefreshSession.objects.exists()


def test_a_disabled_person_can_not_refresh(login, api):
    token = login().json()["data"]["refreshToken"]
    User.objects.update(is_active=False)
    assert refresh(api, token).status_code == 401


def test_tries_are_limited_by_user_name(settings, login, make_user):
    make_user("bob")
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"logins_per_user": 3}
    assert [login(password="wrong").status_code for _ in range(3)] == [401] * 3
    refused = login()
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert login("bob").status_code == 200
    assert [login("nobody").status_code for _ in range(4)] == [401, 401, 401, 429]


@pytest.mark.django_db(transaction=True)
def test_without_redis_people_still_log_in_as_often_as_a_process_may_let_them(settings, login, redis_down):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"logins_per_user": 2}
    settings.PROCESSES = 1
    assert sorted(answer.status_code for answer in at_once(login, login, login)) == [200, 200, 429]


def test_demo_accounts_work_only_where_they_may(settings, login, api, creator_1):
    User.objects.update(is_demo=True)
    data = login().json()["data"]
    _, key = create_key(creator_id="creator-1", name="demo", is_demo=True)
    callers = [Api(data["accessToken"]), Api(key)]
    assert [caller.get(STATS).status_code for caller in callers] == [200, 200]
    settings.DEMO_ENABLED = False
    forget_principals()
    assert [caller.get(STATS).status_code for caller in callers] == [401, 401]
    assert login().status_code == 401
    assert refresh(api, data["refreshToken"]).status_code == 401


def test_the_service_names_what_is_wrong(make_user, creator_1, creator_2):
    make_user("bob", (creator_1, Role.CHATTER))
    with pytest.raises(Unauthorized):
        open_session(username="bob", password="wrong")
    with pytest.raises(Forbidden):
        open_session(username="bob", password=PASSWORD, creator_id="creator-2")
