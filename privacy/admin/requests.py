"""The register of requests: open, identify, approve, deny, carry out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ofmemory.errors import OfMemoryError
from privacy.admin import request_facts
from privacy.admin.base import Act, Desk, Section, actor_of, may, needs, refusal
from privacy.admin.forms import BundleForm, DenialForm, IdentityForm, RequestForm, TypedFanForm
from privacy.admin.words import countdown, instant, mark
from privacy.domain import OPEN_STATUSES, Pair, RequestKind, RequestStatus
from privacy.models import DataRequest, Receipt
from privacy.services import answering, erasing, receipts, requests

_UNDECIDED = (RequestStatus.RECEIVED, RequestStatus.IDENTIFIED)
_EXECUTABLE = (RequestStatus.APPROVED, RequestStatus.EXECUTING, RequestStatus.BLOCKED)
_COLOURS = {
    RequestStatus.COMPLETED: "good",
    RequestStatus.DENIED: "plain",
    RequestStatus.BLOCKED: "bad",
    RequestStatus.EXECUTING: "warn",
}
_SECOND = "A second person must approve: not who opened the request (ERASURE_SECOND_APPROVER)."


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "open"), ("overdue", "overdue"), ("closed", "closed")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[DataRequest]") -> "QuerySet[DataRequest]":
        still_open = {"status__in": OPEN_STATUSES}
        if self.value() == "closed":
            return queryset.exclude(**still_open)
        if self.value() == "overdue":
            return queryset.filter(**still_open, due_at__lt=timezone.now())
        return queryset.filter(**still_open) if self.value() == "open" else queryset


@admin.register(DataRequest)
class DataRequestAdmin(Desk):
    list_display = ("number", "kind", "due", "state", "received", "creator_id")
    list_filter = (StateFilter, "kind", "status")
    search_fields = ("=fan_id", "=creator_id")
    search_help_text = "The whole fan id or creator id."
    ordering = ("-received_at",)
    page_template = "admin/privacy/request.html"
    add_form = RequestForm
    add_title, add_button = "Open a request", "Open the request"
    add_intro = "Enter what a person asked for. Nothing is done to their data by this."

    # ---- the list

    @admin.display(description="request")
    def number(self, row: DataRequest) -> SafeString:
        return format_html("<code>{}</code>", str(row.pk)[-12:])

    @admin.display(description="status", ordering="status")
    def state(self, row: DataRequest) -> SafeString:
        failed = f", failed {row.failures} times" if row.failures and row.status in OPEN_STATUSES else ""
        return mark(f"{row.status}{failed}", _COLOURS.get(RequestStatus(row.status), "plain"))

    @admin.display(ordering="received_at")
    def received(self, row: DataRequest) -> SafeString:
        return instant(row.received_at)

    @admin.display(ordering="due_at")
    def due(self, row: DataRequest) -> SafeString:
        warn = timedelta(hours=24) if row.kind == RequestKind.ERASURE else timedelta(days=7)
        return countdown(row.due_at, is_open=row.status in OPEN_STATUSES, warn=warn)

    # ---- the page

    def facts(self, request: HttpRequest, row: DataRequest) -> list[tuple[str, Any]]:
        return request_facts.facts_of(row, self.state(row), self.due(row))

    def notes(self, request: HttpRequest, row: DataRequest) -> list[str]:
        told = []
        if row.status in (RequestStatus.RECEIVED, RequestStatus.APPROVED) and not row.identity_method:
            told.append("Nobody has confirmed yet that the person who asks is the fan (Art. 12(6)).")
        if settings.ERASURE_SECOND_APPROVER and row.status in _UNDECIDED:
            told.append(_SECOND)
        if row.status == RequestStatus.BLOCKED:
            told.append("A legal hold forbids it. When the hold is released it goes on by itself.")
        if row.status == RequestStatus.EXECUTING:
            told.append("It is being carried out. Steps that failed are repeated every minute, or by the button below.")
        return told

    def sections(self, request: HttpRequest, row: DataRequest) -> list[Section]:
        return request_facts.sections_of(row)

    def acts(self, request: HttpRequest, row: DataRequest, wrong: Mapping[str, Any] | None = None) -> list[Act]:
        forms = wrong or {}
        able: list[tuple[bool, str, Act]] = [
            (
                row.status == RequestStatus.RECEIVED,
                "change_datarequest",
                Act("Confirm identity", self.url("identify", row.pk), forms.get("identify") or IdentityForm()),
            ),
            (row.status in _UNDECIDED, "approve_datarequest", Act("Approve", self.url("approve", row.pk))),
            (row.status in _EXECUTABLE, "execute_datarequest", self._execution(row, forms.get("execute"))),
            (
                row.status in (*_UNDECIDED, RequestStatus.APPROVED, RequestStatus.BLOCKED),
                "approve_datarequest",
                Act("Deny", self.url("deny", row.pk), forms.get("deny") or DenialForm()),
            ),
        ]
        return [act for is_time, permission, act in able if is_time and may(request, permission)]

    def _execution(self, row: DataRequest, form: Any) -> Act:
        if row.kind == RequestKind.EXPORT:
            return Act("Make the export", self.url("execute", row.pk), form or BundleForm())
        note = "Rows, caches, queues and keys of this fan are destroyed at once. It can't be taken back."
        return Act("Erase now", self.url("execute", row.pk), form or TypedFanForm(row.fan_id), is_grave=True, note=note)

    def shown(self, request: HttpRequest, row: Any, **more: Any) -> HttpResponse:
        export_id = row.steps.get("export", {}).get("id")
        links = {
            "has_receipt": Receipt.objects.filter(request_id=row.pk).exists() and may(request, "view_receipt"),
            "export_url": reverse("admin:privacy_exportfile_change", args=[export_id])
            if export_id and may(request, "view_exportfile")
            else "",
        }
        return super().shown(request, row, **links, **more)

    # ---- what can be done

    def create(self, request: HttpRequest, given: dict[str, Any]) -> DataRequest:
        pair = Pair(given["creator_id"], given["fan_id"])
        row = requests.open_request(
            RequestKind(given["kind"]), pair, actor_of(request), received_at=given["received_at"]
        )
        self.message_user(request, f"The request is open until {row.due_at:%Y-%m-%d %H:%M} UTC.", messages.SUCCESS)
        return row

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.route("<uuid:pk>/identify/", self.identify, "identify"),
            self.route("<uuid:pk>/approve/", self.approve, "approve"),
            self.route("<uuid:pk>/deny/", self.deny, "deny"),
            self.route("<uuid:pk>/execute/", self.execute, "execute"),
        ]
        return own + super().get_urls()

    @needs("change_datarequest", "POST")
    def identify(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row, form = self.row_or_404(request, pk), IdentityForm(request.POST)
        if not form.is_valid():
            return self._again(request, row, "identify", form)
        given = form.cleaned_data

        def confirm() -> None:
            requests.confirm_identity(row.pk, given["method"], given["proof"], actor_of(request))

        return self.done(request, row, "Identity confirmed.", confirm)

    @needs("approve_datarequest", "POST")
    def approve(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row = self.row_or_404(request, pk)
        if settings.ERASURE_SECOND_APPROVER and row.requested_by == actor_of(request):
            self.message_user(request, _SECOND, messages.ERROR)
            return HttpResponseRedirect(self.page_url(row))
        return self.done(request, row, "Approved.", lambda: requests.approve(row.pk, actor_of(request)))

    @needs("approve_datarequest", "POST")
    def deny(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row, form = self.row_or_404(request, pk), DenialForm(request.POST)
        if not form.is_valid():
            return self._again(request, row, "deny", form)
        reason = form.cleaned_data["reason"]
        return self.done(request, row, "Denied.", lambda: requests.deny(row.pk, reason, actor_of(request)))

    @needs("execute_datarequest", "POST")
    def execute(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row = self.row_or_404(request, pk)
        if row.status not in _EXECUTABLE:
            message = f"The request is {row.status}; only an approved one can be carried out."
            self.message_user(request, message, messages.ERROR)
            return HttpResponseRedirect(self.page_url(row))
        return self._export(request, row) if row.kind == RequestKind.EXPORT else self._erase(request, row)

    def _erase(self, request: HttpRequest, row: DataRequest) -> HttpResponse:
        form, pair = TypedFanForm(row.fan_id, request.POST), row.pair
        if not form.is_valid():
            return self._again(request, row, "execute", form)
        try:
            carried_out = erasing.execute(row.pk, actor_of(request))
        except OfMemoryError as error:
            self.message_user(request, refusal(error), messages.ERROR)
            return HttpResponseRedirect(self.page_url(row))
        self.log_change(request, carried_out, "Carried out.")
        if carried_out.status != RequestStatus.COMPLETED:
            self.message_user(request, "Not complete yet; what is left is repeated every minute.", messages.WARNING)
            return HttpResponseRedirect(self.page_url(row))
        return self._proof(request, carried_out, pair)

    def _proof(self, request: HttpRequest, row: DataRequest, pair: Pair) -> HttpResponse:
        """Show what was done, and this once what opens the receipt: nothing stores it."""
        opening = receipts.opening_of(row.pk, pair).hex()
        context = {
            "title": "Erased",
            "row": row,
            "pair": pair,
            "opening": opening,
            "sections": [request_facts.steps_of(row)],
        }
        return self.rendered(request, "admin/privacy/erased.html", context)

    def _export(self, request: HttpRequest, row: DataRequest) -> HttpResponse:
        form = BundleForm(request.POST)
        if not form.is_valid():
            return self._again(request, row, "execute", form)
        try:
            export = answering.answer(row.pk, form.cleaned_data["bundle"], actor_of(request))
        except OfMemoryError as error:
            self.message_user(request, refusal(error), messages.ERROR)
            return HttpResponseRedirect(self.page_url(row))
        self.log_change(request, row, "Export made.")
        self.message_user(request, f"The export is here until {export.expires_at:%Y-%m-%d %H:%M} UTC.")
        return HttpResponseRedirect(reverse("admin:privacy_exportfile_change", args=[export.pk]))

    def _again(self, request: HttpRequest, row: DataRequest, which: str, form: Any) -> HttpResponse:
        """Show the page again with what is wrong with one of its forms."""
        return self.shown(request, row, acts=self.acts(request, row, {which: form}), has_errors=True)
