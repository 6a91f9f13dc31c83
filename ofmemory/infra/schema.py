"""What the OpenAPI description says about every route."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

TYPES = (
    "VALIDATION_ERROR", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "RATE_LIMIT_EXCEEDED", "CACHE_ERROR",
    "DATABASE_ERROR", "CALIBRATION_FAILED", "TIMEOUT", "INTERNAL_ERROR",
)  # fmt: skip


class ErrorSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="One sentence for a person.")
    type = serializers.ChoiceField(choices=TYPES)
    correlationId = serializers.CharField()
    details = serializers.DictField(help_text="Facts for a program; `fields` names the fields at fault.")


MEANINGS = {
    400: "Not valid; `details.fields` names the fields at fault.",
    401: "No credentials, or none that are good.",
    403: "Not yours, whether it exists or not.",
    404: "Never seen.",
    409: "The Idempotency-Key was used for another request.",
    413: "The body is too large.",
    415: "The body is not declared as uncompressed JSON.",
    429: "Too many requests; see Retry-After.",
    503: "A dependency is down; see Retry-After.",
}


def errors_of(*statuses: int) -> dict[int, OpenApiResponse]:
    """Return the error answers a route can give, for ``extend_schema``."""
    return {status: OpenApiResponse(ErrorSerializer, description=MEANINGS[status]) for status in statuses}
