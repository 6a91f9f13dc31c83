"""A standby takes over: copied from the primary under load, kept in step, promoted when the primary is dead."""

import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ofmemory.embedded import binaries, locations, privileges
from ofmemory.embedded.child import Child, Running
from ofmemory.embedded.postgres import ENVIRONMENT
from tests.chaos.proxy import Behaviour
from tests.chaos.stack import Stack, StackError, wait_for

STANDBY: Final = "standby"
IN_STEP_SECONDS: Final = 60.0
IN_STEP: Final = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@contextmanager
def failover(stack: Stack, *, chance: random.Random, **_: Any) -> Iterator[None]:
    """The primary is killed; nobody reaches it again, though it is started again; the standby serves from now on."""
    del chance
    folder = _copied(stack)
    standby = _started(stack, folder)
    stack.undo.callback(standby.stop)
    _keep_in_step(stack)
    for name in ("database", "keys"):
        stack.proxies.behave(name, Behaviour(absent=True))
    stack.process("postgres").send_signal(signal.SIGKILL)
    stack.database = folder
    with stack.sql("postgres") as database:
        database.execute("SELECT pg_promote()")
    for name in ("database", "keys"):
        stack.proxies.move(name, folder / f".s.PGSQL.{locations.DATABASE_PORT}")
        stack.proxies.behave(name)
    yield


def _copied(stack: Stack) -> Path:
    """Copy the primary as its own backup program does; return the folder, which holds the new socket as well."""
    account = privileges.service_account(stack.home)
    folder = privileges.private_folder((stack.home / "postgres").resolve() / STANDBY, account)
    source = f"host={locations.socket_folder(stack.home, 'postgres')} user={locations.DATABASE_USER}"
    command = (
        binaries.postgres_programs(account) / "pg_basebackup",
        "--pgdata",
        folder / "data",
        "--write-recovery-conf",
    )
    password = locations.ensure_secret(stack.home, locations.DATABASE_PASSWORD)
    done = subprocess.run(
        (*command, "--checkpoint=fast", "--dbname", f"{source} application_name={STANDBY}"),
        env={**ENVIRONMENT, "PGPASSWORD": password},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **privileges.identity(account),
    )
    if done.returncode != 0:
        raise StackError(f"no standby could be made: {done.stderr[-500:]}")
    return folder


def _started(stack: Stack, folder: Path) -> Running:
    account = privileges.service_account(stack.home)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "port": str(locations.DATABASE_PORT),
        "max_connections": "200",
        "cluster_name": STANDBY,
    }
    options = [f"-c{name}={value}" for name, value in settings.items()]
    child = Child(
        name=STANDBY,
        argv=(binaries.postgres_programs(account) / "postgres", "-D", folder / "data", *options),
        env=ENVIRONMENT,
        cwd=folder,
        account=account,
        umask=0o077,
        log=stack.home / "logs" / "standby.log",
        stop_steps=((signal.SIGINT, 20.0),),
        orphan_signal=signal.SIGINT,
    )
    return Running(child)


def _keep_in_step(stack: Stack) -> None:
    """From now on a commit is acknowledged when the standby has it on its disk."""
    with stack.sql("postgres") as database:
        database.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        database.execute("SELECT pg_reload_conf()")

        def is_in_step() -> bool:
            return database.execute(IN_STEP).fetchone() == (1,)

        if not wait_for(is_in_step, IN_STEP_SECONDS):
            raise StackError(
                f"the standby does not keep up: {(stack.home / 'logs' / 'standby.log').read_text()[-500:]}"
            )
