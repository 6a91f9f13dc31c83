"""The command line: reads the settings, runs the runner, turns failures into one line and exit code 1."""

import argparse
import sys
from collections.abc import Sequence

from ofmemory.embedded.commands import product_commands
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.runner import Plan, run


def main(arguments: Sequence[str]) -> int:
    """Returns: the exit code of the process."""
    parser = argparse.ArgumentParser(prog="python -m ofmemory.embedded", description=__doc__)
    parser.add_argument("command", choices=["run"], help="start everything and stay in the foreground")
    parser.parse_args(arguments)
    try:
        return run(plan_from_settings())
    except EmbeddedError as error:
        print(f"ofmemory: {error}", file=sys.stderr)  # noqa: T201 - the terminal is the interface here
        return 1


def plan_from_settings() -> Plan:
    """The plan as the environment and .env want it.

    Raises: EmbeddedError for a value that cannot be read.
    """
    try:
        from ofmemory.settings import env
    except ValueError as error:
        raise EmbeddedError(f"a value in the environment or in .env is wrong: {error}") from error
    commands = product_commands(
        base=env.BASE_DIR,
        home=env.OFMEMORY_HOME,
        bind=env.OFMEMORY_BIND,
        port=env.PORT,
        workers=env.WEB_WORKERS,
        threads=env.WEB_THREADS,
        concurrency=env.WORKER_CONCURRENCY,
        demo=env.OFMEMORY_DEMO,
    )
    return Plan(
        home=env.OFMEMORY_HOME,
        base=env.BASE_DIR,
        bind=env.OFMEMORY_BIND,
        port=env.PORT,
        commands=commands,
        environment=env.child_environment(OFMEMORY_HOME=str(env.OFMEMORY_HOME), PORT=str(env.PORT)),
        database_url=env.EXTERNAL_DATABASE_URL,
        keys_database_url=env.EXTERNAL_KEYS_DATABASE_URL,
        redis_url=env.EXTERNAL_REDIS_URL,
        broker_url=env.EXTERNAL_BROKER_URL,
    )
