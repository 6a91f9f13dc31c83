"""What tests of learning say and look at."""

from datetime import UTC, datetime, timedelta
from typing import Any

from calibration.models import LearntState
from calibration.services.due import DUE
from calibration.services.learning import learn_due
from memory.services.interactions import save_interaction

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
OF = {"fan_id": "fan-1", "creator_id": "creator-1"}


def say(content: str, minutes: float = 0, **more: Any) -> Any:
    """Save a message of the fan's, so many minutes after the beginning."""
    given = {**OF, "type": "message", "content": content, "timestamp": BEGIN + timedelta(minutes=minutes), **more}
    return save_interaction(**given)


def do(type: str, minutes: float = 0, **more: Any) -> Any:
    """Save another interaction of the fan's."""
    return save_interaction(**{**OF, "type": type, "timestamp": BEGIN + timedelta(minutes=minutes), **more})


def learn_all() -> None:
    """Learn until nothing is due any more."""
    while learn_due(seconds=0).pairs:
        pass


def state_of(**of: str) -> LearntState:
    return LearntState.objects.get(**(of or OF))


def forget_due() -> None:
    while DUE.take(1000):
        pass
