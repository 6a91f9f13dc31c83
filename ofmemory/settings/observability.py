"""Metrics, tracing, and what request lines are written."""

from django.core.exceptions import ImproperlyConfigured

from ofmemory.settings.env import OFMEMORY_HOME, env

# The disk that is watched, and where the token for /metrics is made.
HOME_DIR = OFMEMORY_HOME
# What this process is in logs and metrics: web, worker, beat or command.
SERVICE = env.str("OFMEMORY_SERVICE", default="command")
# Where the processes of one machine or container keep their numbers; without it each knows its own only.
METRICS_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
# Whoever scrapes /metrics shows it as a bearer token.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# production.py says no: without a token there is nothing to scrape.
METRICS_TOKEN_MAY_BE_MADE = True
# Where the worker (or scheduler) answers the same by itself; 0: nowhere.
METRICS_PORT = env.int("METRICS_PORT", default=0)
# all, problems (5xx, 429, slower than 300 ms) or none.
LOG_REQUESTS = env.str("LOG_REQUESTS", default="all")
if LOG_REQUESTS not in ("all", "problems", "none"):
    raise ImproperlyConfigured("LOG_REQUESTS must be all, problems or none.")
# Where traces go, such as http://collector:4318; needs requirements-otel.txt.
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
