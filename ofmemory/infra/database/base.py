"""PostgreSQL as Django knows it, except that no wait is without an end and nobody waits for a server known to be gone.

libpq has no timeout for reading: a server that is frozen (SIGSTOP, a dead network) holds a thread for ever, and
``statement_timeout`` does not help, because it is the server that would have to keep it.
"""

import time
from collections.abc import Generator
from functools import cache
from typing import Any, Self, TypeVar, cast

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from psycopg import pq
from psycopg.abc import PQGen

from ofmemory.infra.resilience import deadline, hanging
from ofmemory.infra.resilience.breaker import Breaker, State
from ofmemory.infra.resilience.policies import Policy, of_database

# The server's own timeout comes first: it says what was slow, and the connection stays good.
GRACE_SECONDS = 0.25
# A connection that worked so recently is not asked anew whether it works.
FRESH_SECONDS = 1.0
# How often we look up from waiting, and after how many times somebody hangs.
STEP_SECONDS, HANGING_STEPS = 0.25, 2
# A watched database is asked every second at least: one that has answered nobody for so long is gone.
SILENT_SECONDS = 1.5
# connection_exception, admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout,
# idle_in_transaction_session_timeout, too_many_connections, io_error
RV = TypeVar("RV")
GONE = ("08", "57P01", "57P02", "57P03", "57P05", "25P03", "53300", "58030")
# What PostgreSQL says when every connection is taken; libpq hands on no SQLSTATE of what fails before there is one.
NO_ROOM = ("too many clients", "too many connections", "connection slots are reserved")


class CircuitOpen(psycopg.OperationalError):
    """The database failed too often a moment ago: it is not asked."""


class DeadlinePassed(psycopg.OperationalError):
    """The database did not answer in the time that was left; whether it carried out what it was asked is not known."""


class DatabaseSilent(psycopg.OperationalError):
    """The database has answered nobody in this process for a while."""


def is_left_alone(error: BaseException | None) -> bool:
    """Return whether a failure is that the database is not being asked for a while."""
    while error is not None and not isinstance(error, CircuitOpen):
        error = error.__cause__
    return error is not None


def is_gone(error: BaseException | None) -> bool:
    """Return whether a failure says that the database can't be reached, and not that it said no."""
    if isinstance(error, CircuitOpen):
        return False
    if not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(GONE)


