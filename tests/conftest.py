"""Three people, two creators, and a client that speaks the API."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import orjson
import pytest
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck

from accounts.domain import ALL_SCOPES, Role
from accounts.models import Creator, User
from accounts.services.keys import create_key
from accounts.services.principals import forget_principals
from accounts.services.sessions import open_session
from ofmemory.infra.cache.client import client
from ofmemory.infra.cache.limits import local_limits
from ofmemory.infra.resilience.breaker import all_breakers
from privacy.keys.keyring import forget_all

# The same examples in every run, however busy the machine; HYPOTHESIS_PROFILE=explore looks for new ones.
SLOW_IS_FINE: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
hypothesis.settings.register_profile("steady", derandomize=True, **SLOW_IS_FINE)
hypothesis.settings.register_profile("explore", max_examples=1000, **SLOW_IS_FINE)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

PASSWORD = "correct horse battery"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test with a database has the keys database as well: nearly every row of a pair needs it."""
    for item in items:
        if mark := item.get_closest_marker("django_db"):
            mark.kwargs.setdefault("databases", ["default", "keys"])
        elif {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.django_db(databases=["default", "keys"]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Who cleans up after a test asks servers that the test may have declared gone."""
    close_breakers()


def close_breakers() -> None:
    for breaker in all_breakers():
        breaker.reset()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database goes at the end even if a server thread of a browser test still holds a connection."""
    with django_db_blocker.unblock(), connections["default"].cursor() as cursor:
        # Tests that commit are cleaned up after with a TRUNCATE of every table.
        cursor.execute("DROP TRIGGER IF EXISTS audit_entries_no_truncate ON audit_entries")
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Tests share a Redis: each starts with an empty one, and with no caller or failure remembered."""
    close_breakers()
    local_limits.forget()
    client().flushdb()
    forget_all()
    forget_principals()


@dataclass
class Api:
    """A caller of the API with its token."""

    token: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request; ``body`` goes as JSON, bytes as they are. Header names use underscores."""
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.token:
            extra["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        kind = "" if body is None and method in ("GET", "DELETE") else "application/json"
        return Client().generic(method, path, data, content_type=kind, **extra)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self("DELETE", path, **headers)

    def say(self, fan_id: str, content: str = "hello there", **more: Any) -> Any:
        """Save a message and return the answer; it must succeed."""
        body = {"fanId": fan_id, "type": "message", "content": content, **more}
        answer = self.post("/api/of-memory/interaction", body)
        assert answer.status_code == 200, answer.content
        return answer

    def context(self, fan_id: str) -> Any:
        """Return the context of a fan; it must exist."""
        answer = self.get(f"/api/of-memory/context?fanId={fan_id}")
        assert answer.status_code == 200, answer.content
        return answer.json()["data"]


@pytest.fixture
def api() -> Api:
    """Nobody in particular."""
    return Api()


@pytest.fixture
def creator_1(db: None) -> Creator:
    return Creator.objects.create(id="creator-1", display_name="Aurora")


@pytest.fixture
def creator_2(db: None) -> Creator:
    return Creator.objects.create(id="creator-2", display_name="Juniper")


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    def make(username: str, *memberships: tuple[Creator, Role]) -> User:
        user = User.objects.create_user(username, password=PASSWORD)
        for creator, role in memberships:
            user.memberships.create(creator=creator, role=role)
        return user

    return make


@pytest.fixture
def alice(make_user: Callable[..., User], creator_1: Creator) -> Api:
    """Owner of creator-1."""
    return _logged_in(make_user("alice", (creator_1, Role.CREATOR)))


@pytest.fixture
def bob(make_user: Callable[..., User], creator_1: Creator) -> Api:
    """Chatter of creator-1."""
    return _logged_in(make_user("bob", (creator_1, Role.CHATTER)))


@pytest.fixture
def charlie(make_user: Callable[..., User], creator_2: Creator) -> Api:
    """Owner of creator-2: a stranger to creator-1."""
    return _logged_in(make_user("charlie", (creator_2, Role.CREATOR)))


@pytest.fixture
def make_key() -> Callable[..., Api]:
    """Make an API key of a creator and return a caller that holds it."""

    def make(creator: Creator, **kwargs: Any) -> Api:
        return Api(create_key(creator_id=creator.id, name="test", **{"scopes": ALL_SCOPES, **kwargs})[1])

    return make


@pytest.fixture
def service(make_key: Callable[..., Api], creator_1: Creator) -> Api:
    """The integrator of creator-1, with an API key."""
    return make_key(creator_1)


def _logged_in(user: User) -> Api:
    return Api(open_session(username=user.username, password=PASSWORD).access_token)
