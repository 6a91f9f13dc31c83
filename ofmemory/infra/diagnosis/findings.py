"""Findings, and how they are come by: each check alone in a thread, with a deadline, whatever is broken."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Final

from ofmemory.infra import diagnosis

# No check may take longer; what hangs longer hangs.
CHECK_SECONDS: Final = 3.0


class Level(StrEnum):
    """How bad it is. SKIPPED: could not be looked at, for a reason that is a finding of its own."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        level: how bad it is.
        what: what was seen; never a secret, nor an address with a password.
        why: why that matters; empty where nothing is wrong.
        remedy: what to do: a command, or a setting.
    """

    level: Level
    what: str
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check found."""

    check: str
    findings: tuple[Finding, ...]


Check = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class _Registered:
    name: str
    run: Check
    needs: tuple[str, ...]


_checks: dict[str, _Registered] = {}


def ok(what: str) -> Finding:
    return Finding(Level.OK, what)


def warn(what: str, why: str, remedy: str) -> Finding:
    return Finding(Level.WARN, what, why, remedy)


def fail(what: str, why: str, remedy: str) -> Finding:
    return Finding(Level.FAIL, what, why, remedy)


def examines(name: str, *, needs: Sequence[str] = ()) -> Callable[[Check], Check]:
    """Register a check.

    Args:
        name: unique, as it is shown.
        needs: names of checks without whose success this one would only repeat what they say.
    """

    def register(check: Check) -> Check:
        _checks[name] = _Registered(name, check, tuple(needs))
        return check

    return register


def examine(*, seconds: float = CHECK_SECONDS) -> list[Examined]:
    """Run every check that infra and the rooms have, all at once but for those that need others.

    Args:
        seconds: how long each may take.

    Returns:
        What each found, in the order of their registration.
    """
    for module in diagnosis.modules():
        import_module(module)
    found: dict[str, tuple[Finding, ...]] = {}
    while wave := [c for c in _checks.values() if c.name not in found and found.keys() >= set(c.needs)]:
        skipped = {check.name: _skipped(missing) for check in wave if (missing := _missing(check, found))}
        found |= skipped | _run_all([check for check in wave if check.name not in skipped], seconds)
    return [Examined(name, found[name]) for name in _checks]


def _missing(check: _Registered, found: Mapping[str, Sequence[Finding]]) -> list[str]:
    bad = (Level.FAIL, Level.SKIPPED)
    return [name for name in check.needs if any(finding.level in bad for finding in found[name])]


def _skipped(missing: Sequence[str]) -> tuple[Finding, ...]:
    return (Finding(Level.SKIPPED, f"not looked at: see {', '.join(missing)}"),)


def _run_all(checks: Sequence[_Registered], seconds: float) -> dict[str, tuple[Finding, ...]]:
    found: dict[str, tuple[Finding, ...]] = {}
    # Daemons: one that hangs in a frozen server must not keep the process from ending.
    threads = {
        check: threading.Thread(target=_run, args=(check, found), daemon=True, name=check.name) for check in checks
    }
    for thread in threads.values():
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads.values():
        thread.join(max(until - time.monotonic(), 0.0))
    done = dict(found)
    return {check.name: done.get(check.name) or (_hanging(seconds),) for check in checks}


def _run(check: _Registered, found: dict[str, tuple[Finding, ...]]) -> None:
    # Not at the top: findings are also made where the settings can't be read.
    from django.db import connections

    try:
        found[check.name] = tuple(check.run()) or (ok("nothing to say"),)
    except Exception as error:  # noqa: BLE001 - one broken check must not keep the others from speaking
        found[check.name] = (_broken(error),)
    finally:
        connections.close_all()


def _hanging(seconds: float) -> Finding:
    return fail(
        f"no answer within {seconds:g} s",
        "What it asks hangs: a frozen server, a full disk or a network that swallows packets.",
        "Look at the server itself (its log, its process state), then run doctor again.",
    )


def _broken(error: Exception) -> Finding:
    # Its type alone: a message may quote a row or an address.
    return fail(
        f"could not be looked at ({type(error).__name__})",
        "Something is wrong that this check did not expect.",
        "Look at the other findings first; if this one stays, it is a fault of the check.",
    )
