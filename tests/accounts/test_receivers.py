"""The groups of staff."""

from django.apps import apps
from django.apps.registry import Apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from accounts.receivers import VIEWS, grant_views


def granted() -> dict[str, set[str]]:
    # What the privacy room grants is its own (tests/privacy/admin).
    elsewhere = Permission.objects.exclude(content_type__app_label="privacy")
    return {
        group.name: set(elsewhere.filter(group=group).values_list("codename", flat=True))
        for group in Group.objects.all()
    }


def test_granting_twice_changes_nothing(db):
    before = granted()
    assert set(before) == set(VIEWS)
    for label in ("accounts", "memory", "calibration", "auth"):
        grant_views(apps.get_app_config(label))
    call_command("migrate", verbosity=0)
    assert granted() == before


def test_what_is_missing_comes_back_and_what_was_added_stays(db):
    before = granted()
    support = Group.objects.get(name="Support")
    support.permissions.set(Permission.objects.filter(codename="view_group"))
    Group.objects.filter(name="DPO").delete()
    for label in ("accounts", "memory", "calibration"):
        grant_views(apps.get_app_config(label))
    assert granted() == before | {"Support": before["Support"] | {"view_group"}}


def test_migrating_backwards_past_the_groups_is_no_failure():
    grant_views(apps.get_app_config("memory"), apps=Apps())


def test_migrating_the_keys_database_touches_no_groups(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        grant_views(apps.get_app_config("memory"), using="keys")
