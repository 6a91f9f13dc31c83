"""What support sees of learning: how far it has come, what was decided and noticed. What was said stays hidden here."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from calibration.models import CreatorPriors, Escalation, Feedback, LearntState, ToneDecision
from calibration.services.catching_up import retry
from calibration.services.escalations import clear_escalation
from memory.admin import OfPairAdmin
from memory.backlog import totals_of
from ofmemory.errors import OfMemoryError

_MESSAGES = "fan_memories"


class LearntAdmin(OfPairAdmin):
    """Rows whose sealed columns are not even loaded."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*self.hidden)


class StateFilter(admin.SimpleListFilter):
    """Whether learning of a pair fails."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failed", "failed"), ("given-up", "given up: not tried again"), ("anew", "being learnt anew")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted: dict[str, dict[str, Any]] = {
            "failed": {"failure_count__gt": 0},
            "given-up": {"failure_count__gt": 0, "retry_at": None},
            "anew": {"recounted__isnull": False},
        }
        return queryset.filter(**wanted.get(self.value() or "", {}))


@admin.register(LearntState)
class LearntStateAdmin(LearntAdmin):
    list_display = (
        *("fan_id", "creator_id", "updated_at", "folded_count", "lag", "algorithms"),
        *("failure_count", "failed_with", "retry_at"),
    )
    list_filter = (StateFilter, "algorithms")
    ordering = ("-failure_count", "-updated_at")
    hidden = ("state",)
    readonly_fields = ("lag",)
    actions = ("try_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return _may(request, "change_learntstate")

    @admin.display(description="Not learnt yet")
    def lag(self, row: LearntState) -> str:
        """How many interactions there are that learning has not taken in."""
        totals = getattr(row, "totals", None) or totals_of([row.pair])
        return f"{max(totals.get(row.pair, 0) - row.folded_count, 0):,}"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Count the interactions of all pairs of the page in one query."""
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        totals = totals_of(row.pair for row in rows)
        for row in rows:
            row.totals = totals
        page.result_list = rows
        return page

    @admin.action(description="Try those that failed again now", permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[LearntState]) -> None:
        count = retry([row.pair for row in queryset])
        self.message_user(request, f"{count} of them had failed, and will be tried again within a minute.")


@admin.register(ToneDecision)
class ToneDecisionAdmin(LearntAdmin):
    list_display = ("created_at", "fan_id", "creator_id", "tone", "propensity", "reward", "rewarded_by")
    list_filter = ("tone", "rewarded_by", ("created_at", admin.DateFieldListFilter))
    ordering = ("-created_at",)
    hidden = ("propensities",)


class OpenFilter(admin.SimpleListFilter):
    """Whether a human has looked."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "open"), ("cleared", "cleared")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(cleared_at__isnull=self.value() == "open") if self.value() else queryset


class ClearForm(forms.Form):
    note = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What was found and done. Kept encrypted with the fan's key, and exported with their data.",
    )


@admin.register(Escalation)
class EscalationAdmin(LearntAdmin):
    """Messages in which somebody may need a human. What they say is read by breaking the glass, and nowhere else."""

    list_display = ("occurred_at", "kind", "severity", "fan_id", "creator_id", "is_open", "cleared_by")
    list_filter = (OpenFilter, "kind", ("occurred_at", admin.DateFieldListFilter))
    ordering: ClassVar[Any] = (F("cleared_at").desc(nulls_first=True), "-severity", "occurred_at")
    hidden = ("note",)
    readonly_fields = ("what_to_do",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["what_to_do", *(name for name in super().get_fields(request, obj) if name != "what_to_do")]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.links = self._links(request, row)
        return row

    @admin.display(description="open", boolean=True, ordering="cleared_at")
    def is_open(self, row: Escalation) -> bool:
        return row.cleared_at is None

    @admin.display(description="What to do")
    def what_to_do(self, row: Any) -> SafeString:
        """Links to reading the message, for a reason, and to saying that somebody has looked."""
        return format_html_join(" · ", '<a href="{}">{}</a>', row.links) or SafeString("-")

    def _links(self, request: HttpRequest, row: Escalation) -> list[tuple[str, str]]:
        links = []
        if _may_reveal(request):
            links.append((_reveal_url(row), "Read the message, for a reason"))
        if _may(request, "change_escalation") and row.cleared_at is None:
            links.append((self._url("clear", row.pk), "Clear it"))
        return links

    def get_urls(self) -> list[URLPattern]:
        clear = self.admin_site.admin_view(self.clear)
        return [path("<uuid:pk>/clear/", clear, name="calibration_escalation_clear"), *super().get_urls()]

    def clear(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask what was found, and clear."""
        if not _may(request, "change_escalation"):
            raise PermissionDenied
        if request.method not in ("GET", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        row = Escalation.objects.defer("note").filter(pk=pk).first()
        if row is None:
            raise Http404
        form = ClearForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._cleared(request, row, form):
            return HttpResponseRedirect(self._url("changelist"))
        return self._asked(request, row, form)

    def _cleared(self, request: HttpRequest, row: Escalation, form: forms.Form) -> bool:
        """Clear, or say in the form why not."""
        pair, actor = row.pair, f"user:{request.user.pk}"
        given = {"escalation_id": row.pk, "actor": actor, "note": form.cleaned_data["note"]}
        try:
            clear_escalation(fan_id=pair.fan_id, creator_id=pair.creator_id, **given)
        except OfMemoryError as error:
            form.add_error(None, error.message)
            return False
        self.log_change(request, row, "Cleared.")
        self.message_user(request, "Cleared. Selling may go on once nothing of this fan is open.", messages.SUCCESS)
        return True

    def _asked(self, request: HttpRequest, row: Escalation, form: forms.Form) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Clear an escalation",
            "row": row,
            "form": form,
            "list_url": self._url("changelist"),
            "reveal_url": _reveal_url(row) if _may_reveal(request) else "",
        }
        answer = TemplateResponse(request, "admin/calibration/clear.html", context)
        add_never_cache_headers(answer)
        return answer

    def _url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:calibration_escalation_{name}", args=args)


@admin.register(Feedback)
class FeedbackAdmin(LearntAdmin):
    list_display = ("created_at", "fan_id", "creator_id", "about", "verdict", "actor")
    list_filter = ("about", "verdict", ("created_at", admin.DateFieldListFilter))
    ordering = ("-created_at",)
    hidden = ("reference", "value")


@admin.register(CreatorPriors)
class CreatorPriorsAdmin(OfPairAdmin):
    list_display = ("creator_id", "pair_count", "fitted_at")
    search_fields = ("=creator_id",)
    search_help_text = "The whole creator id."
    ordering = ("creator_id",)


def _may(request: HttpRequest, permission: str) -> bool:
    return bool(getattr(request.user, "has_perm", lambda _: False)(f"calibration.{permission}"))


def _may_reveal(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "has_perm", lambda _: False)("privacy.reveal_content"))


def _reveal_url(row: Escalation) -> str:
    return reverse("admin:privacy_reveal_ask", args=[_MESSAGES, str(row.message_id)])
