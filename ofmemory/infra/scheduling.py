"""When scheduled work is due."""

from datetime import datetime
from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):  # type: ignore[misc]  # Celery has no types
    """Celery's scheduler for clocks that are set back.

    Celery remembers when work ran last by the clock of the wall. Set back by two hours, it would start nothing for two
    hours; so would a machine that comes up with a wrong clock and is corrected, because the memory is a file.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Start what is due; return the seconds until the next is."""
        self.forget_the_future(self.app.now())
        return float(super().tick(*args, **kwargs))

    def forget_the_future(self, now: datetime) -> None:
        """Count from ``now`` what ran last at a time that has not come yet."""
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            # It holds when each is due, as reckoned before.
            self._heap = None
