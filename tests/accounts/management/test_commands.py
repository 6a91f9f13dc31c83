"""The commands of accounts: what they do, what they print, how they fail."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.domain import ALL_SCOPES, Role
from accounts.models import ApiKey, Creator, RefreshSession, User
from accounts.services.keys import get_key
from privacy.models import PendingAudit
from tests.accounts.pages.support import give_app
from tests.conftest import PASSWORD, Api

STATS = "/api/of-memory/stats"


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def run_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--format", "json"))


@pytest.fixture
def typed(monkeypatch: Any) -> Callable[[str], None]:
    """Put text on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def bob_user(make_user: Callable[..., User], creator_1: Creator) -> User:
    return make_user("bob", (creator_1, Role.CHATTER))


def test_create_creator(db):
    assert run("create_creator", "aurora", "--name", "Aurora", "--currency", "eur").splitlines() == [
        "id: aurora", "name: Aurora", "currency: EUR",
    ]  # fmt: skip
    creator = Creator.objects.get()
    assert (creator.id, creator.display_name, creator.currency, creator.is_demo) == ("aurora", "Aurora", "EUR", False)
    assert run_json("create_creator", "juniper") == {"id": "juniper", "name": "juniper", "currency": "USD"}


def test_create_user_and_log_in(api, creator_1, typed):
    typed(f"{PASSWORD}\n")
    told = run_json("create_user", "dana", "--creator", "creator-1", "--role", "chatter", "--staff", "--password-stdin")
    expected = {"username": "dana", "creator": "creator-1", "role": "chatter", "staff": True, "superuser": False}
    assert told == expected
    login = api.post("/api/auth/token", {"username": "dana", "password": PASSWORD})
    assert Api(login.json()["data"]["accessToken"]).get(STATS).status_code == 200
    typed(f"{PASSWORD}\r\n")
    assert "creator: -" in run("create_user", "root", "--superuser", "--password-stdin")
    root = User.objects.get(username="root")
    assert (root.is_staff, root.is_superuser, root.check_password(PASSWORD)) == (True, True, True)


