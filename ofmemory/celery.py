"""The Celery application; `celery -A ofmemory.celery worker|beat`."""

import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ofmemory.settings.base")

app = Celery("ofmemory")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # Celery has no types
def keep_our_logging(**_: Any) -> None:
    """Somebody listens: so Celery leaves handlers and levels as the settings made them."""


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]  # likewise
def watch(**_: Any) -> None:
    """A child of the worker, too, uses what is back within seconds, and not a minute later."""
    from ofmemory.infra.resilience import watching

    watching.start()
