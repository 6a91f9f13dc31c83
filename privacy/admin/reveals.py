"""Breaking the glass: a reason, a short time, and every look in the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from ofmemory.errors import NotFound, OfMemoryError
from privacy.admin.base import Desk, actor_of, explain, needs, refusal
from privacy.admin.forms import ReasonForm
from privacy.admin.words import People, code, countdown, instant, mark, opened
from privacy.domain import Pair
from privacy.models import Reveal
from privacy.services import reveals

_REVEAL = "reveal_content"
_RESTRICTED = "The use of this fan's data is restricted (Art. 18): it may be looked at only for a reason the law names."
_HELD = "A legal hold stands on this fan's data."


@admin.register(Reveal)
class RevealAdmin(Desk):
    """Who broke the glass, when and why; for the officer."""

    list_display = ("granted", "user_id", "fan_id", "creator_id", "state")
    list_filter = (("granted_at", admin.DateFieldListFilter),)
    search_fields = ("=fan_id", "=creator_id", "=user_id")
    search_help_text = "The whole fan id or creator id, or user:<id>."
    ordering = ("-granted_at",)

    @admin.display(ordering="granted_at")
    def granted(self, row: Reveal) -> SafeString:
        return instant(row.granted_at)

    @admin.display(description="state", ordering="expires_at")
    def state(self, row: Reveal) -> SafeString:
        return mark("open", "warn") if row.expires_at > timezone.now() else mark("over")

    def facts(self, request: HttpRequest, row: Reveal) -> list[tuple[str, Any]]:
        return [
            ("Reveal", code(row.pk)),
            ("By", People([row.user_id])(row.user_id)),
            ("Creator", row.creator_id),
            ("Fan", row.fan_id),
            ("Reason", opened(row, "reason")),
            ("Granted", instant(row.granted_at)),
            ("Until", instant(row.expires_at)),
            ("State", self.state(row)),
        ]

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.route("of/<str:table>/<str:row>/", self.ask, "ask"),
            self.route("<uuid:pk>/content/", self.content, "content"),
        ]
        return own + super().get_urls()

    @needs(_REVEAL, "GET", "POST")
    def ask(self, request: HttpRequest, table: str, row: str) -> HttpResponse:
        """Ask why what the fan of a row said is to be read; the row stands for the fan, so that no address does."""
        try:
            pair = reveals.find_pair(table, row)
        except NotFound as error:
            raise Http404 from error
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                reveal = reveals.grant(pair, actor=actor_of(request), reason=form.cleaned_data["reason"])
            except OfMemoryError as error:
                explain(form, error)
            else:
                self.log_addition(request, reveal, [{"added": {}}])
                return HttpResponseRedirect(self.url("content", reveal.pk))
        notes = _notes(pair)
        intro = f"What fan {pair.fan_id} of {pair.creator_id} and the creator's team wrote is shown to you for a few \
minutes. Who looked, when, at how much and why is kept."
        return self.asked(
            request, form, title="Reveal what was said", intro=intro, button="Reveal", notes=notes, is_grave=True
        )

    @needs(_REVEAL, "GET")
    def content(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            reveal = reveals.get_granted(pk, actor=actor_of(request))
            page = reveals.view(pk, actor=actor_of(request), before=_place(request))
        except NotFound as error:
            raise Http404 from error
        except OfMemoryError as error:
            self.message_user(request, refusal(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:index"))
        context = {
            "title": "What was said",
            "reveal": reveal,
            "page": page,
            "before": f"{page.before[0].isoformat()}_{page.before[1]}" if page.before else "",
            "left": countdown(reveal.expires_at, is_open=True),
            "notes": _notes(reveal.pair),
        }
        answer = self.rendered(request, "admin/privacy/reveal.html", context)
        # When the time is over the browser asks again, and is refused: nothing stays on the screen.
        seconds = int((reveal.expires_at - timezone.now()).total_seconds()) + 1
        answer.headers["Refresh"] = str(max(1, seconds))
        return answer


def _notes(pair: Pair) -> list[str]:
    standing = reveals.standing_of(pair)
    return [text for holds, text in ((standing.is_restricted, _RESTRICTED), (standing.is_held, _HELD)) if holds]


def _place(request: HttpRequest) -> reveals.Place | None:
    """Return where the page begins that was asked for; of what is no place, the first."""
    at, _, row = request.GET.get("before", "").partition("_")
    try:
        return (datetime.fromisoformat(at), UUID(row)) if row else None
    except ValueError:
        return None
