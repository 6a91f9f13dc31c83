"""What the tests of erasure share."""

from functools import partial
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry

from accounts.gate import Gate
from memory.models import EmotionalState
from memory.services.context import recall
from memory.services.interactions import save_interaction
from memory.services.personality import update_personality
from memory.services.preferences import update_preferences
from ofmemory.embedded.locations import redis_client_url
from privacy.domain import Pair
from privacy.keys.models import DataKey, Erasure
from privacy.models import AppliedErasure, DataRequest, PendingAudit, Receipt
from privacy.services import erasing, pair_rows
from tests.memory.support import CREATOR, minute

FAN = "fan-000123"
PAIR = Pair(CREATOR, FAN)
OTHER = Pair(CREATOR, "fan-000124")
NAMESAKE = Pair("creator-2", FAN)
DPO, SECOND = "user:dpo", "user:boss"
erase = partial(erasing.erase_now, requested_by=DPO, reason="test")


def say(pair: Pair = PAIR, content: str = "hello", **more: Any) -> Any:
    return save_interaction(creator_id=pair.creator_id, fan_id=pair.fan_id, type="message", content=content, **more)


def fill(pair: Pair = PAIR) -> None:
    """Leave a trace of the fan in every table of memory that can hold one, in the cache and in the admin's log."""
    for number in range(3):
        say(pair, f"message {number}", timestamp=minute(number))
    save_interaction(creator_id=pair.creator_id, fan_id=pair.fan_id, type="like", timestamp=minute(9))
    who = {"fan_id": pair.fan_id, "creator_id": pair.creator_id}
    update_preferences(**who, patch={"topicInterests": {"cats": 0.5}})
    update_personality(**who, traits={"tone": "casual"}, actor="test")
    EmotionalState.objects.create(**who, current_sentiment="positive", dominant_emotions=["joy"])
    recall(pair, Gate(pair.creator_id))


def titled(user: Any, title: str) -> LogEntry:
    """Write an entry of the admin's log."""
    return LogEntry.objects.create(
        user=user, object_repr=title, change_message=f'[{{"added": {{"name": "{title}"}}}}]', action_flag=CHANGE
    )


def rows_of(pair: Pair) -> dict[str, int]:
    return {name: count for name, count in pair_rows.count_rows(pair).items() if count}


def broker() -> "redis.Redis":
    return redis.Redis.from_url(redis_client_url(settings.CELERY_BROKER_URL))


def actions() -> list[str]:
    return list(PendingAudit.objects.order_by("id").values_list("action", flat=True))


def everything_about_erasures() -> dict[str, int]:
    models = (DataKey, Erasure, AppliedErasure, DataRequest, Receipt)
    return {model._meta.db_table: model._default_manager.count() for model in models}


def tables_of_memory() -> list[Any]:
    return list(apps.get_app_config("memory").get_models())