def test_a_password_is_asked_for_twice(db, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    answers = iter([PASSWORD, PASSWORD, PASSWORD, "another"])
    monkeypatch.setattr("accounts.management.commands.create_user.getpass", lambda _prompt: next(answers))
    run("create_user", "dana")
    assert User.objects.get().check_password(PASSWORD)
    with pytest.raises(CommandError, match="differ"):
        run("create_user", "erin")


def test_set_role(creator_2, bob_user):
    assert run_json("set_role", "bob", "creator-2", "dpo") == {"username": "bob", "creator": "creator-2", "role": "dpo"}
    run("set_role", "bob", "creator-1", "support")
    assert dict(bob_user.memberships.values_list("creator_id", "role")) == {"creator-1": "support", "creator-2": "dpo"}


@pytest.mark.django_db(transaction=True)
def test_disable_user(bob):
    assert bob.get(STATS).status_code == 200
    assert run("disable_user", "bob").splitlines() == ["username: bob", "active: False"]
    assert bob.get(STATS).status_code == 401
    assert RefreshSession.objects.get().revoked_reason == "disabled"


@pytest.mark.django_db(transaction=True)
def test_reset_second_factor(alice, bob):
    bob_user = User.objects.get(username="bob")
    give_app(bob_user)
    browsers = {name: Client() for name in ("alice", "bob")}
    for name, browser in browsers.items():
        browser.force_login(User.objects.get(username=name))
    assert run_json("reset_second_factor", "bob") == {"username": "bob", "removed": 1}
    assert not Authenticator.objects.exists()
    # Whoever holds the lost device is out, in the API and on the pages; nobody else is.
    assert [caller.get(STATS).status_code for caller in (alice, bob)] == [200, 401]
    assert [str(session.get_decoded()["_auth_user_id"]) for session in Session.objects.all()] == [
        str(User.objects.get(username="alice").pk)
    ]
    entry = PendingAudit.objects.get(action="second_factor.reset")
    assert (entry.actor, entry.details) == ("system:command", {"user": bob_user.pk, "kinds": ["totp"]})
    body = {"username": "bob", "password": PASSWORD}
    assert Api().post("/api/auth/token", body).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_key_from_birth_to_end(creator_1):
    now = datetime.now(UTC)
    made = run_json("create_api_key", "creator-1", "--name", "bot", "--scope", "stats:read", "--scope", "memory:read",
                    "--expires-in-days", "7")  # fmt: skip
    row = get_key(made["prefix"])
    assert sorted(row.scopes) == ["memory:read", "stats:read"]
    assert row.expires_at
    assert timedelta(days=7) <= row.expires_at - now < timedelta(days=7, minutes=1)
    caller = Api(made["key"])
    assert caller.get(STATS).status_code == 200
    listed = run("list_api_keys", "creator-1")
    assert made["prefix"] in listed
    assert made["key"] not in listed
    assert run_json("list_api_keys", "creator-1")[0]["lastUsed"] == now.date().isoformat()
    assert "already: False" in run("revoke_api_key", made["prefix"])
    assert caller.get(STATS).status_code == 401
    assert run_json("revoke_api_key", made["prefix"])["already"] is True


def test_a_key_for_one_fan_may_do_all_by_default(creator_1):
    told = run("create_api_key", "creator-1", "--name", "bot", "--fan", "fan-1")
    row = ApiKey.objects.get()
    assert (row.fan_id, set(row.scopes), row.expires_at) == ("fan-1", set(ALL_SCOPES), None)
    assert told.startswith(f"key: ofm_{row.prefix}_")


def test_no_keys_are_said_to_be_none(creator_1):
    assert run("list_api_keys", "creator-1") == "No keys.\n"
    assert run_json("list_api_keys", "creator-1") == []


def test_keys_are_listed_as_a_table(creator_1):
    with time_machine.travel(datetime(2030, 5, 1, tzinfo=UTC), tick=False):
        run("create_api_key", "creator-1", "--name", "first bot", "--scope", "stats:read")
    head, line = run("list_api_keys", "creator-1").splitlines()
    assert head.split() == ["prefix", "name", "scopes", "fan", "created", "expires", "revoked", "lastUsed"]
    assert line.index("first bot") == head.index("name")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create_creator", "creator-1"), "exists already"),
        (("create_creator", "no spaces"), "id: Letters, digits"),
        (("create_creator", "x", "--currency", "euros"), "currency"),
        (("create_user", "bob", "--password-stdin"), "exists already"),
        (("create_user", "new user", "--password-stdin"), "username"),
        (("create_user", "x", "--creator", "creator-1", "--password-stdin"), "go together"),
        (("create_user", "x", "--creator", "nobody", "--role", "dpo", "--password-stdin"), "No such creator"),
        (("create_user", "x"), "--password-stdin"),
        (("set_role", "nobody", "creator-1", "dpo"), "No such user"),
        (("set_role", "bob", "nobody", "dpo"), "No such creator"),
        (("set_role", "bob", "creator-1", "king"), "invalid choice"),
        (("disable_user", "nobody"), "No such user"),
        (("reset_second_factor", "nobody"), "No such user"),
        (("reset_second_factor", "bob"), "has no second factor"),
        (("create_api_key", "nobody", "--name", "x"), "No such creator"),
        (("create_api_key", "creator-1", "--name", ""), "name"),
        (("create_api_key", "creator-1", "--name", "x", "--scope", "all"), "invalid choice"),
        (("create_api_key", "creator-1", "--name", "x", "--expires-in-days", "0"), "not a number of days"),
        (("list_api_keys", "nobody"), "No such creator"),
        (("revoke_api_key", "nothing"), "No such key"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_failures_are_one_line_and_change_nothing(creator_1, bob_user, typed, arguments, told):
    typed(f"{PASSWORD}\n")
    with pytest.raises(CommandError, match=told) as caught:
        run(*arguments)
    assert caught.value.returncode == 1
    assert "\n" not in str(caught.value)
    assert (Creator.objects.count(), User.objects.count(), ApiKey.objects.count()) == (1, 1, 0)


def test_a_weak_password_is_explained(db, typed):
    typed("1234\n")
    with pytest.raises(CommandError, match="too short"):
        run("create_user", "dana", "--password-stdin")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        "create_creator",
        "create_user",
        "set_role",
        "disable_user",
        "create_api_key",
        "list_api_keys",
        "revoke_api_key",
        "reset_second_factor",
    ],
)
def test_help_explains(capsys, name):
    with pytest.raises(SystemExit) as caught:
        call_command(name, "--help")
    assert caught.value.code == 0
    assert "--format" in capsys.readouterr().out
