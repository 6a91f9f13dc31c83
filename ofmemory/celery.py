"""The Celery application; `celery -A ofmemory.celery worker|beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ofmemory.settings.base")

app = Celery("ofmemory")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
