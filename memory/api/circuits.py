"""The circuit breakers, for a creator's staff: what is down, and since when."""

from django.http import HttpResponse

from accounts.domain import Scope
from memory import shapes
from memory.api import answers
from memory.api import serializers as given
from memory.api.base import ApiRequest, MemoryView, gate_of, query_of
from memory.api.describing import described
from memory.services.reading import reading
from ofmemory.infra.drf import answer, valid
from ofmemory.infra.observability.circuits import circuits


class CircuitsView(MemoryView):
    @described("getCircuits", {200: answers.CIRCUITS}, parameters=[given.CreatorSerializer], tag="operations")
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the circuit breakers of the process that answers, and the states of those of all processes."""
        checked = valid(given.CreatorSerializer, query_of(request))
        creator_id = checked.get("creatorId")
        gate = gate_of(request, Scope.OPERATIONS_READ, "circuits.read", kind="reads", creator_id=creator_id)
        quota = reading(gate)
        return answer(shapes.dumps(circuits()), headers=quota.headers())
