"""Every route says who may call it, and means it."""

import re
from typing import Any

import orjson
import pytest
from django.test import Client

from accounts.domain import ALL_SCOPES
from accounts.models import User
from ofmemory.errors import Forbidden, Unauthorized
from tests.architecture.routes import ADMIN_MODELS, ANYONE, CALLS, OTHERS, STAFF, policy, real_routes
from tests.architecture.sending import send
from tests.conftest import PASSWORD, Api

FAN_1, CREATOR_1 = "fan-1", "creator-1"


def test_the_table_names_every_route_and_no_other():
    real = real_routes()
    assert len(real) == len(set(real))
    assert sorted(set(real) - set(policy())) == [], "not in the table"
    assert sorted(set(policy()) - set(real)) == [], "no longer there"


def test_nobody_gets_401_on_every_protected_route(db):
    for caller in (Api(), Api("x.y.z"), Api("ofm_x_y")):
        answers = {str(call): send(caller, call, CREATOR_1, FAN_1) for call in CALLS}
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
        assert {answer.json()["error"] for answer in answers.values()} == {Unauthorized().message}
        assert all(answer.headers["WWW-Authenticate"] == 'Bearer realm="ofmemory"' for answer in answers.values())


def test_nobody_gets_401_before_anything_of_the_request_is_read(db):
    for call in CALLS:
        path = "/" + call.route.replace("<str:fan_id>", "fan-1")
        assert Client().generic(call.method, path, b"{not json", content_type="text/plain").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_exactly_the_named_scope_opens_a_route(creator_1, make_key, service):
    opened, shut = {}, {}
    for call in CALLS:
        # An erasure before this one forbids to remember the fan until they consent anew.
        consent = {"fanId": FAN_1, "purpose": "memory", "action": "given", "method": "checkbox"}
        assert service.post("/api/of-memory/consents", consent).status_code == 201
        service.say(FAN_1)
        shut[str(call)] = send(make_key(creator_1, scopes=ALL_SCOPES - {call.scope}), call, CREATOR_1, FAN_1)
        opened[str(call)] = send(make_key(creator_1, scopes={call.scope}), call, CREATOR_1, FAN_1)
    assert {name: answer.status_code for name, answer in shut.items()} == dict.fromkeys(shut, 403)
    assert {answer.json()["error"] for answer in shut.values()} == {Forbidden().message}
    assert {name: answer.status_code // 100 for name, answer in opened.items()} == dict.fromkeys(opened, 2)


def test_other_methods_are_refused_in_the_shape_of_an_error(service):
    allowed: dict[str, set[str]] = {}
    for call in CALLS:
        allowed.setdefault(call.route, set()).add(call.method)
    for route, methods in allowed.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
            answer = service(method, "/" + route.replace("<str:fan_id>", "fan-1"), {})
            assert (answer.status_code, "error" in answer.json()) == (405, True), f"{method} {route}"
            assert methods <= set(answer.headers["Allow"].split(", "))


def test_the_admins_login_does_not_open_the_api(creator_1):
    User.objects.create_superuser("root", password=PASSWORD)
    client = Client()
    assert client.login(username="root", password=PASSWORD)
    assert {send(_Browser(client), call, CREATOR_1, FAN_1).status_code for call in CALLS} == {401}


class _Browser:
    """A caller that has a session cookie and no token."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, path: str, body: Any = None, **_: str) -> Any:
        return self.client.generic(method, path, orjson.dumps(body or {}), content_type="application/json")


def test_anyone_may_call_what_is_open(db, client):
    opened = {route: method for route, (method, who) in OTHERS.items() if who == ANYONE}
    statuses = {
        route: client.generic("GET" if method == "ANY" else method, f"/{route}").status_code
        for route, method in opened.items()
    }
    logins = dict.fromkeys(["api/auth/token", "api/auth/token/refresh", "api/auth/token/revoke"], 415)
    assert statuses == dict.fromkeys(opened, 200) | logins | {"": 302}


def test_pages_of_staff_send_all_others_to_the_login(make_user):
    make_user("dana")
    nobody, dana = Client(), Client()
    assert dana.login(username="dana", password=PASSWORD)
    routes = [name.removeprefix("ANY ") for name, who in policy().items() if who == STAFF]
    paths = ["/" + re.sub(r"<app_label>", "accounts", route) for route in routes]
    paths = [re.sub(r"<[\w:]+>", "1", path) for path in paths]
    assert len(paths) > 6 * len(ADMIN_MODELS)
    for client in (nobody, dana):
        for method in ("GET", "POST"):
            for path in paths:
                answer = client.generic(method, path)
                assert answer.status_code == 302, f"{method} {path}"
                assert answer.headers["Location"].startswith("/admin/"), path