def is_in_error(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the transaction of a connection has failed, so that nothing but its end is possible."""
    return connection.pgconn.transaction_status == pq.TransactionStatus.INERROR


def has_no_room(error: psycopg.OperationalError) -> bool:
    """Return whether every connection is taken. Who has one goes on: no reason to leave the database alone."""
    return any(words in str(error) for words in NO_ROOM)


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that waits no longer than there is time, and tells the breaker how it went."""

    # Of the database; each has a class of its own (``_class_for``).
    breaker: Breaker
    # None: as long as it takes.
    longest_seconds: float | None
    is_checked = False
    answered_at = 0.0

    def wait(self, gen: PQGen[RV], interval: float = STEP_SECONDS, timeout: float | None = None) -> RV:
        breaker = self.breaker
        # What has begun is ended; in a transaction there is always something to end.
        if self.pgconn.transaction_status == pq.TransactionStatus.IDLE and not breaker.allow():
            raise CircuitOpen("the database is left alone for a while")
        longest = deadline.timeout(self.longest_seconds) if timeout is None else timeout
        try:
            answer = super().wait(self._watched(gen), STEP_SECONDS, longest)
        except psycopg.errors._WaitTimeout as error:
            # The answer may still come: nobody may ever read it as the answer to their question.
            self.close()
            passed = DeadlinePassed("the database did not answer in time")
            self._failed(passed)
            raise passed from error
        except psycopg.OperationalError as error:
            if is_gone(error):
                self._failed(error)
            else:
                breaker.succeeded()
            raise
        self.answered_at = time.monotonic()
        breaker.succeeded(self.answered_at)
        return answer

    def _watched(self, gen: PQGen[RV]) -> PQGen[RV]:
        """Look up every quarter of a second from waiting for the server: nobody waits for one that answers nobody.

        One that hangs in a transaction is waited for: it may be its commit.
        """
        is_reading = self.pgconn.transaction_status == pq.TransactionStatus.IDLE
        steps = 0
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready:
                    steps += 1
                    self._hangs(steps, is_reading=is_reading)
                wanted = gen.send(ready)
        except StopIteration as done:
            return cast("RV", done.value)

    def _hangs(self, steps: int, *, is_reading: bool) -> None:
        if steps < HANGING_STEPS:
            return
        hanging.begun()
        if self.breaker.is_silent(SILENT_SECONDS, time.monotonic()):
            self._failed(DatabaseSilent("the database answers nobody"))
            if is_reading and self.breaker.state is State.OPEN:
                raise psycopg.errors._WaitTimeout("the breaker opened meanwhile")

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, Self]:
        """End the attempt when the budget ends, or the breaker opens: psycopg's own timeout is two seconds at least."""
        gen, began = super()._connect_gen(conninfo), time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if time.monotonic() - began > HANGING_STEPS * STEP_SECONDS:
                    hanging.begun()
                    if cls.breaker.state is State.OPEN:
                        raise psycopg.errors._WaitTimeout("the breaker opened meanwhile")
                if deadline.left() == 0:
                    raise psycopg.errors._WaitTimeout("no time is left to connect in")
                wanted = gen.send(ready)
        except StopIteration as done:
            return cast("Self", done.value)

    def _failed(self, error: psycopg.Error) -> None:
        # That an idle connection has died says nothing about the server now: connecting anew will.
        if not self.is_checked:
            self.breaker.failed(error)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper, with watched connections."""

    connection: WatchedConnection | None

    def get_new_connection(self, conn_params: dict[str, Any]) -> WatchedConnection:
        if "isolation_level" in self.settings_dict["OPTIONS"]:
            raise ImproperlyConfigured("isolation_level is not supported here.")
        self.isolation_level = IsolationLevel.READ_COMMITTED
        policy = of_database(self.alias)
        return policy.retried(lambda: _connected(policy, conn_params), when=is_gone)

    def ensure_connection(self) -> None:
        """Connect where there is no connection, or one that was given up; what a transaction has lost stays lost."""
        if not self.in_atomic_block:
            self._let_go_of_closed()
        super().ensure_connection()

    def close_if_unusable_or_obsolete(self) -> None:
        self._let_go_of_closed()
        super().close_if_unusable_or_obsolete()

    def _let_go_of_closed(self) -> None:
        if self.connection is not None and self.connection.closed:
            self.close()

    def is_usable(self) -> bool:
        connection = self.connection
        if connection is None or connection.closed:
            return False
        if not self.errors_occurred and time.monotonic() - connection.answered_at < FRESH_SECONDS:
            return True
        connection.is_checked = True
        try:
            return bool(super().is_usable())
        finally:
            connection.is_checked = False

    def validate_thread_sharing(self) -> None:
        """Let it pass: in the web server a connection belongs to a slot, and one thread at a time holds the slot."""


@cache
def _class_for(policy: Policy) -> type[WatchedConnection]:
    """Return the class of connections under a policy, which they must know before there is an instance."""
    known = {"breaker": policy.breaker, "longest_seconds": policy.timeout_seconds + GRACE_SECONDS}
    return type("WatchedConnection", (WatchedConnection,), known)


def _connected(policy: Policy, conn_params: dict[str, Any]) -> WatchedConnection:
    breaker = policy.breaker
    if not breaker.allow():
        raise CircuitOpen("the database is left alone for a while")
    try:
        connection = _class_for(policy).connect(**conn_params)
    except psycopg.OperationalError as error:
        if not is_gone(error):
            breaker.succeeded()
        elif not has_no_room(error):
            breaker.failed(error)
        raise
    connection.answered_at = time.monotonic()
    breaker.succeeded(connection.answered_at)
    return connection
