"""The admin of accounts: who may, enforced on POST too, and that every change of rights holds at once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.domain import ALL_SCOPES, Role
from accounts.models import ApiKey, Creator, Membership, RefreshSession, User
from accounts.services.keys import create_key
from accounts.services.sessions import open_session
from tests.conftest import PASSWORD, Api

STATS = "/api/of-memory/stats"
ADMIN = "/admin/accounts"
KEY = re.compile(r"ofm_[0-9a-f]{12}_[\w-]{43}")
INLINE = "memberships"


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """Log somebody in who may open the admin: with groups, permissions, or as superuser."""

    def staff(username: str, *, groups: tuple[str, ...] = (), may: tuple[str, ...] = (), **more: Any) -> Client:
        user = User.objects.create_user(username, password=PASSWORD, is_staff=True, **more)
        user.groups.set(Group.objects.filter(name__in=groups))
        user.user_permissions.set(Permission.objects.filter(codename__in=may))
        client = Client()
        assert client.login(username=username, password=PASSWORD)
        return client

    return staff


@pytest.fixture
def root(staff: Callable[..., Client]) -> Client:
    return staff("root", is_superuser=True)


@pytest.fixture
def bob_user(bob: Api) -> User:
    return User.objects.get(username="bob")


def inline(*rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """Return the form data of the memberships below a user or a creator."""
    data = {f"{INLINE}-TOTAL_FORMS": len(rows), f"{INLINE}-INITIAL_FORMS": initial}
    return data | {f"{INLINE}-{i}-{name}": value for i, row in enumerate(rows) for name, value in row.items()}


def of_user(user: User, *rows: dict[str, Any], initial: int = 0, **changed: Any) -> dict[str, Any]:
    """Return the form data of a user's page as it stands, with changes; None leaves a field out."""
    form = {"username": user.username, "is_active": "on", **inline(*rows, initial=initial), **changed}
    return {name: value for name, value in form.items() if value is not None}


def act(client: Client, model: str, action: str, *ids: Any) -> Any:
    return client.post(f"{ADMIN}/{model}/", {"action": action, "_selected_action": [str(i) for i in ids]}, follow=True)


# ---- who may


def test_the_site_says_what_it_is(client):
    assert b"ofmemory" in client.get("/admin/login/").content


def test_groups_may_look_and_clear_escalations_and_nothing_else(db):
    for name in ("Support", "DPO"):
        elsewhere = Permission.objects.exclude(content_type__app_label="privacy")
        may = set(elsewhere.filter(group__name=name).values_list("codename", flat=True))
        assert {"view_creator", "view_fanmemory", "view_engagementmetrics", "view_personalityprofile"} <= may
        assert {
            "view_escalation",
            "view_learntstate",
            "view_tonedecision",
            "view_feedback",
            "view_creatorpriors",
        } <= may
        # But for saying that they have looked after somebody who needed a human.
        assert {codename for codename in may if not codename.startswith("view_")} == {"change_escalation"}
        assert not may & {"view_user", "view_apikey", "view_refreshsession", "view_membership"}


@pytest.mark.parametrize("group", ["Support", "DPO"])
def test_support_and_dpo_look_at_creators_but_change_nothing(staff, creator_1, service, bob_user, group):
    client = staff("sam", groups=(group,))
    key, session = ApiKey.objects.get(), RefreshSession.objects.get()
    assert client.get(f"{ADMIN}/creator/").status_code == 200
    assert client.get(f"{ADMIN}/creator/creator-1/change/").status_code == 200
    before = snapshot()
    posts = {
        "creator/creator-1/change/": {"display_name": "x", "currency": "USD", **inline()},
        "creator/add/": {"id": "x", "display_name": "x", "currency": "USD", **inline()},
        "creator/creator-1/delete/": {"post": "yes"},
        f"user/{bob_user.id}/change/": of_user(bob_user, is_staff="on", is_superuser="on"),
        f"user/{bob_user.id}/password/": {"password1": "another pass 9", "password2": "another pass 9"},
        f"user/{bob_user.id}/delete/": {"post": "yes"},
        "user/add/": {"username": "x", "password1": "another pass 9", "password2": "another pass 9"},
        "apikey/add/": {"name": "x", "creator": "creator-1", "scopes": ["stats:read"]},
        f"apikey/{key.id}/change/": {"name": "x"},
        f"apikey/{key.id}/delete/": {"post": "yes"},
        "apikey/": {"action": "revoke_selected", "_selected_action": [str(key.id)]},
        "refreshsession/add/": {},
        f"refreshsession/{session.id}/change/": {},
        f"refreshsession/{session.id}/delete/": {"post": "yes"},
        "refreshsession/": {"action": "end_selected", "_selected_action": [str(session.id)]},
        "user/": {"action": "delete_selected", "_selected_action": [str(bob_user.id)], "post": "yes"},
    }
    assert {path: client.post(f"{ADMIN}/{path}", data).status_code for path, data in posts.items()} == (
        dict.fromkeys(posts, 403)
    )
    client.post(f"{ADMIN}/creator/", {"action": "delete_selected", "_selected_action": ["creator-1"], "post": "yes"})
    assert snapshot() == before


