"""Second factors in a real browser: an app, a passkey, a recovery code; and nothing that the content policy forbids."""

import os
import re

import pytest
from allauth.mfa.models import Authenticator

from accounts.models import User
from privacy.models import PendingAudit
from tests.accounts.pages.browsing import CHROMIUM, Passkey, breaches, browsing
from tests.accounts.pages.support import PAGES, code_of, give_app
from tests.conftest import PASSWORD

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.django_db(transaction=True),
]
SHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def page(monkeypatch):
    with browsing(monkeypatch) as page:
        yield page


@pytest.fixture
def base(live_server):
    # A passkey belongs to a name: an address of numbers has none.
    return live_server.url.replace("127.0.0.1", "localhost")


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def enter_password(page, base, username="sam"):
    page.goto(f"{base}/admin/")
    page.fill("#id_username", username)
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)
    page.wait_for_load_state()


def log_out(page):
    page.click("#logout-form button")
    page.wait_for_selector("text=Logged out")


def add_passkey(page, base):
    page.goto(f"{base}{PAGES}")
    page.click("text=Add a passkey")
    page.fill("input[name=name]", "Yubi")
    shoot(page, "add-passkey")
    page.click("#passkey")
    page.wait_for_selector("text=shown only this once")


def test_from_the_first_login_to_the_app(page, base, sam, settings):
    settings.STAFF_2FA_REQUIRED = True
    enter_password(page, base)
    page.wait_for_selector("text=Staff must have a second factor")
    shoot(page, "required")
    page.click("text=Add an app")
    secret = page.inner_text(".secret code")
    assert page.locator(".qr img").evaluate("image => image.naturalWidth") > 0
    shoot(page, "add-app")
    page.fill("input.code", code_of(secret))
    page.click("input[value='Add the app']")
    codes = re.findall(r"\b\d{8}\b", page.inner_text(".codes"))
    assert len(codes) == 10
    shoot(page, "recovery-codes")
    page.click("text=I have kept them")
    shoot(page, "factors")
    page.goto(f"{base}/admin/")
    page.wait_for_selector("text=Administration")
    shoot(page, "admin")
    log_out(page)
    enter_password(page, base)
    page.wait_for_selector("input.code")
    shoot(page, "second-step")
    page.fill("input.code", code_of(secret))  # the one just spent
    page.click("input[value='Log in']")
    page.wait_for_selector("text=Incorrect code")
    shoot(page, "second-step-refused")
    page.fill("input.code", codes[0])
    page.click("input[value='Log in']")
    page.wait_for_url(f"{base}/admin/")
    assert breaches(page) == []


def test_a_passkey_is_added_and_opens_the_door(page, base, sam):
    passkey = Passkey(page)
    enter_password(page, base)
    add_passkey(page, base)
    (row,) = Authenticator.objects.filter(type="webauthn")
    assert row.data["name"] == "Yubi"
    log_out(page)
    enter_password(page, base)
    page.wait_for_selector("#passkey")
    page.click("#passkey")
    page.wait_for_url(f"{base}/admin/")
    row.refresh_from_db()
    assert row.data["sign_count"] == passkey.credentials()[0]["signCount"]
    page.goto(f"{base}{PAGES}")
    shoot(page, "passkeys")
    page.click("text=Remove Yubi")
    page.click("input[value='Remove the passkey']")
    page.wait_for_selector("text=Add an app")
    assert not Authenticator.objects.exists()
    assert breaches(page) == []


def test_a_passkey_whose_counter_goes_back_is_refused(page, base, sam):
    passkey = Passkey(page)
    enter_password(page, base)
    add_passkey(page, base)
    log_out(page)
    enter_password(page, base)
    page.click("#passkey")
    page.wait_for_url(f"{base}/admin/")
    log_out(page)
    passkey.set_counter(0)
    enter_password(page, base)
    page.click("#passkey")
    page.wait_for_selector("text=Incorrect code")
    assert PendingAudit.objects.filter(action="second_factor.failed", details__reason="counter").count() == 1


