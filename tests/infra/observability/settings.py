"""Those of the tests, with the lines of requests that production writes."""

from ofmemory.settings.test import *  # noqa: F403

LOG_REQUESTS = "all"
