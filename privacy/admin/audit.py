"""The audit log: searched, asked after a breach, verified. There is no list to leaf through: looking is searching.

Searches are posted, so that no id of a fan gets into an address, and through it into the logs of a web server.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.html import format_html_join

from ofmemory.errors import OfMemoryError
from privacy.admin.base import Desk, Section, actor_of, explain, may, needs, refusal
from privacy.admin.forms import BreachForm, SearchForm, VerifyForm
from privacy.admin.words import People, code, instant, mark
from privacy.domain import Pair
from privacy.models import AuditEntry, PendingAudit
from privacy.registry import store
from privacy.services import audit_search
from privacy.services.audit_anchors import BadAnchor, read_anchors
from privacy.services.audit_links import head
from privacy.services.audit_verify import Verified, verify

_LOOK = "search_auditentry"
_ON_A_PAGE = 50
# Beyond this a verification outlasts a request; the command has no such limit.
_MOST_VERIFIED = 2_000_000


@admin.register(AuditEntry)
class AuditEntryAdmin(Desk):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, _LOOK)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, _LOOK)

    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("", self.search, "changelist"),
            self.route("accesses/", self.accesses, "accesses"),
            self.route("chain/", self.chain, "chain"),
        ]

    # ---- searching

    @needs(_LOOK, "GET", "POST")
    def search(self, request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.POST if request.method == "POST" else None)
        page, after = None, _place(request)
        if form.is_valid():
            try:
                criteria = _criteria(form.cleaned_data)
                page = audit_search.search(by=actor_of(request), criteria=criteria, after=after, limit=_ON_A_PAGE)
            except OfMemoryError as error:
                explain(form, error)
        found = [_entries(page.entries)] if page else []
        context = {"title": "Audit log", "form": form, "page": page, "sections": found, "after": _text(page)}
        return self.rendered(request, "admin/privacy/audit_search.html", context)

    @needs(_LOOK, "GET", "POST")
    def accesses(self, request: HttpRequest) -> HttpResponse:
        """Answer the question after a breach: whose data was accessed, by whom, between when and when."""
        form = BreachForm(request.POST if request.method == "POST" else None)
        found: list[Section] = []
        if form.is_valid():
            try:
                found = [_accessed(form.cleaned_data, actor_of(request))]
            except OfMemoryError as error:
                explain(form, error)
        context = {"title": "Who was read", "form": form, "sections": found}
        return self.rendered(request, "admin/privacy/audit_accesses.html", context)

    # ---- the chain

    @needs(_LOOK, "GET", "POST")
    def chain(self, request: HttpRequest) -> HttpResponse:
        form = VerifyForm(request.POST if request.method == "POST" else None)
        verdict: list[tuple[str, Any]] = []
        if form.is_valid():
            verdict = _verified(form.cleaned_data["last"])
        context = {"title": "Chain of the audit log", "form": form, "facts": [*_state(), *verdict]}
        return self.rendered(request, "admin/privacy/audit_chain.html", context)


def _criteria(given: dict[str, Any]) -> audit_search.Criteria:
    pair = Pair(given["creator_id"], given["fan_id"]) if given["fan_id"] else None
    return audit_search.Criteria(
        pair=pair,
        actor=given["actor"],
        action=given["action"],
        creator_id=given["creator_id"],
        since=given["since"],
        until=given["until"],
    )


def _place(request: HttpRequest) -> audit_search.Place | None:
    """Return where the page begins that was asked for; of what was tampered with, the first."""
    at, _, position = request.POST.get("after", "").partition(" ")
    try:
        return (datetime.fromisoformat(at), int(position)) if position else None
    except ValueError:
        return None


def _text(page: audit_search.Page | None) -> str:
    return f"{page.after[0].isoformat()} {page.after[1]}" if page and page.after else ""


def _entries(entries: list[AuditEntry]) -> Section:
    people = People(entry.actor for entry in entries)
    rows = [
        (
            entry.position,
            instant(entry.at),
            entry.action,
            people(entry.actor),
            entry.creator_id or "-",
            code(entry.subject),
            format_html_join(", ", '<span class="breaks">{}: {}</span>', entry.details.items()) or "-",
        )
        for entry in entries
    ]
    head = ("position", "at", "action", "actor", "creator", "fan's handle", "details")
    return Section("Entries, latest first", head, rows, "Nothing was found. Of an erased fan nothing ever is.")


def _accessed(given: dict[str, Any], by: str) -> Section:
    found = audit_search.list_accessed(
        by=by,
        since=given["since"],
        until=given["until"],
        actor=given["actor"],
        creator_id=given["creator_id"],
        candidates=_pairs(given["creator_id"]) if given["by_name"] else (),
    )
    rows = [
        (
            it.creator_id,
            it.pair.fan_id if it.pair else "-",
            code(it.handle),
            it.count,
            instant(it.first_at),
            instant(it.last_at),
        )
        for it in found
    ]
    head = ("creator", "fan", "handle", "entries", "first", "last")
    return Section(f"{len(rows)} fan{'' if len(rows) == 1 else 's'}", head, rows, "Nobody's data was accessed.")


def _pairs(creator_id: str) -> Iterator[Pair]:
    return (pair for pair in store().iterate_pairs() if creator_id in ("", pair.creator_id))


def _state() -> list[tuple[str, Any]]:
    position, digest = head()
    return [
        ("Entries", position),
        ("Hash of the last one", code(digest.hex()) if position else "-"),
        ("Last anchor", _last_anchor()),
        ("On their way into the chain", PendingAudit.objects.count()),
    ]


def _last_anchor() -> Any:
    try:
        anchors = read_anchors(settings.AUDIT_ANCHOR_FILE)
    except FileNotFoundError:
        return mark("none was written yet", "warn")
    except (OSError, BadAnchor) as error:
        reason = f"line {error.line}: {error.reason}" if isinstance(error, BadAnchor) else "the file can't be read"
        return mark(f"WRONG, {reason}", "bad")
    except OfMemoryError as error:
        return mark(f"not checked: {refusal(error)}", "warn")
    return f"of entry {anchors[-1].position}; {len(anchors)} in all" if anchors else mark("none yet", "warn")


def _verified(last: int) -> list[tuple[str, Any]]:
    """Verify the last entries, or with 0 all of them."""
    position, _ = head()
    start = max(1, position - last + 1) if last else 1
    if position - start >= _MOST_VERIFIED:
        return [("Verification", mark("too many entries for a page: run manage.py verify_audit", "warn"))]
    anchors = settings.AUDIT_ANCHOR_FILE if settings.AUDIT_ANCHOR_FILE.exists() else None
    try:
        return [("Verification", _verdict(verify(start=start, anchors=anchors), start))]
    except OSError:
        return [("Verification", mark("not done: the file of anchors can't be read", "bad"))]
    except OfMemoryError as error:
        return [("Verification", mark(f"not done: {refusal(error)}", "warn"))]


def _verdict(found: Verified, start: int) -> Any:
    if found.fault:
        return mark(f"WRONG ({found.fault.kind}): {found.fault.explanation}", "bad")
    held = f", held against {found.anchors} anchors" if found.anchors else ", without an anchor"
    return mark(f"right: {found.entries} entries from {start} on{held}", "good")
