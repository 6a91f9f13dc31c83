"""What follows from a migration."""

from typing import Any

from django.apps.config import AppConfig
from django.apps.registry import Apps
from django.apps.registry import apps as current_apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

# What staff of a group may look at: (app, models; none named: all of the app's).
VIEWS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "Support": (("accounts", ("creator",)), ("memory", ()), ("calibration", ())),
    "DPO": (("accounts", ("creator",)), ("memory", ()), ("calibration", ())),
}
# The only things they may change: to say that they have looked after somebody who needed a human.
CHANGES = frozenset({("calibration", "change_escalation")})


def grant_views(sender: AppConfig, apps: Apps = current_apps, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the groups of staff and give them the views of the app just migrated; running twice changes nothing.

    After every migration, because permissions appear with their app's tables, and the test runner empties all of them.
    What somebody took from a group comes back: staff that may see less needs a group of its own.
    """
    if using != DEFAULT_DB_ALIAS:  # groups lie in the main database
        return
    wanted = {name: _permissions(views, sender.label) for name, views in VIEWS.items()}
    try:
        group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # migrating backwards, past the tables of groups
        return
    for name, which in wanted.items():
        if which is not None:
            group, _created = group_model.objects.get_or_create(name=name)
            group.permissions.add(*permission_model.objects.filter(which))


def _permissions(views: tuple[tuple[str, tuple[str, ...]], ...], label: str) -> Q | None:
    for app, models in views:
        if app == label:
            seen = Q(codename__in=[f"view_{model}" for model in models]) if models else Q(codename__startswith="view_")
            changed = Q(codename__in=[codename for owner, codename in CHANGES if owner == app])
            return Q(content_type__app_label=app) & (seen | changed)
    return None
