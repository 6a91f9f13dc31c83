"""The programs of the product that the runner starts: argument lists, nothing else."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# The web server has many more threads than requests that run at once: who has to wait is told how long it makes sense
# (infra/resilience/slots.py). So many requests for each that runs are taken from the backlog at once.
THREADS_PER_SLOT: Final = 16
TAKEN_PER_SLOT: Final = 32

# One worker a product: nobody to gossip with; its pulse is of use to no one here.
QUIET_WORKER: Final = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=warning")
# In a container everything runs as root; Celery says on ten lines each time that it would rather not.
AS_ROOT: Final = ("-W", "ignore:You're running the worker with superuser privileges")

QUIET_MIGRATION: Final = ("--noinput", "--verbosity", "1")

Argv = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Commands:
    """What to run: once before the start (in order), and for as long as the runner lives."""

    migrate_keys: Argv
    migrate: Argv
    replay: Argv
    seed: Argv | None
    web: Argv
    worker: Argv
    beat: Argv


def product_commands(
    *,
    base: Path,
    home: Path,
    bind: str,
    port: int,
    workers: int,
    threads: int,
    concurrency: int,
    demo: bool,
) -> Commands:
    """The commands of ofmemory, run by the Python that runs this.

    Args:
        base: the folder of manage.py.
        workers: processes of the web server, each running `threads` requests at once.
        concurrency: processes of the task worker.
        demo: whether an empty database is filled with demo data.
    """
    manage = (sys.executable, str(base / "manage.py"))
    return Commands(
        migrate_keys=(*manage, "migrate", "--database", "keys", *QUIET_MIGRATION),
        migrate=(*manage, "migrate", *QUIET_MIGRATION),
        replay=(*manage, "replay_erasures", "--format", "json"),
        seed=(*manage, "seed_demo", "--if-empty") if demo else None,
        web=_web(bind, port, workers, threads),
        worker=_celery("worker", f"--concurrency={concurrency}", *QUIET_WORKER),
        beat=_celery("beat", f"--schedule={home / 'run' / 'beat-schedule'}", "--pidfile=", "--loglevel=warning"),
    )


# Its only warning at our settings is about the number of threads, most of which wait.
def _web(bind: str, port: int, workers: int, threads: int) -> Argv:
    return (
        *(sys.executable, "-m", "granian", "ofmemory.wsgi:application", "--interface", "wsgi"),
        *("--host", bind, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(threads * THREADS_PER_SLOT), "--backpressure", str(threads * TAKEN_PER_SLOT)),
        *("--backlog", "1024"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10", "--no-ws", "--no-access-log"),
        *("--log-level", "error"),
    )


def _celery(*arguments: str) -> Argv:
    return (sys.executable, *AS_ROOT, "-m", "celery", "--app", "ofmemory.celery", "--quiet", *arguments)
