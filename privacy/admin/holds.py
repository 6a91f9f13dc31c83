"""Legal holds: placed, looked at again in time, released."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from privacy.admin.base import Act, Desk, actor_of, may, needs
from privacy.admin.forms import HoldForm
from privacy.admin.words import People, code, instant, mark, opened
from privacy.models import LegalHold
from privacy.services import holds


class StandingFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("standing", "standing"), ("review", "to be reviewed"), ("released", "released")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "released":
            return queryset.filter(released_at__isnull=False)
        if self.value() == "review":
            return queryset.filter(released_at=None, review_on__lt=timezone.localdate())
        return queryset.filter(released_at=None) if self.value() == "standing" else queryset


@admin.register(LegalHold)
class LegalHoldAdmin(Desk):
    list_display = ("number", "creator_id", "whom", "ground", "placed", "state", "review")
    list_filter = (StandingFilter,)
    search_fields = ("=fan_id", "=creator_id")
    search_help_text = "The whole fan id or creator id."
    ordering = ("-placed_at",)
    add_form = HoldForm
    add_title, add_button = "Place a legal hold", "Place the hold"
    add_intro = "While it stands nothing of the fan is destroyed, whoever asks. It gives nobody access to the data."

    @admin.display(description="hold")
    def number(self, row: LegalHold) -> SafeString:
        return format_html("<code>{}</code>", str(row.pk)[-12:])

    @admin.display(description="fan", ordering="fan_id")
    def whom(self, row: LegalHold) -> str:
        return row.fan_id or "all fans of the creator"

    @admin.display(ordering="placed_at")
    def placed(self, row: LegalHold) -> SafeString:
        return instant(row.placed_at)

    @admin.display(description="state")
    def state(self, row: LegalHold) -> SafeString:
        return mark("released") if row.released_at else mark("standing", "warn")

    @admin.display(description="review on", ordering="review_on")
    def review(self, row: LegalHold) -> SafeString:
        days = (timezone.localdate() - row.review_on).days
        if row.released_at or days <= 0:
            return format_html("{}", row.review_on.isoformat())
        return mark(f"{row.review_on.isoformat()}, overdue by {days} day{'s' if days > 1 else ''}", "bad")

    def facts(self, request: HttpRequest, row: LegalHold) -> list[tuple[str, Any]]:
        people = People([row.placed_by, row.released_by])
        released_by = people(row.released_by) if row.released_at else ""
        # It may hold claims against the fan: for whoever places holds.
        matter = opened(row, "matter") if may(request, "change_legalhold") else "only who may release the hold sees it"
        return [
            ("Hold", code(row.pk)),
            ("State", self.state(row)),
            ("Creator", row.creator_id),
            ("Fan", self.whom(row)),
            ("Matter", matter),
            ("Ground", row.ground),
            ("Placed", format_html("{} by {}", instant(row.placed_at), people(row.placed_by))),
            ("Review on", self.review(row)),
            *([("Released", format_html("{} by {}", instant(row.released_at), released_by))] if released_by else []),
        ]

    def acts(self, request: HttpRequest, row: LegalHold) -> list[Act]:
        if row.released_at or not may(request, "change_legalhold"):
            return []
        note = "What had to wait for the hold, such as an erasure, is carried out then."
        return [Act("Release the hold", self.url("release", row.pk), ReleaseForm(), is_grave=True, note=note)]

    def create(self, request: HttpRequest, given: dict[str, Any]) -> LegalHold:
        names = ("creator_id", "fan_id", "matter", "ground", "review_on")
        hold = holds.place(**{name: given[name] for name in names}, actor=actor_of(request))
        self.message_user(request, "The hold stands.", messages.SUCCESS)
        return hold

    def get_urls(self) -> list[URLPattern]:
        return [self.route("<uuid:pk>/release/", self.release, "release"), *super().get_urls()]

    @needs("change_legalhold", "POST")
    def release(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row, form = self.row_or_404(request, pk), ReleaseForm(request.POST)
        if not form.is_valid():
            self.message_user(request, "Nothing was released: the box was not ticked.", messages.ERROR)
            return self.shown(request, row)
        return self.done(request, row, "The hold is released.", lambda: holds.release(row.pk, actor=actor_of(request)))


class ReleaseForm(forms.Form):
    confirmed = forms.BooleanField(label="The matter is closed: what waits for this hold may be destroyed")
