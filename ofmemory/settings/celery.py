"""Celery: the database is the truth, a message is only a wake-up."""

from typing import Any

from ofmemory.embedded.locations import celery_url
from ofmemory.settings.env import BROKER_URL

CELERY_BROKER_URL = celery_url(BROKER_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
# Without the two restore settings a killed worker's task comes back only after visibility_timeout + ~100 s.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # Who sends a task may be answering a request: without this a broker that is down holds it up for 6 s. The worker
    # keeps trying all the same.
    "max_retries": 0,
}
CELERY_BEAT_SCHEDULER = "ofmemory.infra.scheduling:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "forget-old-answers": {"task": "memory.tasks.forget_old_answers", "schedule": 900.0},
    "forget-old-sessions": {"task": "accounts.tasks.forget_old_sessions", "schedule": 3600.0},
    # How often decides how much of the audit log a Redis that loses its memory can take with it. A run that waited
    # longer than two others would find nothing to do.
    # A run that waited longer than this is not needed: the next one finds the same pairs.
    "learn-due": {"task": "calibration.tasks.learn_due", "schedule": 1.0, "options": {"expires": 3}},
    "sweep-learning": {"task": "calibration.tasks.sweep_learning", "schedule": 30.0, "options": {"expires": 30}},
    "fit-priors": {"task": "calibration.tasks.fit_priors", "schedule": 6 * 3600.0},
    "take-in-audit": {"task": "privacy.tasks.take_in_audit", "schedule": 2.0, "options": {"expires": 6}},
    "write-audit-anchor": {"task": "privacy.tasks.write_audit_anchor", "schedule": 3600.0},
    "resume-erasures": {"task": "privacy.tasks.resume_erasures", "schedule": 60.0, "options": {"expires": 60}},
    "watch-deadlines": {"task": "privacy.tasks.watch_deadlines", "schedule": 900.0},
    "forget-expired-exports": {"task": "privacy.tasks.forget_expired_exports", "schedule": 900.0},
    "carry-out-late-consents": {"task": "privacy.tasks.carry_out_late_consents", "schedule": 300.0},
    # More often than once a day, so that a scheduler that is restarted every night gets to it.
    "cleanup-memories": {"task": "privacy.tasks.cleanup_memories", "schedule": 6 * 3600.0},
    "destroy-retired-keys": {"task": "privacy.tasks.destroy_retired_keys", "schedule": 3600.0},
}
