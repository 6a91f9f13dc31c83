"""A process that carries out an erasure and is killed at a chosen point; started by the tests."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402 - after setup

from privacy.domain import ErasureStep, Pair  # noqa: E402
from privacy.services import erasing, erasure_steps, ledger  # noqa: E402


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_before(work: Callable[..., Any]) -> Callable[..., Any]:
    return die


def dying_after(work: Callable[..., Any]) -> Callable[..., Any]:
    def worked(*args: Any, **kwargs: Any) -> None:
        work(*args, **kwargs)
        die()

    return worked


def main(point: str, creator: str, fan: str) -> None:
    """``point``: before:<step>, after:<step>, tombstone, in-rows or approved."""
    when, _, step = point.partition(":")
    wrapped = dying_before if when == "before" else dying_after
    if step:
        erasure_steps.STEPS[ErasureStep(step)] = wrapped(erasure_steps.STEPS[ErasureStep(step)])
    elif when == "tombstone":
        erasure_steps.ledger.start = dying_after(ledger.start)
    elif when == "in-rows":
        # All rows are deleted, and nothing is committed.
        erasure_steps.store().forgotten = die  # type: ignore[method-assign]
    elif when == "approved":
        erasing.execute = die
    elif when == "receipt-uncommitted":
        erasure_steps.receipts.issue = dying_after(erasure_steps.receipts.issue)
    assert transaction.get_autocommit()
    erasing.erase_now(Pair(creator, fan), requested_by="user:dpo", reason="test")


main(*sys.argv[1:])
