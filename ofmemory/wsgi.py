"""The WSGI entry point; `granian --interface wsgi ofmemory.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ofmemory.settings.base")
application = get_wsgi_application()
