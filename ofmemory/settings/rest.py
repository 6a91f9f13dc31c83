"""The REST API: one parser, one renderer, one error shape; the schema."""

from typing import Any

PRODUCT_VERSION = "1.0.0"
# The largest request body that is read at all.
MAX_BODY_BYTES = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    # Deny what names no policy of its own; the route-policy test lists every route.
    "DEFAULT_PERMISSION_CLASSES": ["ofmemory.infra.drf_defaults.DenyAll"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "ofmemory.infra.drf_defaults.OnlyJSON",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ofmemory.infra.drf.answer_error",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "DEFAULT_THROTTLE_CLASSES": [],
    # OPTIONS is a wrong method like any other.
    "DEFAULT_METADATA_CLASS": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "ofmemory",
    "DESCRIPTION": "Memory for AI assistants that talk with a creator's fans.",
    "VERSION": PRODUCT_VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # Our PATCH bodies have required fields too.
    "COMPONENT_SPLIT_PATCH": False,
    "CAMELIZE_NAMES": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ofmemory.infra.schema.require_bodies",
    ],
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_NAME_OVERRIDES": {
        "ErrorType": "ofmemory.infra.schema.TYPES",
        "InteractionType": "memory.api.answers.INTERACTION_TYPES",
        "OtherInteractionType": "memory.api.answers.OTHER_TYPES",
        "Sentiment": "memory.api.answers.SENTIMENTS",
        "Tone": "memory.api.answers.TONES",
        "PunctuationStyle": "memory.api.answers.PUNCTUATION_STYLES",
        "Trait": "memory.api.answers.TRAITS",
        "Cue": "calibration.api.answers.CUES",
    },
}
