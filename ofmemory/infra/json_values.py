"""Looking into JSON values, depth by depth; without recursion, whose depth is bounded."""

from collections.abc import Iterator
from typing import Any


def holds_nul(value: Any) -> bool:
    """Whether any text or name in a JSON value has a NUL, which PostgreSQL can't store."""
    return any(isinstance(item, str) and "\x00" in item for level in levels(value) for item in level)


def levels(value: Any) -> Iterator[list[Any]]:
    """Yield what stands in a JSON value depth by depth, names included."""
    level: list[Any] = [value]
    while level:
        yield level
        level = [child for item in level for child in _children(item)]


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return [*item, *item.values()]
    return item if isinstance(item, list) else []