def snapshot() -> list[Any]:
    models = (User, Creator, Membership, ApiKey, RefreshSession)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_who_is_no_staff_does_not_get_in(bob_user, creator_1):
    client = Client()
    client.login(username="bob", password=PASSWORD)
    for path in ("/admin/", f"{ADMIN}/creator/", f"{ADMIN}/apikey/add/"):
        assert client.get(path).headers["Location"].startswith("/admin/login/")


def test_looking_at_keys_and_sessions_is_not_ending_them(staff, service, bob):
    client = staff("sam", may=("view_apikey", "view_refreshsession"))
    key, session = ApiKey.objects.get(), RefreshSession.objects.get()
    for model, action, pk in (("apikey", "revoke_selected", key.id), ("refreshsession", "end_selected", session.id)):
        assert client.get(f"{ADMIN}/{model}/{pk}/change/").status_code == 200
        act(client, model, action, pk)
    assert [caller.get(STATS).status_code for caller in (service, bob)] == [200, 200]
    assert not ApiKey.objects.filter(revoked_at__isnull=False).exists()
    assert not RefreshSession.objects.filter(revoked_at__isnull=False).exists()


def test_nobody_deletes(root, service, bob_user):
    paths = [f"user/{bob_user.id}", "creator/creator-1", f"apikey/{ApiKey.objects.get().id}"]
    paths += [f"refreshsession/{RefreshSession.objects.get().id}"]
    before = snapshot()
    for path in paths:
        assert root.post(f"{ADMIN}/{path}/delete/", {"post": "yes"}).status_code == 403
    assert snapshot() == before


def test_nobody_makes_more_of_themselves(staff, root):
    client = staff("ursula", may=("view_user", "change_user", "add_user"))
    ursula, chief = User.objects.get(username="ursula"), User.objects.get(username="root")
    rank: dict[str, Any] = {"is_staff": "on", "is_superuser": "on", "groups": [Group.objects.get(name="DPO").id]}
    assert client.post(f"{ADMIN}/user/{ursula.id}/change/", of_user(ursula, **rank)).status_code == 302
    ursula.refresh_from_db()
    assert (ursula.is_superuser, ursula.is_staff, ursula.groups.count()) == (False, True, 0)
    password = {"password1": "another pass 9", "password2": "another pass 9", "usable_password": "true"}
    assert client.post(f"{ADMIN}/user/{chief.id}/password/", password).status_code == 403
    assert client.post(f"{ADMIN}/user/{chief.id}/change/", of_user(chief, is_active=None)).status_code == 403
    chief.refresh_from_db()
    assert chief.check_password(PASSWORD)
    assert chief.is_active


def test_tries_to_log_in_are_limited_like_the_apis(settings, root, client, api):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"logins_per_user": 2}
    for _ in range(2):
        assert client.post("/admin/login/", {"username": "root", "password": "wrong"}).status_code == 200
    refused = client.post("/admin/login/", {"username": "root", "password": PASSWORD})
    assert b"Too many tries" in refused.content
    assert api.post("/api/auth/token", {"username": "root", "password": PASSWORD}).status_code == 429


def test_demo_accounts_stay_out_where_they_may_not_be(settings, root):
    User.objects.update(is_demo=True)
    assert root.get("/admin/").status_code == 200
    settings.DEMO_ENABLED = False
    assert root.get("/admin/").status_code == 302
    assert not Client().login(username="root", password=PASSWORD)


# ---- people


def test_a_user_is_registered(root):
    form = {"username": "dana", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    answer = root.post(f"{ADMIN}/user/add/", form)
    dana = User.objects.get(username="dana")
    assert answer.headers["Location"] == f"{ADMIN}/user/{dana.id}/change/"
    assert dana.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_disabling_ends_every_session_at_once(root, bob, bob_user):
    assert bob.get(STATS).status_code == 200
    member = bob_user.memberships.get()
    row = {"id": member.id, "user": bob_user.id, "role": "chatter"}
    form = of_user(bob_user, row, initial=1, is_active=None)
    assert root.post(f"{ADMIN}/user/{bob_user.id}/change/", form).status_code == 302
    assert bob.get(STATS).status_code == 401
    assert RefreshSession.objects.get(user=bob_user).revoked_reason == "disabled"


@pytest.mark.django_db(transaction=True)
def test_a_new_password_ends_every_session_at_once(root, bob, bob_user):
    assert bob.get(STATS).status_code == 200
    form = {"password1": "another pass 9", "password2": "another pass 9", "usable_password": "true"}
    assert root.post(f"{ADMIN}/user/{bob_user.id}/password/", form).status_code == 302
    assert bob.get(STATS).status_code == 401
    assert RefreshSession.objects.get(user=bob_user).revoked_reason == "password"
    assert open_session(username="bob", password="another pass 9")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["user", "creator"])
