"""Route family B: ``/api/of-memory/...``; the fan stands in the query or the body."""

from django.http import HttpResponse

from memory.api import answers, operations
from memory.api import serializers as given
from memory.api.base import ApiRequest, MemoryView, body_of, query_of
from memory.api.describing import CONTEXT_OR_UNCHANGED, IDEMPOTENCY_KEY, IF_NONE_MATCH, described
from ofmemory.infra.drf import valid


class ContextView(MemoryView):
    budgets = {"GET": "messages"}

    @described("getContext", CONTEXT_OR_UNCHANGED, 404, 409, parameters=[given.TargetSerializer, IF_NONE_MATCH])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return everything remembered about a fan."""
        checked = valid(given.TargetSerializer, query_of(request))
        return operations.send_context(request, checked["fanId"], checked.get("creatorId"))


class InteractionView(MemoryView):
    @described(
        "saveInteraction",
        {200: answers.Done},
        409,
        413,
        415,
        parameters=[IDEMPOTENCY_KEY],
        request=given.FanInteractionSerializer,
    )
    def post(self, request: ApiRequest) -> HttpResponse:
        """Save an interaction."""
        body = body_of(request)
        checked = valid(given.FanInteractionSerializer, body)
        return operations.save(request, checked["fanId"], checked, body, with_context=False)


class ClearView(MemoryView):
    @described(
        "clear",
        {200: answers.Cleared, 202: answers.Cleared},
        404,
        409,
        parameters=[given.TargetSerializer, IDEMPOTENCY_KEY],
    )
    def delete(self, request: ApiRequest) -> HttpResponse:
        """Erase everything about a fan, for good; 202 where that still waits for a second approver, or for a store."""
        checked = valid(given.TargetSerializer, query_of(request))
        return operations.clear(request, checked["fanId"], checked.get("creatorId"))


class PreferencesView(MemoryView):
    @described("getPreferences", {200: answers.PREFERENCES}, 404, 409, parameters=[given.TargetSerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return what a fan likes, talks about and buys."""
        checked = valid(given.TargetSerializer, query_of(request))
        return operations.send_preferences(request, checked["fanId"], checked)

    @described(
        "patchPreferences",
        {200: answers.PREFERENCES},
        404,
        409,
        413,
        415,
        parameters=[IDEMPOTENCY_KEY],
        request=given.FanPreferencesPatchSerializer,
    )
    def patch(self, request: ApiRequest) -> HttpResponse:
        """Set preferences by hand; learning leaves them alone until they are released."""
        body = body_of(request)
        checked = valid(given.FanPreferencesPatchSerializer, body)
        return operations.patch_preferences(request, checked["fanId"], checked, body)


class BulkPreferencesView(MemoryView):
    @described(
        "patchPreferencesOfFans",
        {200: answers.DoneMany},
        404,
        409,
        413,
        415,
        parameters=[IDEMPOTENCY_KEY],
        request=given.BulkPreferencesSerializer,
    )
    def patch(self, request: ApiRequest) -> HttpResponse:
        """Set the preferences of up to 100 fans: all of them, or with an error none."""
        body = body_of(request)
        return operations.patch_preferences_of_fans(request, valid(given.BulkPreferencesSerializer, body), body)


class PersonalityView(MemoryView):
    @described("getPersonality", {200: answers.PERSONALITY}, 404, 409, parameters=[given.TargetSerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the manner of speaking that works with a fan."""
        checked = valid(given.TargetSerializer, query_of(request))
        return operations.send_personality(request, checked["fanId"], checked)

    @described(
        "patchPersonality",
        {200: answers.PERSONALITY},
        404,
        409,
        413,
        415,
        parameters=[IDEMPOTENCY_KEY],
        request=given.PersonalityPatchSerializer,
    )
    def patch(self, request: ApiRequest) -> HttpResponse:
        """Set traits by hand; each is locked until it is released."""
        body = body_of(request)
        return operations.patch_personality(request, valid(given.PersonalityPatchSerializer, body), body)


class PersonalityHistoryView(MemoryView):
    @described("getPersonalityHistory", {200: answers.HISTORY}, 404, 409, parameters=[given.HistoryQuerySerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the last changes of a profile, newest first."""
        checked = valid(given.HistoryQuerySerializer, query_of(request))
        return operations.send_personality_history(request, checked["fanId"], checked)


class MessagesView(MemoryView):
    budgets = {"GET": "messages"}

    @described("getMessages", {200: answers.MESSAGES}, 404, 409, parameters=[given.FanPageQuerySerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Page through a fan's messages, newest first."""
        checked = valid(given.FanPageQuerySerializer, query_of(request))
        return operations.send_messages(request, checked["fanId"], checked)


class StatsView(MemoryView):
    @described("getStats", {200: answers.STATS}, parameters=[given.StatsQuerySerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return a creator's statistics."""
        return operations.send_stats(request, valid(given.StatsQuerySerializer, query_of(request)))


class ExportView(MemoryView):
    budgets = {"POST": "long"}

    @described("export", {200: answers.EXPORT}, 404, 413, 415, request=given.TargetSerializer)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Return everything stored about a fan, whole."""
        checked = valid(given.TargetSerializer, body_of(request))
        return operations.export(request, checked["fanId"], checked.get("creatorId"))


class EngagementScoreView(MemoryView):
    @described("getEngagementScore", {200: answers.SCORE}, 409, parameters=[given.TargetSerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return how engaged a fan is, 0-1; 0.5 for a fan never seen."""
        checked = valid(given.TargetSerializer, query_of(request))
        return operations.send_score(request, checked["fanId"], checked.get("creatorId"))


class BulkView(MemoryView):
    @described("getContexts", {200: answers.BULK}, 413, 415, request=given.BulkSerializer)
    def post(self, request: ApiRequest) -> HttpResponse:
        """Return the contexts of up to 100 fans; fans never seen are left out."""
        return operations.send_contexts(request, valid(given.BulkSerializer, body_of(request)))
