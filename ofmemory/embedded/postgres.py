"""The embedded PostgreSQL: a cluster in the home, reached by a socket that only its owner can open."""

import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg import sql

from ofmemory.embedded import binaries, leftovers, locations, privileges
from ofmemory.embedded.child import Child
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.server import EmbeddedServer

DATABASES: Final = ("ofmemory", "ofmemory_keys")
# Messages in English whatever the machine speaks (they are looked at), and no locale of the user's.
ENVIRONMENT: Final = {"LC_ALL": "C", "TZ": "UTC"}
BACKEND_EXIT_SECONDS: Final = 10.0
LOCK: Final = "postmaster.pid"
# Fast shutdown, then immediate: the write-ahead log makes good what that leaves.
STOP_STEPS: Final = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "ofmemory",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A laptop of two cores; parallel queries need /dev/shm, of which a container has 64 MB.
    # Every thread that works holds two: one to the main database, one to that of the keys.
    "max_connections": "200",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "work_mem": "8MB",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "idle_in_transaction_session_timeout": "60s",
    # No personal data in the log: an ERROR quotes the value it did not like, so what is logged starts
    # above ERROR (LOG, FATAL, PANIC), without statements, parameters or details. Callers get the error.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}
DURABLE: Final = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "wal_level": "replica"}
FLEETING: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 of one home.

    Args:
        home: the data folder; made when absent.
        durable: False trades every promise about a crash for speed: for tests only.
    """

    name = "postgres"
    process_names: Sequence[str] = ("postgres",)

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        super().__init__(home)
        self._durable = durable

    @property
    def url(self) -> str:
        return locations.database_url(self.home)

    @property
    def cluster(self) -> Path:
        """The data directory proper (PGDATA)."""
        return self.folder / "data"

    def child(self) -> Child:
        options = [f"-c{key}={value}" for key, value in self._settings().items()]
        return Child(
            name=self.name,
            argv=[self._programs() / "postgres", "-D", self.cluster, *options],
            env=ENVIRONMENT,
            cwd=self.folder,
            account=self.account,
            umask=0o077,
            log=self.log,
            before_start=self.prepare,
            is_ready=self.is_ready,
            start_attempts=4,
            stop_steps=STOP_STEPS,
            orphan_signal=signal.SIGINT,
            explain=self.explain,
        )

    def prepare(self) -> None:
        """Make the cluster if there is none, and clear away what a killed server left."""
        super().prepare()
        socket_folder = privileges.socket_folder(self.home, self.name, self.account)
        if not self.cluster.exists():
            self._make_cluster()
        self._check_version()
        for lock in (self.cluster / LOCK, socket_folder / f".s.PGSQL.{locations.DATABASE_PORT}.lock"):
            _remove_stale_lock(lock)

    def stop_leftovers(self) -> None:
        """Stop a server of this cluster that outlived its supervisor; without one, wait for its orphans.

        Only the postmaster is told to stop: to its helpers the same signals mean other things.
        """
        found = leftovers.servers_in(self.cluster, self.process_names)
        master = _locked_by(self.cluster / LOCK)
        leftovers.stop_all([process for process in found if process.pid == master], STOP_STEPS)
        _, orphans = psutil.wait_procs(found, timeout=BACKEND_EXIT_SECONDS)
        leftovers.stop_all(orphans, ((signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)))

    def is_ready(self) -> bool:
        """Whether it takes connections; makes the databases that are missing.

        Raises: EmbeddedError when the password does not fit the cluster.
        """
        try:
            with psycopg.connect(
                locations.database_url(self.home, "postgres"), autocommit=True, connect_timeout=3
            ) as connection:
                _create_missing(connection)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise EmbeddedError(
                    f"the password in {self.home / 'secrets'} does not fit the database in {self.folder}: "
                    "put back the one it was made with"
                ) from error
            return False  # not yet listening, or still recovering
        return True

    def _settings(self) -> dict[str, str]:
        socket_folder = locations.socket_folder(self.home, self.name)
        # The value is a list to PostgreSQL, in which quotes keep a comma or a space together.
        quoted = str(socket_folder).replace('"', '""')
        place = {"unix_socket_directories": f'"{quoted}"', "port": str(locations.DATABASE_PORT)}
        return {**SETTINGS, **place, **(DURABLE if self._durable else FLEETING)}

    def _programs(self) -> Path:
        return binaries.postgres_programs(self.account)

    def _make_cluster(self) -> None:
        """Run initdb into a draft and rename it: there is a whole cluster or none."""
        draft, password = self.folder / "draft", self.folder / "password"
        shutil.rmtree(draft, ignore_errors=True)
        password.unlink(missing_ok=True)
        try:
            password.touch(0o600)
            password.write_text(locations.ensure_secret(self.home, locations.DATABASE_PASSWORD), encoding="ascii")
            if self.account is not None:
                os.chown(password, self.account.uid, self.account.gid)
            self._initdb(draft, password)
        finally:
            password.unlink(missing_ok=True)
        draft.rename(self.cluster)

    def _initdb(self, draft: Path, password: Path) -> None:
        command: list[str | Path] = [self._programs() / "initdb", "-D", draft, f"--username={locations.DATABASE_USER}"]
        command += [f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if self._durable else ["--no-sync"]
        done = self.run_as_server(command, ENVIRONMENT)
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL cannot make its data folder: {done.stderr.strip().splitlines()[-1]}")

    def _check_version(self) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if made_by != binaries.POSTGRES_MAJOR:
            raise EmbeddedError(
                f"{self.cluster} was made by PostgreSQL {made_by}, this is {binaries.POSTGRES_MAJOR}: "
                "dump it with the old version, or start with another OFMEMORY_HOME"
            )


def _create_missing(connection: psycopg.Connection) -> None:
    there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
    for name in DATABASES:
        if name not in there:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _locked_by(lock: Path) -> int | None:
    """The process id a lock file names, None where there is no (whole) lock file."""
    try:
        return int(lock.read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _remove_stale_lock(lock: Path) -> None:
    """Remove a torn lock, or one whose process id has passed to another process or an unreaped zombie.

    Called when no server of this cluster runs. A lock of an id that is free is left to PostgreSQL, which
    also looks whether somebody still uses the old shared memory.
    """
    owner = _locked_by(lock)
    if owner is None or psutil.pid_exists(owner):
        lock.unlink(missing_ok=True)
