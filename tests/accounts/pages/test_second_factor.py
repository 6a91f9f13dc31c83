"""Logging in to the admin with a second factor, and what does not get past it."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client

from accounts.models import User
from accounts.sealing import sealer
from accounts.services import second_factors
from accounts.services.second_factors import MAX_FAILURES
from privacy.models import PendingAudit
from tests.accounts.conftest import at_once
from tests.accounts.pages.support import (
    LOGIN,
    PAGES,
    STEP_SECONDS,
    add_app,
    code_of,
    enter_code,
    enter_password,
    give_app,
    is_in,
    later,
    wrong_code,
)
from tests.conftest import PASSWORD


def audited() -> list[str]:
    return [action for action in PendingAudit.objects.order_by("id").values_list("action", flat=True) if "." in action]


# ---- logging in


def test_without_a_factor_a_password_opens_the_door(sam, browser):
    assert enter_password(browser, "sam").headers["Location"] == "/admin/"
    assert is_in(browser)


def test_with_a_factor_a_password_opens_nothing(sam, browser):
    give_app(sam)
    assert enter_password(browser, "sam").headers["Location"] == f"{PAGES}code/"
    for path in ("/admin/", "/admin/accounts/user/", PAGES, f"{PAGES}app/add/", f"{PAGES}recovery-codes/"):
        assert browser.get(path).headers["Location"].startswith(LOGIN), path
    assert "_auth_user_id" not in browser.session


def test_the_code_opens_the_door(sam, browser):
    secret = give_app(sam)
    enter_password(browser, "sam", next="/admin/accounts/user/")
    assert enter_code(browser, code_of(secret)).headers["Location"] == "/admin/accounts/user/"
    assert is_in(browser)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_clocks_may_differ_by_one_step(sam, browser, steps):
    secret = give_app(sam)
    enter_password(browser, "sam")
    assert enter_code(browser, code_of(secret, steps=steps)).status_code == 302
    assert is_in(browser)


@pytest.mark.parametrize("steps", [-3, 3])
def test_codes_of_other_times_are_refused(sam, browser, steps):
    secret = give_app(sam)
    enter_password(browser, "sam")
    assert b"Incorrect code" in enter_code(browser, code_of(secret, steps=steps)).content
    assert not is_in(browser)


@pytest.mark.parametrize(
    "code", ["", " ", "abcdef", "12345", "1234567", "\uff11\uff12\uff13\uff14\uff15\uff16", "\x00", "0" * 5000, "null"]
)
def test_what_is_no_code_is_refused(sam, browser, code):
    give_app(sam)
    enter_password(browser, "sam")
    assert enter_code(browser, code).status_code == 200
    assert not is_in(browser)


def test_a_code_is_good_once(sam, browser):
    secret = give_app(sam)
    code = code_of(secret)
    enter_password(browser, "sam")
    enter_code(browser, code)
    assert is_in(browser)
    other = Client()
    enter_password(other, "sam")
    assert b"Incorrect code" in enter_code(other, code).content
    assert not is_in(other)
    # Nor is an older one: the clock of codes goes one way.
    assert b"Incorrect code" in enter_code(other, code_of(secret, steps=-1)).content


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_with_the_same_code_one_gets_in(sam):
    secret = give_app(sam)
    code = code_of(secret)

    def try_it() -> bool:
        return second_factors.check_code(User.objects.get(pk=sam.pk), code) is not None

    assert sorted(at_once(*[try_it] * 6)) == [False] * 5 + [True]
    connections.close_all()


def test_the_second_step_needs_the_first(sam, browser):
    secret = give_app(sam)
    assert browser.get(f"{PAGES}code/").status_code == 302
    assert enter_code(browser, code_of(secret)).headers["Location"] == f"{PAGES}login/"
    assert not is_in(browser)


def test_the_second_step_does_not_wait_for_ever(sam, browser):
    secret = give_app(sam)
    enter_password(browser, "sam")
    with later(301):
        assert enter_code(browser, code_of(secret)).headers["Location"] == f"{PAGES}login/"
        assert not is_in(browser)


def test_somebody_disabled_between_the_steps_stays_out(sam, browser):
    secret = give_app(sam)
    enter_password(browser, "sam")
    User.objects.update(is_active=False)
    enter_code(browser, code_of(secret))
    assert not is_in(browser)


def test_the_second_step_is_of_the_person_of_the_first(sam, browser):
    give_app(sam)
    eve = User.objects.create_superuser("eve", password=PASSWORD)
    of_eve = give_app(eve, "A" * 32)
    enter_password(browser, "sam")
    assert b"Incorrect code" in enter_code(browser, code_of(of_eve)).content
    assert not is_in(browser)


def test_the_login_leads_to_no_other_site(sam, browser):
    secret = give_app(sam)
    enter_password(browser, "sam", next="https://evil.example/")
    assert enter_code(browser, code_of(secret)).headers["Location"] == "/admin/"


def test_a_session_from_before_the_factor_does_not_do(sam, browser):
    enter_password(browser, "sam")
    assert is_in(browser)
    secret = give_app(sam)  # elsewhere, by the same person
    for path in ("/admin/", "/admin/accounts/user/"):
        assert browser.get(path).headers["Location"].startswith(f"{PAGES}confirm/code/"), path
    assert browser.get(f"{PAGES}app/remove/").headers["Location"].startswith(f"{PAGES}confirm/code/")
    # The password, which the thief of a session may know, is not enough for it either.
    browser.post(f"{PAGES}confirm/password/", {"password": PASSWORD})
    assert browser.get("/admin/").headers["Location"].startswith(f"{PAGES}confirm/code/")
    browser.post(f"{PAGES}confirm/code/", {"code": code_of(secret)})
    assert is_in(browser)


def test_everybody_may_leave(sam, browser, settings):
    enter_password(browser, "sam")
    settings.STAFF_2FA_REQUIRED = True
    assert browser.post("/admin/logout/").status_code == 200
    assert "_auth_user_id" not in browser.session


# ---- guessing


def test_tries_are_limited_by_person_in_every_door(sam, browser, settings, api):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"codes_per_user": 3}
    secret = give_app(sam)
    enter_password(browser, "sam")
    answers = [enter_code(browser, wrong_code(secret)).content for _ in range(3)]
    assert all(b"Incorrect code" in answer for answer in answers)
    assert b"Too many tries" in enter_code(browser, code_of(secret)).content
    other = Client(REMOTE_ADDR="203.0.113.7")
    enter_password(other, "sam")
    assert b"Too many tries" in enter_code(other, code_of(secret)).content
    body = {"username": "sam", "password": PASSWORD, "code": code_of(secret)}
    assert api.post("/api/auth/token", body).status_code == 429


def test_tries_are_limited_by_address(sam, browser, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"logins_per_ip": 2}
    secret = give_app(sam)
    enter_password(browser, "sam")
    enter_code(browser, wrong_code(secret))
    assert b"Too many tries" in enter_code(browser, code_of(secret)).content
    assert b"Too many tries" in enter_password(Client(), "somebody").content
    assert enter_password(Client(REMOTE_ADDR="203.0.113.7"), "sam").status_code == 302


def test_who_guesses_for_long_is_shut_out_however_slowly(sam, browser):
    secret = give_app(sam)
    for _ in range(MAX_FAILURES):
        assert second_factors.check_code(sam, wrong_code(secret)) is None
    assert second_factors.check_code(sam, code_of(secret)) is None
    assert audited()[-1] == "second_factor.locked"
    assert audited().count("second_factor.failed") == MAX_FAILURES - 1


def test_a_success_forgives_what_was_mistyped(sam):
    secret = give_app(sam)
    for _ in range(MAX_FAILURES - 1):
        second_factors.check_code(sam, wrong_code(secret))
    assert second_factors.check_code(sam, code_of(secret))
    assert Authenticator.objects.get().data["failures"] == 0


@pytest.mark.django_db(transaction=True)
def test_failures_are_counted_exactly(sam):
    secret = give_app(sam)
    wrong = wrong_code(secret)
    at_once(*[lambda: second_factors.check_code(User.objects.get(pk=sam.pk), wrong)] * 8)
    assert Authenticator.objects.get().data["failures"] == 8
    connections.close_all()


# ---- adding, removing


@pytest.mark.django_db(transaction=True)
def test_an_app_is_added_and_used(sam, browser):
    enter_password(browser, "sam")
    secret, codes = add_app(browser)
    assert len(set(codes)) == 10
    assert is_in(browser)
    assert audited() == ["second_factor.added", "second_factor.added"]
    assert Authenticator.objects.get(type="totp").data["last_step"] > 0
    other = Client()
    enter_password(other, "sam")
    assert b"Incorrect code" in enter_code(other, code_of(secret)).content  # spent when the app was added
    with later(2 * STEP_SECONDS):
        enter_code(other, code_of(secret))
        assert is_in(other)


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_opens_the_door_once(sam, browser):
    enter_password(browser, "sam")
    _, codes = add_app(browser)
    for door in (Client(), Client()):
        enter_password(door, "sam")
        answer = enter_code(door, codes[3])
        if is_in(door):
            continue
        assert b"Incorrect code" in answer.content
        break
    else:
        pytest.fail("a recovery code was taken twice")
    entry = PendingAudit.objects.get(action="recovery_code.used")
    assert (entry.actor, entry.details["left"]) == (f"user:{sam.pk}", 9)


@pytest.mark.django_db(transaction=True)
def test_recovery_codes_are_shown_once_and_replaced(sam, browser):
    enter_password(browser, "sam")
    _, codes = add_app(browser)
    again = browser.get(f"{PAGES}recovery-codes/").content.decode()
    assert not any(code in again for code in codes)
    browser.post(f"{PAGES}recovery-codes/new/")
    assert second_factors.check_code(sam, codes[0]) is None
    fresh = browser.get(f"{PAGES}recovery-codes/").content.decode()
    assert "shown only this once" in fresh


def test_secrets_are_sealed_at_rest(sam, browser):
    enter_password(browser, "sam")
    page = browser.get(f"{PAGES}app/add/").content.decode()
    (session,) = Session.objects.all()
    pending = session.get_decoded()["mfa.totp.secret"]
    assert pending not in page
    assert sealer().unseal(pending) in page
    secret, _ = add_app(browser)
    for row in Authenticator.objects.all():
        assert secret not in str(row.data)
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert sealer().unseal(stored) == secret
    assert sealer().seal(secret) != stored
    seed = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert len(sealer().unseal(seed)) == 80


def test_a_wrong_code_adds_nothing(sam, browser):
    enter_password(browser, "sam")
    browser.get(f"{PAGES}app/add/")
    assert b"Incorrect code" in browser.post(f"{PAGES}app/add/", {"code": "000000"}).content
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("page", ["app/add/", "app/remove/", "passkey/add/", "recovery-codes/", "recovery-codes/new/"])
@pytest.mark.django_db(transaction=True)
def test_changes_need_a_fresh_proof(sam, browser, page):
    enter_password(browser, "sam")
    if page != "app/add/":
        add_app(browser)
    before = list(Authenticator.objects.order_by("pk").values())
    with later(301):
        for method in (browser.get, *([] if page == "recovery-codes/" else [browser.post])):
            asked = method(PAGES + page)
            assert asked.headers["Location"].startswith(f"{PAGES}confirm/password/"), page
        assert b"errornote" in browser.post(f"{PAGES}confirm/password/", {"password": "wrong"}).content
        assert list(Authenticator.objects.order_by("pk").values()) == before
        browser.post(f"{PAGES}confirm/password/", {"password": PASSWORD})
        assert browser.get(PAGES + page).status_code == 200


def test_confirming_is_limited_too(sam, browser, settings):
    enter_password(browser, "sam")
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"logins_per_user": 1}
    browser.post(f"{PAGES}confirm/password/", {"password": "wrong"})
    assert b"Too many tries" in browser.post(f"{PAGES}confirm/password/", {"password": PASSWORD}).content


@pytest.mark.django_db(transaction=True)
def test_removing_ends_what_protected(sam, browser):
    enter_password(browser, "sam")
    add_app(browser)
    browser.post(f"{PAGES}app/remove/")
    assert not Authenticator.objects.exists()
    assert audited().count("second_factor.removed") == 1
    other = Client()
    enter_password(other, "sam")
    assert is_in(other)


# ---- required


@pytest.mark.django_db(transaction=True)
def test_where_it_is_required_staff_are_led_to_add_one(sam, browser, settings):
    settings.STAFF_2FA_REQUIRED = True
    enter_password(browser, "sam")
    for path in ("/admin/", "/admin/accounts/user/", "/admin/memory/interaction/", "/admin/password_change/"):
        assert browser.get(path).headers["Location"] == PAGES, path
        assert browser.post(path).headers["Location"] == PAGES, path
    assert b"Staff must have a second factor" in browser.get(PAGES).content
    add_app(browser)
    assert is_in(browser)


@pytest.mark.django_db(transaction=True)
def test_where_it_is_required_the_last_one_stays(sam, browser, settings):
    settings.STAFF_2FA_REQUIRED = True
    enter_password(browser, "sam")
    add_app(browser)
    assert b"cannot deactivate" in browser.get(f"{PAGES}app/remove/").content
    browser.post(f"{PAGES}app/remove/")
    assert Authenticator.objects.filter(type="totp").exists()
    assert "second_factor.removed" not in audited()


@pytest.mark.django_db(transaction=True)
def test_where_it_is_required_the_api_is_shut_for_staff_without_one(sam, settings, api):
    settings.STAFF_2FA_REQUIRED = True
    body = {"username": "sam", "password": PASSWORD}
    assert api.post("/api/auth/token", body).status_code == 403
    assert api.post("/api/auth/token", body | {"password": "wrong"}).status_code == 401
    secret = give_app(sam)
    assert api.post("/api/auth/token", body | {"code": code_of(secret)}).status_code == 200


# ---- the API's login


@pytest.fixture
def bob(make_user, creator_1):
    from accounts.domain import Role

    return make_user("bob", (creator_1, Role.CHATTER))


def test_the_api_asks_for_the_code_without_saying_so(bob, api):
    secret = give_app(bob)
    body = {"username": "bob", "password": PASSWORD}
    refused = [
        api.post("/api/auth/token", body, x_correlation_id="same"),
        api.post("/api/auth/token", body | {"code": wrong_code(secret)}, x_correlation_id="same"),
        api.post("/api/auth/token", body | {"password": "wrong", "code": code_of(secret)}, x_correlation_id="same"),
        api.post("/api/auth/token", body | {"password": "wrong"}, x_correlation_id="same"),
        api.post("/api/auth/token", body | {"username": "nobody"}, x_correlation_id="same"),
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.content for answer in refused}) == 1
    taken = api.post("/api/auth/token", body | {"code": code_of(secret)})
    assert taken.status_code == 200
    assert api.post("/api/auth/token", body | {"code": code_of(secret)}).status_code == 401  # good once


def test_a_code_of_somebody_without_a_factor_changes_nothing(bob, api):
    assert api.post("/api/auth/token", {"username": "bob", "password": PASSWORD, "code": "1"}).status_code == 200


def test_a_code_is_not_tried_before_the_password_is_right(bob, api):
    give_app(bob)
    for _ in range(3):
        api.post("/api/auth/token", {"username": "bob", "password": "wrong", "code": "000000"})
    assert "failures" not in Authenticator.objects.get().data
    assert audited() == []


# ---- what goes wrong beneath


def test_without_the_keys_nobody_gets_in_and_nothing_breaks(sam, browser, api):
    secret = give_app(sam)
    Authenticator.objects.update(data={"secret": "not sealed by us"})
    enter_password(browser, "sam")
    answer = enter_code(browser, code_of(secret))
    assert (answer.status_code, b"can&#x27;t be checked just now" in answer.content) == (200, True)
    assert not is_in(browser)


def test_the_admin_shows_no_secrets_and_no_tables_of_allauth(sam, browser):
    enter_password(browser, "sam")
    index = browser.get("/admin/").content
    assert b"/admin/mfa/" not in index
    assert b"/admin/account/" not in index
    assert browser.get("/admin/mfa/authenticator/").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["signup/", "password/reset/", "email/", "logout/", "webauthn/login/", "recovery-codes/download/", "trust/"],
)
def test_nothing_else_of_allauth_is_mounted(sam, browser, path):
    for prefix in ("/accounts/", PAGES, "/account/"):
        assert browser.get(prefix + path).status_code in (302, 404)
    enter_password(browser, "sam")
    for prefix in ("/accounts/", PAGES, "/account/"):
        assert browser.get(prefix + path).status_code == 404
