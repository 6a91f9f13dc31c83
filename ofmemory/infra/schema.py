"""What the OpenAPI description says about every route."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

TYPES = (
    "VALIDATION_ERROR", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "RATE_LIMIT_EXCEEDED", "CACHE_ERROR",
    "DATABASE_ERROR", "CALIBRATION_FAILED", "OVERLOADED", "TIMEOUT", "INTERNAL_ERROR",
)  # fmt: skip


class ErrorSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="One sentence for a person.")
    type = serializers.ChoiceField(choices=TYPES)
    correlationId = serializers.CharField()
    details = serializers.DictField(help_text="Facts for a program; `fields` names the fields at fault.")


OPTIONAL_BODIES = frozenset({"exportMemory"})
MEANINGS = {
    400: "Not valid; `details.fields` names the fields at fault.",
    401: "No credentials, or none that are good.",
    403: "Not yours, whether it exists or not.",
    404: "Never seen.",
    409: "The Idempotency-Key was used for another request.",
    413: "The body is too large.",
    415: "The body is not declared as uncompressed JSON.",
    429: "Too many requests; see Retry-After.",
    500: "Our mistake; the correlation id leads to it.",
    503: "A dependency is down, or there is too much to do; see Retry-After.",
    504: "A dependency took too long; see Retry-After.",
}


def errors_of(*statuses: int) -> dict[int, OpenApiResponse]:
    """Return the error answers a route can give, for ``extend_schema``."""
    return {status: OpenApiResponse(ErrorSerializer, description=MEANINGS[status]) for status in statuses}


def require_bodies(result: Any, **_: Any) -> Any:
    """Say that a body that a route takes must be there, even where no field of it has to."""
    for path in result["paths"].values():
        for operation in path.values():
            if "requestBody" in operation and operation["operationId"] not in OPTIONAL_BODIES:
                operation["requestBody"]["required"] = True
    return result


class StrictScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # spectacular is partly typed
    """Say of every strict serializer that it takes no other fields."""

    target_class = "ofmemory.infra.drf.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        describe: Any = auto_schema._map_serializer
        described = describe(self.target, direction, bypass_extensions=True)
        if "__doc__" not in vars(type(self.target)) or not type(self.target).__doc__:
            described.pop("description", None)  # inherited: about all of them
        return {**described, "additionalProperties": False}
