"""What an interaction may hold at most, and how ids must look; the same at every door."""

import re
from typing import Any

import orjson

MAX_ID_CHARS = 255
# Control characters and line separators; everything else a platform may well put into an id, emoji included.
NOT_IN_ID = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_NOT_IN_ID = re.compile(f"[{NOT_IN_ID}\ud800-\udfff]")
MAX_CONTENT_CHARS = 20_000
MAX_METADATA_BYTES = 32_768
MAX_METADATA_DEPTH = 8
# A platform's own id of a message may come under any of these names.
EXTERNAL_ID_NAMES = ("externalId", "platformMessageId", "messageId")


def id_problem(value: Any) -> str | None:
    """Return what is wrong with a platform's opaque id, or None."""
    if not isinstance(value, str) or _NOT_IN_ID.search(value) or value != value.strip():
        return "Must be text without control characters or outer spaces."
    if not 0 < len(value) <= MAX_ID_CHARS:
        return f"Must have 1 to {MAX_ID_CHARS} characters."
    return None


def metadata_problem(value: Any) -> str | None:
    """Return what is wrong with metadata, or None."""
    if not isinstance(value, dict):
        return "Must be an object."
    if _is_deeper(value, MAX_METADATA_DEPTH):
        return f"May be nested at most {MAX_METADATA_DEPTH} deep."
    if len(orjson.dumps(value)) > MAX_METADATA_BYTES:
        return f"May have at most {MAX_METADATA_BYTES} bytes as JSON."
    for name in EXTERNAL_ID_NAMES:
        if isinstance(value.get(name), str) and len(value[name]) > MAX_ID_CHARS:
            return f"{name} may have at most {MAX_ID_CHARS} characters."
    return None


def _is_deeper(value: Any, depth: int) -> bool:
    """Stops at ``depth``: a thousand brackets must not exhaust the stack."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deeper(item, depth - 1) for item in inner)
