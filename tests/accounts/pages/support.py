"""Authenticator apps and log-ins for tests of second factors."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from accounts.models import User
from accounts.sealing import sealer
from tests.conftest import PASSWORD

LOGIN, PAGES = "/admin/login/", "/admin/second-factor/"
STEP_SECONDS = 30
# As base32, like every secret of an app.
SECRET = "JBSWY3DPEHPK3PXP" * 2


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what an app shows now, or ``steps`` later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP_SECONDS + steps))


def wrong_code(secret: str) -> str:
    good = {code_of(secret, steps=steps) for steps in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)


def give_app(user: User, secret: str = SECRET) -> str:
    """Give somebody an authenticator app; return its secret."""
    Authenticator.objects.create(user=user, type="totp", data={"secret": sealer().seal(secret)})
    return secret


def enter_password(client: Client, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"username": username, "password": password, "next": "/admin/", **more})


def enter_code(client: Client, code: str) -> Any:
    return client.post(f"{PAGES}code/", {"code": code})


def is_in(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


def add_app(client: Client) -> tuple[str, list[str]]:
    """Go through the pages as a person does; return the app's secret and the recovery codes shown."""
    page = client.get(f"{PAGES}app/add/")
    assert page.status_code == 200, page.headers
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page.content.decode())
    assert found
    answer = client.post(f"{PAGES}app/add/", {"code": code_of(found[1])}, follow=True)
    return found[1], re.findall(r"<li><code>(\d{8})</code></li>", answer.content.decode())


@contextmanager
def later(seconds: float) -> Iterator[None]:
    with time_machine.travel(time.time() + seconds, tick=True):
        yield
