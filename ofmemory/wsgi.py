"""The WSGI entry point; `granian --interface wsgi ofmemory.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ofmemory.settings.base")
application = get_wsgi_application()

# What was loaded so far stays for good, and a hundred contexts are a hundred thousand small objects without a cycle:
# looking through all that every 700 allocations cost a quarter of their time.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)
