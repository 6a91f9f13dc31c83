"""What the process that fills the product tells the one that measures it."""

from dataclasses import dataclass
from typing import Any, Final

CREATOR: Final = "bench-creator"
# Whose rows the floors write.
FLOOR_CREATOR: Final = "bench-floor"
FAN_START: Final = "bench-fan-"
# Six digits from the first on: a random number stands for a fan without padding.
FIRST_FAN: Final = 100_000
BULK_FANS: Final = 100
# Stands in a captured save where a new id belongs.
EXTERNAL_ID: Final = "bench-external-id"


@dataclass(frozen=True, slots=True)
class Facts:
    """The filled product.

    Args:
        key: an API key of the creator with every right.
        fan_count: fans are numbered from ``FIRST_FAN``.
        context: the answer to a context request, as the read floor sends it.
        statements: operation → the SQL it sends to the database, in order, BEGIN and COMMIT included.
    """

    key: str
    fan_count: int
    context: str
    statements: dict[str, list[str]]

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> "Facts":
        return cls(**value)

    def fan_ids(self) -> list[str]:
        return [fan_id(number) for number in range(self.fan_count)]


def fan_id(number: int) -> str:
    return f"{FAN_START}{FIRST_FAN + number}"