def test_a_passkey_of_somebody_else_is_refused(page, base, sam):
    Passkey(page)
    enter_password(page, base)
    add_passkey(page, base)
    eve = User.objects.create_superuser("eve", password=PASSWORD)
    log_out(page)
    other = {**Authenticator.objects.get(type="webauthn").data}
    other["credential"] = {**other["credential"]}
    give_app(eve)
    enter_password(page, base, "eve")
    answer = page.evaluate(
        """async () => {
            const asked = JSON.parse(document.getElementById('js_data').textContent).request_options
            asked.publicKey.allowCredentials = []
            try { return JSON.stringify(await window.webauthnJSON.get(asked)) } catch (e) { return 'none' }
        }"""
    )
    page.evaluate(
        "given => { const f = document.getElementById('passkey-form'); f.credential.value = given; f.submit() }", answer
    )
    page.wait_for_selector(".errornote >> nth=0")
    assert "_auth_user_id" not in page.content()
    page.goto(f"{base}/admin/")
    assert page.locator("#id_username").is_visible()


def test_an_answer_shown_twice_is_refused(page, base, sam):
    """What a listener caught: the challenge it answers is spent."""
    Passkey(page)
    enter_password(page, base)
    add_passkey(page, base)
    log_out(page)
    enter_password(page, base)
    caught: list[str] = []
    page.on("request", lambda request: caught.append(request.post_data or "") if request.method == "POST" else None)
    page.click("#passkey")
    page.wait_for_url(f"{base}/admin/")
    log_out(page)
    enter_password(page, base)
    page.wait_for_selector("#passkey")
    replayed = next(body for body in caught if "credential=" in body)
    answer = page.evaluate(
        """async body => {
            const given = new URLSearchParams(body)
            given.set('csrfmiddlewaretoken', document.querySelector('[name=csrfmiddlewaretoken]').value)
            const answer = await fetch('/admin/second-factor/code/', {method: 'POST', body: given})
            return answer.url + ' ' + (await answer.text()).includes('Incorrect code')
        }""",
        replayed,
    )
    assert answer == f"{base}{PAGES}code/ true"
    page.goto(f"{base}/admin/")
    assert page.locator("#id_username").is_visible()


def test_an_answer_given_to_another_site_is_refused(page, base, sam):
    """What a forged page would get: the browser writes into the answer where it was given."""
    Passkey(page)
    enter_password(page, base)
    add_passkey(page, base)
    log_out(page)
    enter_password(page, base)
    page.wait_for_selector("#passkey")
    page.evaluate(
        """async () => {
            const asked = JSON.parse(document.getElementById('js_data').textContent).request_options
            const given = JSON.parse(JSON.stringify(await window.webauthnJSON.get(asked)))
            const text = atob(given.response.clientDataJSON.replace(/-/g, '+').replace(/_/g, '/'))
            const said = JSON.parse(text)
            said.origin = 'https://evil.example'
            const forged = btoa(JSON.stringify(said)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '')
            given.response.clientDataJSON = forged
            const form = document.getElementById('passkey-form')
            form.credential.value = JSON.stringify(given)
            form.submit()
        }"""
    )
    page.wait_for_selector("text=Incorrect code")
    assert PendingAudit.objects.filter(action="second_factor.failed", details__kind="webauthn").count() == 1


@pytest.mark.parametrize(
    "credential",
    ["{}", "[]", "null", "1", '"x"', '{"id": "AA"}', '{"response": {}}', "{", "", '{"id": {}, "response": 1}'],
)
def test_what_is_no_answer_of_a_passkey_is_refused(client, sam, credential):
    give_app(sam)
    client.post("/admin/login/", {"username": "sam", "password": PASSWORD, "next": "/admin/"})
    client.get(f"{PAGES}code/")
    assert client.post(f"{PAGES}code/", {"credential": credential}).status_code == 200
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("credential", ["{}", "[]", "null", "1", '{"id": "AA"}', '{"response": {}}', "{"])
def test_what_is_no_passkey_is_not_added(client, sam, credential):
    client.post("/admin/login/", {"username": "sam", "password": PASSWORD, "next": "/admin/"})
    client.get(f"{PAGES}passkey/add/")
    assert client.post(f"{PAGES}passkey/add/", {"name": "x", "credential": credential}).status_code == 200
    assert not Authenticator.objects.exists()
