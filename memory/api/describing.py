"""What the OpenAPI description repeats for every route of memory."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from memory.api import answers
from ofmemory.infra.schema import errors_of

F = TypeVar("F", bound=Callable[..., Any])

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The same key with the same request is carried out once and answered the same for 24 hours.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag of an earlier answer."
)


CONTEXT_OR_UNCHANGED = {200: answers.CONTEXT, 304: OpenApiResponse(description="Not changed.")}


def described(operation_id: str, success: Mapping[int, Any], *errors: int, **more: Any) -> Callable[[F], F]:
    """Describe a route: its answers when all is well, and the errors it can give besides those every route can."""
    return extend_schema(
        operation_id=operation_id,
        tags=["memory"],
        responses={**success, **errors_of(400, 401, 403, *errors, 429, 503)},
        **more,
    )
