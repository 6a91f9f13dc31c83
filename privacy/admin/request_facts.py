"""What the page of a request says: who and when, what is there, what was done, what was left over."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ofmemory.errors import OfMemoryError
from privacy.admin.base import Section, refusal
from privacy.admin.words import People, code, instant, mark, opened
from privacy.domain import OPEN_STATUSES, RequestKind, RequestStatus
from privacy.models import DataRequest
from privacy.services import holds, requests


def facts_of(row: DataRequest, state: SafeString, due: SafeString) -> list[tuple[str, Any]]:
    """Return who asked what, when, and how it was decided."""
    people = People([row.requested_by, row.identified_by, row.approved_by, _carried_out_by(row)])
    return [
        ("Request", code(row.pk)),
        ("Kind", row.kind),
        ("Status", state),
        ("Creator", row.creator_id),
        ("Fan", row.fan_id or "removed: nothing names the fan any more"),
        ("Received", format_html("{}, entered by {}", instant(row.received_at), people(row.requested_by))),
        ("Due", format_html("{} {}", instant(row.due_at), due)),
        ("Identity", _identity(row, people)),
        ("Approved", _approval(row, people)),
        *_ending(row, people),
        ("Legal hold", _hold(row)),
        ("Failed attempts", row.failures),
    ]


def sections_of(row: DataRequest) -> list[Section]:
    shown = [_plan(row)] if row.kind == RequestKind.ERASURE else []
    shown.append(steps_of(row))
    if found := row.steps.get("found"):
        left = sorted(found.get("counts", {}).items())
        shown.append(Section(f"Left over at {found.get('at', '')}", ("store", "found"), left))
    return shown


def steps_of(row: DataRequest) -> Section:
    """Return the steps that are done, in their order, with what each counted."""
    done = [
        (str(said["at"]), step, said) for step, said in row.steps.items() if isinstance(said, dict) and "at" in said
    ]
    lines = [
        (step, _second(at), _list(said.get("counts"))) for at, step, said in sorted(done, key=_when) if step != "found"
    ]
    return Section("Steps", ("step", "done at", "counted"), lines, "Nothing was done yet.")


def _when(done: tuple[str, str, Any]) -> str:
    return done[0]


def _carried_out_by(row: DataRequest) -> str:
    return str(row.steps.get("begun", {}).get("by", ""))


def _identity(row: DataRequest, people: People) -> str:
    if not row.identity_method:
        return "not confirmed"
    return f"{row.identity_method}, confirmed by {people(row.identified_by)}; a digest of the proof is kept"


def _approval(row: DataRequest, people: People) -> Any:
    return format_html("{} by {}", instant(row.approved_at), people(row.approved_by)) if row.approved_at else "no"


def _ending(row: DataRequest, people: People) -> list[tuple[str, Any]]:
    told: list[tuple[str, Any]] = []
    if row.status == RequestStatus.DENIED:
        told.append(("Denied", opened(row, "denied_reason", empty="no reason is kept")))
    if by := _carried_out_by(row):
        told.append(("Carried out by", people(by)))
    if row.completed_at:
        told.append(("Completed", instant(row.completed_at)))
    return told


def _hold(row: DataRequest) -> SafeString:
    if not row.fan_id:
        return mark("none")
    if not holds.is_held(row.pair):
        return mark("none: nothing forbids an erasure", "good")
    where = reverse("admin:privacy_legalhold_changelist")
    return format_html('{} <a href="{}">Holds</a>', mark("a hold stands: nothing may be destroyed", "bad"), where)


def _plan(row: DataRequest) -> Section:
    """Return what an erasure would find now, or what it was planned with."""
    if row.status not in OPEN_STATUSES or not row.fan_id:
        return Section("Planned", ("store", "rows"), _counts(row.plan))
    try:
        counts = requests.preview(row.pair, except_request=row.pk)
    except OfMemoryError as error:
        return Section("What is there now", empty=refusal(error))
    note = "Counted just now. Stores that hold nothing of this fan are left out."
    return Section("What is there now", ("store", "rows"), _counts(counts), "Nothing is stored about this fan.", note)


def _counts(plan: Mapping[str, Any]) -> list[tuple[str, Any]]:
    rows = [(name, count) for name, count in sorted(plan.get("rows", {}).items()) if count]
    return [*rows, ("data keys", plan["keys"])] if plan.get("keys") else rows


def _second(at: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', at, at[:19].replace("T", " "))


def _list(counts: Mapping[str, int] | None) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted((counts or {}).items()) if count) or "-"
