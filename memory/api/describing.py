"""What the OpenAPI description repeats for every route of memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from memory.api import answers
from memory.api import serializers as given
from ofmemory.infra.schema import errors_of

F = TypeVar("F", bound=Callable[..., Any])

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 255, "pattern": r"^[\x20-\x7e]*$"},
    OpenApiParameter.HEADER,
    description="The same key with the same request is carried out once and answered the same for 24 hours.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag of an earlier answer."
)


CORRELATION_ID = OpenApiParameter(
    "X-Correlation-ID",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Comes back in the answer and stands in the logs; one that is not well-formed is replaced.",
)
FAN_IN_PATH = OpenApiParameter(
    "fan_id", given.ID_SCHEMA, OpenApiParameter.PATH, description="Of the platform. For one with a slash use family B."
)

CONTEXT_OR_UNCHANGED = {200: answers.CONTEXT, 304: OpenApiResponse(description="Not changed.")}


def described(
    operation_id: str,
    success: Mapping[int, Any],
    *errors: int,
    parameters: Sequence[Any] = (),
    tag: str = "memory",
    **more: Any,
) -> Callable[[F], F]:
    """Describe a route: its answers when all is well, and the errors it can give besides those every route can."""
    return extend_schema(
        operation_id=operation_id,
        tags=[tag],
        parameters=[*parameters, CORRELATION_ID],
        responses={**success, **errors_of(400, 401, 403, *errors, 429, 500, 503, 504)},
        **more,
    )
