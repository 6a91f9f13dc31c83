"""Sends what the table of routes describes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from calibration.models import Escalation
from memory.models import PersonalityChange
from tests.architecture.routes import CHANGE, CREATOR, ESCALATION, FAN, Call

# Ids are made in the order of time. Whose they are is not asked: a stranger is to be refused even with the right one.
LATEST: dict[str, Any] = {CHANGE: PersonalityChange, ESCALATION: Escalation}
NOBODYS = UUID(int=1)


def send(caller: Callable[..., Any], call: Call, creator_id: str | None, fan_id: str, **headers: str) -> Any:
    """Make the call about this creator (None: leave it out) and this fan."""
    query = filled(call.query, creator_id, fan_id)
    path = "/" + call.route.replace("<str:fan_id>", quote(fan_id, safe=""))
    body = filled(call.body, creator_id, fan_id) if call.body is not None else None
    return caller(call.method, f"{path}?{urlencode(query)}" if query else path, body, **headers)


def filled(template: Any, creator_id: str | None, fan_id: str) -> Any:
    """Return ``template`` with the ids in their places."""
    if isinstance(template, dict):
        kept = {name: value for name, value in template.items() if value != CREATOR or creator_id is not None}
        return {name: filled(value, creator_id, fan_id) for name, value in kept.items()}
    if isinstance(template, list):
        return [filled(item, creator_id, fan_id) for item in template]
    if template in LATEST:
        rows = LATEST[template].objects.filter(fan_id=fan_id).order_by("pk")
        return str(rows.values_list("pk", flat=True).last() or NOBODYS)
    return {CREATOR: creator_id, FAN: fan_id}.get(template, template)
