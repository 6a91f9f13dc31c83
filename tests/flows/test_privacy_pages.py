"""The pages of the officer and of support, in a real browser."""

import orjson
import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from privacy.models import DataRequest, Reveal
from privacy.services import receipts
from tests.flows.test_pages import CHROMIUM, _log_in
from tests.flows.test_pages import page as page  # noqa: PLC0414 - a fixture
from tools import verify_receipt

FAN = "fan-000123"
REASON = "The fan asks what was promised."
ATTACK = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
# What the pages must live with: nothing inline, nothing from elsewhere.
POLICY = "default-src 'self'; style-src 'self'; script-src 'self'; object-src 'none'; frame-ancestors 'none'"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.django_db(transaction=True),
]


def staff(name, group):
    user = User.objects.create_user(name, password="pw-of-this-test", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def strict(page, live_server):
    """A browser that is told the strictest policy with every page, and notes what would break it."""

    def answer(route):
        response = route.fetch(max_redirects=0)
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": POLICY})

    page.route(f"{live_server.url}/**", answer)
    page.on("console", lambda told: page.faults.append(told.text) if told.type == "error" else None)
    return page


def add(page, base, model, **given):
    page.goto(f"{base}/admin/privacy/{model}/add/")
    for name, value in given.items():
        field = page.locator(f"[name={name}]")
        if field.evaluate("it => it.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.click(".privacy form button")


def test_the_officer_answers_an_erasure_request(strict, live_server, service):
    page = strict
    service.say(FAN, "hello there")
    staff("dora", "DPO")
    _log_in(page, live_server.url, "dora")
    add(page, live_server.url, "datarequest", kind="erasure", creator_id="creator-1", fan_id=FAN)
    page.get_by_text("fan_memories").wait_for()
    page.fill("[name=method]", "platform message")
    page.fill("[name=proof]", "message 17")
    page.click("button >> text=Confirm identity")
    page.get_by_text("confirmed by dora").wait_for()
    page.click("button >> text=Approve")
    page.fill("[name=typed]", "fan-000124")
    page.click("button >> text=Erase now")
    page.get_by_text("That is not the fan of this request.").wait_for()
    page.fill("[name=typed]", FAN)
    page.click("button >> text=Erase now")
    opening = page.locator("#opening code").inner_text()
    with page.expect_download() as waited:
        page.click("text=Download the receipt")
    file = waited.value.path().read_bytes()
    facts = verify_receipt.check(file, receipts.public_key().hex())
    verify_receipt.check_fan(facts, opening, "creator-1", FAN)
    assert orjson.loads(file)["receipt"]["erased"]["rows"]["fan_memories"] == 1
    request = DataRequest.objects.get()
    assert (request.status, request.fan_id) == ("completed", "")
    page.click("text=Back to the request")
    page.click("text=Look at the receipt")
    page.get_by_text("right, and made with this installation's key").wait_for()
    assert page.faults == []


def test_support_breaks_the_glass_with_a_reason(strict, live_server, service):
    page = strict
    service.say(FAN, ATTACK)
    staff("sam", "Support")
    _log_in(page, live_server.url, "sam")
    page.click("text=Messages")
    page.click("#result_list tbody tr a")
    page.click("text=Reveal what was said")
    page.fill("[name=reason]", "because")
    page.click("button >> text=Reveal")
    page.get_by_text("at least 15 characters (it has 7)").wait_for()
    page.fill("[name=reason]", REASON)
    page.click("button >> text=Reveal")
    assert page.locator("ol.said p").inner_text() == ATTACK
    assert page.title() != "owned"
    assert page.locator("ol.said img, ol.said script").count() == 0
    assert Reveal.objects.get().reason == REASON
    assert page.faults == []


def test_a_request_is_opened_by_keyboard_alone(strict, live_server, service):
    page = strict
    staff("sam", "Support")
    _log_in(page, live_server.url, "sam")
    page.goto(f"{live_server.url}/admin/privacy/datarequest/add/")
    page.focus("[name=kind]")
    for text in ("creator-1", FAN):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.get_by_text("The request is open until").wait_for()
    assert DataRequest.objects.get().fan_id == FAN
    assert page.faults == []


@pytest.mark.parametrize("width", [1280, 400])
def test_no_page_is_wider_than_the_screen(strict, live_server, service, width):
    page = strict
    page.set_viewport_size({"width": width, "height": 900})
    service.say(FAN, "hello there")
    staff("dora", "DPO")
    _log_in(page, live_server.url, "dora")
    add(page, live_server.url, "datarequest", kind="erasure", creator_id="creator-1", fan_id=FAN)
    shown = [
        page.url,
        f"{live_server.url}/admin/privacy/auditentry/",
        f"{live_server.url}/admin/privacy/legalhold/add/",
    ]
    for address in shown:
        page.goto(address)
        assert page.evaluate("document.querySelector('.privacy').scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.faults == []
