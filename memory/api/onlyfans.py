"""Route family A: ``/api/onlyfans/memory/{fanId}``; the fan stands in the path."""

from django.http import HttpResponse

from memory.api import answers, operations
from memory.api import serializers as given
from memory.api.base import ApiRequest, MemoryView, body_of, body_or_query_of, query_of
from memory.api.describing import CONTEXT_OR_UNCHANGED, FAN_IN_PATH, IDEMPOTENCY_KEY, IF_NONE_MATCH, described
from ofmemory.infra.drf import valid


def _fan(fan_id: str) -> str:
    """Hold the id in the path to the rules of an id in a body."""
    return str(valid(given.TargetSerializer, {"fanId": fan_id})["fanId"])


class FanMemoryView(MemoryView):
    budgets = {"GET": "messages"}

    @described(
        "getMemory", CONTEXT_OR_UNCHANGED, 404, 409, parameters=[FAN_IN_PATH, given.CreatorSerializer, IF_NONE_MATCH]
    )
    def get(self, request: ApiRequest, fan_id: str) -> HttpResponse:
        """Return everything remembered about a fan."""
        creator_id = valid(given.CreatorSerializer, query_of(request)).get("creatorId")
        return operations.send_context(request, _fan(fan_id), creator_id)

    @described(
        "saveMemory",
        {201: answers.CONTEXT},
        409,
        413,
        415,
        parameters=[FAN_IN_PATH, IDEMPOTENCY_KEY],
        request=given.InteractionSerializer,
    )
    def post(self, request: ApiRequest, fan_id: str) -> HttpResponse:
        """Save an interaction and return the updated context."""
        body = body_of(request)
        checked = valid(given.InteractionSerializer, body)
        return operations.save(request, _fan(fan_id), checked, body, with_context=True)

    @described(
        "clearMemory",
        {200: answers.Cleared, 202: answers.Cleared},
        404,
        409,
        parameters=[FAN_IN_PATH, given.CreatorSerializer, IDEMPOTENCY_KEY],
    )
    def delete(self, request: ApiRequest, fan_id: str) -> HttpResponse:
        """Erase everything about a fan, for good; 202 where that still waits for a second approver, or for a store."""
        creator_id = valid(given.CreatorSerializer, query_of(request)).get("creatorId")
        return operations.clear(request, _fan(fan_id), creator_id)


class FanPreferencesView(MemoryView):
    @described(
        "patchMemoryPreferences",
        {200: answers.PREFERENCES},
        404,
        409,
        413,
        415,
        parameters=[FAN_IN_PATH, IDEMPOTENCY_KEY],
        request=given.CreatorPreferencesPatchSerializer,
    )
    def patch(self, request: ApiRequest, fan_id: str) -> HttpResponse:
        """Set preferences by hand; learning leaves them alone until they are released."""
        body = body_of(request)
        checked = valid(given.CreatorPreferencesPatchSerializer, body)
        return operations.patch_preferences(request, _fan(fan_id), checked, body)


class FanMessagesView(MemoryView):
    budgets = {"GET": "messages"}

    @described(
        "getMemoryMessages", {200: answers.MESSAGES}, 404, 409, parameters=[FAN_IN_PATH, given.PageQuerySerializer]
    )
    def get(self, request: ApiRequest, fan_id: str) -> HttpResponse:
        """Page through a fan's messages, newest first."""
        checked = valid(given.PageQuerySerializer, query_of(request))
        return operations.send_messages(request, _fan(fan_id), checked)


class FanExportView(MemoryView):
    budgets = {"POST": "long"}

    @described(
        "exportMemory",
        {200: answers.EXPORT},
        404,
        413,
        415,
        parameters=[FAN_IN_PATH, given.CreatorSerializer],
        request=given.CreatorSerializer,
    )
    def post(self, request: ApiRequest, fan_id: str) -> HttpResponse:
        """Return everything stored about a fan, whole; the creator may stand in the query or in a body."""
        checked = valid(given.CreatorSerializer, body_or_query_of(request))
        return operations.export(request, _fan(fan_id), checked.get("creatorId"))


class StatsView(MemoryView):
    @described("getMemoryStats", {200: answers.STATS}, parameters=[given.StatsQuerySerializer])
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return a creator's statistics."""
        return operations.send_stats(request, valid(given.StatsQuerySerializer, query_of(request)))
