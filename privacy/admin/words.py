"""How values are spelled on the pages: instants, deadlines, people, pairs."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from privacy.errors import KeysUnavailable, Unreadable

_MARKS = {"good": "good", "warn": "warn", "bad": "bad", "plain": "plain"}
NOTHING = SafeString("-")
_USER = re.compile(r"user:([0-9]{1,18})")


def mark(text: str, kind: str = "plain") -> SafeString:
    """Return text in a colour; the text says it all, the colour only helps."""
    return format_html('<span class="mark mark-{}">{}</span>', _MARKS[kind], text)


def code(text: Any) -> SafeString:
    """Return an id or a digest, which may break anywhere."""
    return format_html("<code>{}</code>", text) if text not in (None, "") else NOTHING


def instant(at: datetime | None) -> SafeString:
    if at is None:
        return NOTHING
    utc = at.astimezone(timezone.get_default_timezone())
    return format_html('<time datetime="{}">{}</time>', utc.isoformat(), utc.strftime("%Y-%m-%d %H:%M UTC"))


def span(left: timedelta) -> str:
    """Return a duration as people count it: 5 days, 71 h, 5 min."""
    seconds = abs(left.total_seconds())
    if seconds >= 4 * 24 * 3600:
        return f"{seconds // (24 * 3600):.0f} days"
    return f"{seconds // 3600:.0f} h" if seconds >= 3600 else f"{seconds // 60:.0f} min"


def countdown(due_at: datetime, *, is_open: bool, warn: timedelta = timedelta(hours=24)) -> SafeString:
    """Return how long there is until a deadline, or since when it is over."""
    left = due_at - timezone.now()
    if not is_open:
        return mark("closed")
    if left < timedelta():
        return mark(f"overdue by {span(left)}", "bad")
    return mark(f"in {span(left)}", "warn" if left <= warn else "good")


def opened(row: Any, column: str, empty: str = "-") -> str:
    """Return a sealed text; where it can't be opened, why."""
    try:
        return str(getattr(row, column)) or empty
    except Unreadable:
        return "can't be opened any more"
    except KeysUnavailable:
        return "can't be opened now: the keys can't be reached"


class People:
    """Names of who acted, one query for all: ``user:7`` becomes ``dora (user:7)``."""

    def __init__(self, actors: Iterable[str]) -> None:
        ids = {int(found[1]) for actor in actors if (found := _USER.fullmatch(actor or ""))}
        users = get_user_model()._default_manager.filter(pk__in=ids) if ids else []
        self._names = {f"user:{user.pk}": user.get_username() for user in users}

    def __call__(self, actor: str) -> str:
        return f"{self._names[actor]} ({actor})" if actor in self._names else actor or "-"


def actor_named(text: str) -> str:
    """Return the actor that was typed: ``user:7`` and the like as it is, a user's name as ``user:<id>``.

    Raises:
        LookupError: nobody has that name.
    """
    if not text or ":" in text:
        return text
    user = get_user_model()._default_manager.filter(**{get_user_model().USERNAME_FIELD: text}).first()
    if user is None:
        raise LookupError(text)
    return f"user:{user.pk}"