@pytest.mark.parametrize("change", [{"role": "support"}, {"role": "chatter", "DELETE": "on"}])
def test_a_changed_or_ended_membership_holds_at_once(root, bob, bob_user, creator_1, page, change):
    assert bob.get(STATS).status_code == 200
    member = bob_user.memberships.get()
    row = {"id": member.id, "user": bob_user.id, "creator": "creator-1", **change}
    if page == "user":
        path, form = f"user/{bob_user.id}", of_user(bob_user, row, initial=1)
    else:
        path, form = "creator/creator-1", {"display_name": "A", "is_active": "on", **inline(row, initial=1)}
    assert root.post(f"{ADMIN}/{path}/change/", form).status_code == 302
    assert bob.get(STATS).status_code == 401
    assert RefreshSession.objects.get(user=bob_user).revoked_reason == "role"
    roles = list(Membership.objects.values_list("role", flat=True))
    assert roles == ([] if "DELETE" in change else ["support"])


def test_saving_without_a_change_ends_nothing(root, bob, bob_user):
    row = {"id": bob_user.memberships.get().id, "user": bob_user.id, "creator": "creator-1", "role": "chatter"}
    form = of_user(bob_user, row, initial=1, first_name="Bob")
    assert root.post(f"{ADMIN}/user/{bob_user.id}/change/", form).status_code == 302
    assert User.objects.get(id=bob_user.id).first_name == "Bob"
    assert bob.get(STATS).status_code == 200


def test_a_membership_is_added_but_never_moved(root, bob_user, creator_2):
    member = bob_user.memberships.get()
    moved = {"id": member.id, "user": bob_user.id, "creator": "creator-2", "role": "chatter"}
    root.post(f"{ADMIN}/user/{bob_user.id}/change/", of_user(bob_user, moved, initial=1))
    assert list(Membership.objects.values_list("creator_id", "role")) == [("creator-1", "chatter")]
    kept, new = {**moved, "creator": "creator-1"}, {"user": bob_user.id, "creator": "creator-2", "role": "dpo"}
    root.post(f"{ADMIN}/user/{bob_user.id}/change/", of_user(bob_user, kept, new, initial=1))
    roles = dict(Membership.objects.values_list("creator_id", "role"))
    assert roles == {"creator-1": "chatter", "creator-2": "dpo"}


# ---- creators


@pytest.mark.django_db(transaction=True)
def test_closing_a_creator_holds_at_once(root, service, alice):
    assert [caller.get(STATS).status_code for caller in (service, alice)] == [200, 200]
    root.post(f"{ADMIN}/creator/creator-1/change/", {"display_name": "A", **inline()})
    assert not Creator.objects.get().is_active
    assert [caller.get(STATS).status_code for caller in (service, alice)] == [401, 403]


def test_a_creator_keeps_its_id_and_currency(root, creator_1):
    form = {"id": "other", "display_name": "New", "currency": "EUR", "is_active": "on", **inline()}
    root.post(f"{ADMIN}/creator/creator-1/change/", form)
    assert Creator.objects.values_list("id", "display_name", "currency").get() == ("creator-1", "New", "USD")


def test_a_creator_is_opened(root, bob_user):
    form = {"id": "juno", "display_name": "Juno", "currency": "EUR", "is_active": "on"}
    row = {"user": bob_user.id, "role": "dpo"}
    assert root.post(f"{ADMIN}/creator/add/", form | inline(row)).status_code == 302
    assert Creator.objects.get(id="juno").memberships.get().user == bob_user


# ---- keys and sessions


def test_a_key_is_shown_exactly_once(root, creator_1):
    form = {"name": "bot", "creator": "creator-1", "scopes": ["stats:read", "memory:read"], "fan_id": ""}
    page = root.post(f"{ADMIN}/apikey/add/", form, follow=True)
    row = ApiKey.objects.get()
    shown = set(KEY.findall(page.content.decode()))
    assert len(shown) == 1
    key = shown.pop()
    assert Api(key).get(STATS).status_code == 200
    assert (row.prefix, sorted(row.scopes)) == (key.split("_")[1], ["memory:read", "stats:read"])
    for path in ("", f"{row.id}/change/", f"{row.id}/history/"):
        again = root.get(f"{ADMIN}/apikey/{path}")
        assert again.status_code == 200
        assert not KEY.search(again.content.decode())
    assert LogEntry.objects.get().object_id == str(row.id)
    assert key not in str(LogEntry.objects.values().get())


