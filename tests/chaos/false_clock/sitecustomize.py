"""Read by Python at its start in processes with a false clock, whose library can't sleep until a monotonic instant."""

import select
import time


def sleep(seconds: float, /) -> None:
    """Sleep for so long, without naming the instant of its end, which libfaketime (0.9.10) takes for an invalid one."""
    select.select([], [], [], seconds)


time.sleep = sleep  # type: ignore[assignment]  # it also takes what can be made an integer of
