"""Signs of life of worker and scheduler, in the broker, where web servers on other machines can see them."""

import logging
import time
from typing import Any, Final

import redis

from ofmemory.infra.observability.metrics import TELEMETRY_LOST
from ofmemory.infra.observability.redis_client import to_broker

logger = logging.getLogger(__name__)

KEY: Final = "ofmemory:ticks"
WORKER, SCHEDULER = "worker", "beat"
SERVICES: Final = (WORKER, SCHEDULER)
# As metrics call them.
NAMES: Final = {WORKER: "worker", SCHEDULER: "scheduler"}
EVERY_SECONDS: Final = 5.0
# The scheduler sends something every second; so long a silence is no coincidence.
SILENT_SECONDS: Final = 60.0

_last: dict[str, float] = {}


def beat(service: str) -> None:
    """Say that ``service`` lives; at most every few seconds, and never more than a warning where that fails."""
    now = time.monotonic()
    if now - _last.get(service, -EVERY_SECONDS) < EVERY_SECONDS:
        return
    _last[service] = now
    try:
        with to_broker() as broker:
            broker.hset(KEY, service, str(int(time.time())))
    except redis.RedisError as error:
        TELEMETRY_LOST.labels("heartbeat").inc()
        logger.warning("heartbeat_not_written", extra={"error": type(error).__name__})


def read(broker: Any) -> dict[str, float]:
    """Return when each service last gave a sign, in seconds since 1970; 0 for one that never did.

    Raises:
        redis.RedisError: the broker did not answer.
    """
    return {service: float(value or 0) for service, value in zip(SERVICES, broker.hmget(KEY, SERVICES), strict=True)}


def silent() -> list[str]:
    """Return the services that have given no sign for a minute.

    Raises:
        redis.RedisError: the broker did not answer.
    """
    with to_broker() as broker:
        ticks = read(broker)
    return [NAMES[service] for service in SERVICES if time.time() - ticks[service] > SILENT_SECONDS]
