"""What keeps the product up: timeouts and breakers of what it needs, budgets of requests, how many run at once."""

from ofmemory.settings.env import WEB_THREADS, WEB_WORKERS, env


def _breaker(written: str) -> tuple[int, float, float]:
    """Read ``failures/window seconds/reset seconds``."""
    failures, window, reset = written.split("/")
    return int(failures), float(window), float(reset)


# How long one question may take (DATABASE_TIMEOUT_SECONDS: see database.py), and when who does not answer is left
# alone (infra/resilience/policies.py).
DATABASE_BREAKER = _breaker(env.str("DATABASE_BREAKER", default="5/10/60"))
REDIS_TIMEOUT_SECONDS = env.float("REDIS_TIMEOUT_SECONDS", default=0.25)
REDIS_BREAKER = _breaker(env.str("REDIS_BREAKER", default="3/5/30"))
EXTERNAL_TIMEOUT_SECONDS = env.float("EXTERNAL_TIMEOUT_SECONDS", default=10.0)
EXTERNAL_BREAKER = _breaker(env.str("EXTERNAL_BREAKER", default="5/10/60"))

# How long a request may take in all, whatever hangs: reads; what reads messages, and writes; exports, erasures, pages.
REQUEST_SECONDS: dict[str, float] = {
    "read": env.float("REQUEST_READ_SECONDS", default=3.0),
    "messages": env.float("REQUEST_MESSAGES_SECONDS", default=5.0),
    "long": env.float("REQUEST_LONG_SECONDS", default=30.0),
}
# So many requests run at once in a process of the web server; further ones wait this long, then they are answered 503.
REQUEST_SLOTS = WEB_THREADS
REQUEST_WAIT_SECONDS = env.float("REQUEST_WAIT_SECONDS", default=2.0)
# Among how many processes a limit is divided while Redis, which counts for all, is away.
PROCESSES = WEB_WORKERS
# How often a process of the web server asks what it needs whether it is still there; 0 switches it off.
WATCH_SECONDS = env.float("WATCH_SECONDS", default=1.0)
