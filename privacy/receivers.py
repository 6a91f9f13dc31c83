"""What follows from a migration (what the groups of staff may do here) and from what people do to their accounts."""

from typing import Any

from django.apps.config import AppConfig
from django.apps.registry import Apps
from django.apps.registry import apps as current_apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from privacy.services import audit

# Support looks at requests and what follows from them, opens them, and may break the glass; it decides nothing.
SUPPORT = (
    "view_datarequest",
    "add_datarequest",
    "view_receipt",
    "view_consent",
    "view_notice",
    "view_processingchoice",
    "view_legalhold",
    "view_exportfile",
    "reveal_content",
)
# Nobody deletes here, whatever they may: rows go by erasure, or stay for good.
GRANTS: dict[str, Q] = {"Support": Q(codename__in=SUPPORT), "DPO": ~Q(codename__startswith="delete_")}


def grant_privacy(sender: AppConfig, apps: Apps = current_apps, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Give the groups of staff their permissions of this room; see ``accounts.receivers.grant_views``."""
    if using != DEFAULT_DB_ALIAS or sender.label != "privacy":
        return
    try:
        group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # migrating backwards, past the tables of groups
        return
    of_privacy = permission_model.objects.filter(content_type__app_label="privacy")
    for name, which in GRANTS.items():
        group, _created = group_model.objects.get_or_create(name=name)
        group.permissions.add(*of_privacy.filter(which))


def record_account_event(action: str, actor: str, details: dict[str, Any], **_: Any) -> None:
    """Put what happened to somebody's second factor into the audit log, with the transaction it belongs to."""
    audit.record(action, actor=actor, details=details)
