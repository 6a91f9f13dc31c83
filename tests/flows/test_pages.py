"""Pages in a real browser."""

import os
import shutil

import pytest
from django.contrib.auth.models import Group

from accounts.models import User

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CANARY = "quokka-in-the-quarry"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def page(monkeypatch):
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread; Django's guard against that is for servers, not for tests.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        yield page
        browser.close()


def _log_in(page, base, username):
    page.goto(f"{base}/admin/")
    page.fill("#id_username", username)
    page.fill("#id_password", "pw-of-this-test")
    page.click("input[type=submit]")


def test_support_looks_up_a_fan_without_reading_the_conversation(page, live_server, service):
    user = User.objects.create_user("support", password="pw-of-this-test", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="Support")[0])
    service.say("fan-7", f"I saw a {CANARY}")
    service.say("fan-8", "hello")
    _log_in(page, live_server.url, "support")
    page.click("text=Messages")
    page.fill("#searchbar", "fan-7")
    page.click("#changelist-search input[type=submit]")
    assert page.locator("#result_list tbody tr").count() == 1
    page.click("#result_list tbody tr a")
    page.wait_for_selector(".readonly >> text=fan-7")
    assert CANARY not in page.content()
    assert page.locator("#content input[name=_save], #content a.deletelink, #content a.addlink").count() == 0
    assert page.faults == []


def test_the_api_is_described_in_the_browser(page, live_server):
    page.goto(f"{live_server.url}/api/docs/")
    page.get_by_text("/api/of-memory/context").wait_for()
    assert page.faults == []


def test_the_front_door_leads_to_the_admin(page, live_server):
    page.goto(live_server.url)
    assert page.locator("#id_username").is_visible()
