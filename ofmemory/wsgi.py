"""The WSGI entry point; `granian --interface wsgi ofmemory.wsgi:application`."""

import gc
import os

from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, reset_queries

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ofmemory.settings.base")
_django = get_wsgi_application()

# After Django is set up: they read its settings.
from ofmemory.infra.resilience import slots, watching  # noqa: E402

application = slots.admitting(_django)
watching.start()

# Django tidies up at both ends of a request: connections that are broken or too old (whose slot they are in looks after
# them), a log of queries that only DEBUG writes, and caches of a framework that we don't use.
request_started.disconnect(reset_queries)
request_started.disconnect(close_old_connections)
request_finished.disconnect(close_old_connections)
request_finished.disconnect(close_caches)

# What was loaded so far stays for good, and a hundred contexts are a hundred thousand small objects without a cycle:
# looking through all that every 700 allocations cost a quarter of their time.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)
