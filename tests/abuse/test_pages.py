"""Pages: cookies, frames, forged forms, and a content policy that every page keeps."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.test import Client

from accounts.domain import ALL_SCOPES
from accounts.services.keys import create_key
from tests.accounts.pages.browsing import CHROMIUM, breaches, browsing
from tests.architecture.routes import ADMIN_MODELS
from tests.conftest import PASSWORD
from tests.flows.conftest import BASE

POLICY = {
    "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
    "frame-ancestors 'none'",
}  # fmt: skip
PAGES = ["/admin/login/", "/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/", "/admin/second-factor/",
         "/api/docs/", "/admin/nothing-here/"]  # fmt: skip


@pytest.fixture
def root(django_user_model, db):
    django_user_model.objects.create_superuser("root", password=PASSWORD)
    client = Client()
    assert client.login(username="root", password=PASSWORD)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_it_may_load_and_that_no_frame_holds_it(root, path):
    for client in (root, Client()):
        headers = client.get(path, follow=True).headers
        assert set(headers["Content-Security-Policy"].split("; ")) == POLICY
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_nobody_else_may_ask_from_a_browser(service):
    """No CORS: what another site's script asks for it can't read, and it may not send a token along."""
    for path in ("/api/of-memory/stats", "/api/auth/token", "/admin/", "/api/schema/"):
        origin = {"origin": "https://evil.example", "access_control_request_method": "POST"}
        for method in ("GET", "OPTIONS"):
            answer = service(method, path, **origin)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")], path


def test_cookies_stay_in_our_pages(root):
    client = Client()
    client.get("/admin/login/")
    client.post("/admin/login/", {"username": "root", "password": PASSWORD})
    session, csrf = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert (session["samesite"], csrf["samesite"]) == ("Lax", "Lax")
    assert session["httponly"]
    assert session["domain"] == csrf["domain"] == ""


def test_in_production_cookies_are_bound_to_the_host_and_to_https():
    wanted = {
        "SESSION_COOKIE_NAME": "__Host-sessionid", "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax", "CSRF_COOKIE_SAMESITE": "Lax", "SECURE_SSL_REDIRECT": True,
        "STAFF_2FA_REQUIRED": True, "TRUSTED_PROXIES": 1, "DEBUG": False, "DEMO_ENABLED": False,
    }  # fmt: skip
    code = "import json; from ofmemory.settings import production as p; "
    code += f"print(json.dumps({{name: getattr(p, name) for name in {[*wanted]}}}))"
    environment = {
        **os.environ, "SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "ofmemory.example", "DJANGO_SETTINGS_MODULE": "",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=BASE, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout) == wanted


def test_the_api_sets_no_cookie(service, alice):
    for caller in (service, alice):
        assert not caller.get("/api/of-memory/stats").cookies
    body = {"username": "alice", "password": PASSWORD}
    assert not Client().post("/api/auth/token", body, content_type="application/json").cookies


@pytest.mark.parametrize(
    "path",
    ["/admin/login/", "/admin/accounts/user/add/", "/admin/second-factor/app/add/", "/admin/second-factor/app/remove/",
     "/admin/second-factor/confirm/password/", "/admin/second-factor/recovery-codes/new/", "/admin/logout/"],
)  # fmt: skip
def test_forms_of_other_sites_are_refused(root, path):
    client = Client(enforce_csrf_checks=True)
    client.cookies = root.cookies
    before = {**root.session}
    answer = client.post(path, {"username": "root", "password": PASSWORD}, HTTP_ORIGIN="https://evil.example")
    assert answer.status_code == 403
    assert {**root.session} == before


def test_the_address_in_a_redirect_is_ours(root):
    for path in (
        "/admin/login/?next=https://evil.example/",
        "/admin/login/?next=//evil.example",
        "/admin//evil.example",
    ):
        for client in (root, Client()):
            where = client.get(path).headers.get("Location", "/")
            assert re.match(r"/(?!/)", where), where


@pytest.mark.parametrize("host", ["evil.example", "localhost@evil.example", "localhost:80:80", "[::1]evil", ""])
def test_a_host_that_is_not_ours_gets_nothing(service, host):
    assert service.get("/api/of-memory/stats", host=host or " ").status_code == 400
    assert Client().get("/admin/login/", HTTP_HOST=host or " ").status_code == 400


# ---- in the browser


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.django_db(transaction=True)
def test_no_page_of_the_admin_breaks_the_policy(monkeypatch, live_server, django_user_model, service, creator_1):
    django_user_model.objects.create_superuser("root", password=PASSWORD)
    service.say("fan-1", "hello <script>window.ran = true</script>")
    create_key(creator_id=creator_1.id, name="n", scopes=ALL_SCOPES)
    with browsing(monkeypatch) as page:
        page.goto(f"{live_server.url}/admin/")
        page.fill("#id_username", "root")
        page.fill("#id_password", PASSWORD)
        page.click("input[type=submit]")
        page.wait_for_selector("text=Administration")
        found: dict[str, list[str]] = {}
        paths = [
            "", *(f"{model}/" for model in ADMIN_MODELS), "accounts/user/add/", "accounts/creator/creator-1/change/",
            "privacy/auditentry/", "privacy/datarequest/add/", "second-factor/", "second-factor/app/add/",
            "second-factor/passkey/add/",
        ]  # fmt: skip
        for path in paths:
            answer = page.goto(f"{live_server.url}/admin/{path}")
            assert answer.status == 200, path
            if broken := breaches(page):
                found[path] = broken
                page.faults.clear()
        assert found == {}
        assert page.evaluate("window.ran") is None


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.django_db(transaction=True)
def test_the_description_of_the_api_works_within_the_policy(monkeypatch, live_server):
    with browsing(monkeypatch) as page:
        page.goto(f"{live_server.url}/api/docs/")
        page.get_by_text("/api/of-memory/context").click()
        page.get_by_role("button", name="Try it out").wait_for()
        page.get_by_role("button", name="Authorize").first.click()
        page.wait_for_selector(".modal-ux")
        assert breaches(page) == []
