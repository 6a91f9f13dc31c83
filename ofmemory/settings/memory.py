"""What is kept, for how long, and how much of it is handed out."""

from datetime import timedelta

from ofmemory.settings.env import env

RECENT_MESSAGE_COUNT = 50
RECENT_INTERACTION_COUNT = 10
# After this silence a fan who comes back gets `reconnection` hints.
RECONNECTION_AFTER = timedelta(days=30)
# A client's clock may run ahead of ours by this much before a timestamp is refused.
CLOCK_SKEW = timedelta(seconds=env.int("CLOCK_SKEW_SECONDS", default=300))
IDEMPOTENCY_KEPT = timedelta(hours=24)
# Pairs without activity for this long are no longer needed (GDPR Art. 5(1)(e)).
RETENTION = timedelta(days=env.int("RETENTION_DAYS", default=730))