def test_a_key_is_never_edited(root, service):
    row = ApiKey.objects.get()
    form = {"name": "x", "creator": "creator-1", "scopes": ["stats:read"], "fan_id": "fan-9"}
    assert root.post(f"{ADMIN}/apikey/{row.id}/change/", form).status_code == 403
    assert snapshot()[3] == [ApiKey.objects.values().get(name="test", fan_id="")]
    assert set(ApiKey.objects.get().scopes) == set(ALL_SCOPES)


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"scopes": ["all"]}, {"creator": "nobody"}, {"name": ""}], ids=str)
def test_a_key_that_makes_no_sense_is_not_made(root, creator_1, wrong):
    form = {"name": "bot", "creator": "creator-1", "scopes": ["stats:read"], **wrong}
    assert root.post(f"{ADMIN}/apikey/add/", form).status_code == 200
    assert not ApiKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_revoking_holds_at_once(root, service):
    assert service.get(STATS).status_code == 200
    page = act(root, "apikey", "revoke_selected", ApiKey.objects.get().id)
    assert b"1 keys revoked" in page.content
    assert service.get(STATS).status_code == 401
    assert b"0 keys revoked" in act(root, "apikey", "revoke_selected", ApiKey.objects.get().id).content
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ending_sessions_holds_at_once(root, bob):
    assert bob.get(STATS).status_code == 200
    assert b"1 sessions ended" in act(root, "refreshsession", "end_selected", RefreshSession.objects.get().id).content
    assert bob.get(STATS).status_code == 401
    assert RefreshSession.objects.get().revoked_reason == "ended"


def test_sessions_are_read_only(root, bob):
    session = RefreshSession.objects.get()
    assert root.get(f"{ADMIN}/refreshsession/{session.id}/change/").status_code == 200
    form = {"revoked_reason": "logout"}
    assert root.post(f"{ADMIN}/refreshsession/{session.id}/change/", form).status_code == 403
    assert root.post(f"{ADMIN}/refreshsession/add/", form).status_code == 403
    assert RefreshSession.objects.get().revoked_reason == ""


# ---- size


def fill(count: int, start: int = 0) -> None:
    for i in range(start, start + count):
        creator = Creator.objects.create(id=f"c-{i}", display_name=f"C {i}")
        user = User.objects.create_user(f"u-{i}", password=PASSWORD)
        user.memberships.create(creator=creator, role=Role.CHATTER)
        create_key(creator_id=creator.id, name=f"k-{i}")
        open_session(username=user.username, password=PASSWORD)


@pytest.mark.parametrize("model", ["user", "creator", "apikey", "refreshsession"])
def test_a_list_costs_the_same_for_many_rows(root, django_assert_num_queries, model):
    fill(2)
    root.get(f"{ADMIN}/{model}/")  # Django keeps content types in memory from here on
    with CaptureQueriesContext(connection) as few:
        assert root.get(f"{ADMIN}/{model}/").status_code == 200
    fill(10, start=2)
    with django_assert_num_queries(len(few)):
        assert root.get(f"{ADMIN}/{model}/").status_code == 200


def test_memberships_of_a_page_cost_the_same_for_many(root, bob_user, django_assert_num_queries):
    path = f"{ADMIN}/user/{bob_user.id}/change/"
    root.get(path)  # Django keeps content types in memory from here on
    with CaptureQueriesContext(connection) as few:
        assert root.get(path).status_code == 200
    fill(5)
    for creator in Creator.objects.exclude(id="creator-1"):
        bob_user.memberships.create(creator=creator, role=Role.CHATTER)
    with django_assert_num_queries(len(few)):
        assert root.get(path).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["user/?q=bob", "user/?is_staff__exact=0", "user/?memberships__role__exact=chatter", "creator/?q=aurora",
     "creator/?is_active__exact=1", "apikey/?q=test", "apikey/?revoked_at__isempty=1", "refreshsession/?q=bob",
     "refreshsession/?revoked_reason__exact="],
)  # fmt: skip
def test_search_and_filters_find(root, service, bob, query):
    page = root.get(f"{ADMIN}/{query}")
    assert page.status_code == 200
    assert page.context["cl"].result_count >= 1


@pytest.mark.parametrize("query", ["refreshsession/?q=not-an-id", "apikey/?q=%00", "user/?q=%27--"])
def test_a_search_for_nonsense_finds_nothing(root, service, bob, query):
    assert root.get(f"{ADMIN}/{query}").status_code == 200
