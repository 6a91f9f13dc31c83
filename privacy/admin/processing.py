"""What fans restricted or objected to."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString

from ofmemory.errors import InvalidInput
from privacy.admin.base import Desk, Section, actor_of
from privacy.admin.forms import OBJECT, RESTRICT, UNRESTRICT, WITHDRAW, ChoiceForm
from privacy.admin.words import People, instant, mark, opened
from privacy.domain import Pair
from privacy.models import ProcessingChoice
from privacy.services import consents, processing

# choice → (pair, reason, actor)
_SERVICES: dict[str, Callable[[Pair, str, str], None]] = {
    RESTRICT: lambda pair, reason, actor: processing.restrict(pair, reason=reason, actor=actor),
    UNRESTRICT: lambda pair, _, actor: processing.unrestrict(pair, actor=actor),
    OBJECT: lambda pair, reason, actor: processing.object_to_profiling(pair, reason=reason, actor=actor),
    WITHDRAW: lambda pair, _, actor: processing.withdraw_objection(pair, actor=actor),
}


@admin.register(ProcessingChoice)
class ProcessingChoiceAdmin(Desk):
    list_display = ("fan_id", "creator_id", "restricted", "objected", "updated")
    list_filter = (("restricted_at", admin.EmptyFieldListFilter), ("objected_at", admin.EmptyFieldListFilter))
    search_fields = ("=fan_id", "=creator_id")
    search_help_text = "The whole fan id or creator id."
    ordering = ("-updated_at",)
    add_form = ChoiceForm
    add_title, add_button = "Restrict, or record an objection", "Save"
    add_intro = "It holds at once, for every reader and writer, and is in the audit log."

    @admin.display(ordering="restricted_at")
    def restricted(self, row: ProcessingChoice) -> SafeString:
        return mark("restricted", "warn") if row.restricted_at else mark("no")

    @admin.display(description="objects to profiling", ordering="objected_at")
    def objected(self, row: ProcessingChoice) -> SafeString:
        return mark("objects", "warn") if row.objected_at else mark("no")

    @admin.display(ordering="updated_at")
    def updated(self, row: ProcessingChoice) -> SafeString:
        return instant(row.updated_at)

    def facts(self, request: HttpRequest, row: ProcessingChoice) -> list[tuple[str, Any]]:
        return [
            ("Creator", row.creator_id),
            ("Fan", row.fan_id),
            ("Restricted (Art. 18)", instant(row.restricted_at)),
            ("Objects to profiling (Art. 21)", instant(row.objected_at)),
            ("Reason", opened(row, "reason")),
            ("Owed after a hold", "yes: what was inferred goes with the release" if row.owed else "nothing"),
            ("Recorded by", People([row.recorded_by])(row.recorded_by)),
            ("Updated", instant(row.updated_at)),
        ]

    def sections(self, request: HttpRequest, row: ProcessingChoice) -> list[Section]:
        states = [(it.purpose, "yes" if it.permitted else "no") for it in consents.get_consents(row.pair)]
        return [Section("What the data may be used for now", ("purpose", "may be used"), states)]

    def create(self, request: HttpRequest, given: dict[str, Any]) -> ProcessingChoice:
        pair = Pair(given["creator_id"], given["fan_id"])
        _SERVICES[given["choice"]](pair, given["reason"], actor_of(request))
        row = ProcessingChoice.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).first()
        if row is None:
            raise InvalidInput("This fan has restricted nothing and objected to nothing.")
        self.message_user(request, "It holds from now on.", messages.SUCCESS)
        return row
