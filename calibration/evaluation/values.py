"""What an evaluation says, as plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured figure.

    Args:
        low: lower end of its 95 % interval.
        high: upper end of it.
        target: what was asked for, in words; "" for none.
        n: how many cases it stands on.
    """

    name: str
    value: float
    low: float
    high: float
    target: str
    n: int
