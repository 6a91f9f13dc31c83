"""One batch of an import: stored, counted and checkpointed in one transaction."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import OperationalError

from accounts.gate import Gate
from memory.models import ImportRun
from memory.services.import_batches import Report, store
from memory.services.import_foresight import foresee_now
from memory.services.import_refusals import Refusal, find_barred, too_much_revenue, without
from memory.services.import_runs import advance
from memory.services.writes import carry_out
from ofmemory.errors import InvalidInput
from ofmemory.infra.resilience.policies import DATABASE
from privacy.domain import Pair
from privacy.errors import Erased, NotConsented

ATTEMPTS = 6
# deadlock_detected, lock_not_available: a live writer was in the way; the batch was undone and can be tried again.
BUSY = {"40P01", "55P03"}


def commit(run: ImportRun, reports: Sequence[Report], *, rejected: int, last_line: int) -> list[Refusal]:
    """Store a batch and move the run's checkpoint with it.

    Args:
        rejected: how many rows of the batch were left out before.
        last_line: the last line of the batch, whether it was stored or left out.

    Returns:
        The reports left out now: they take a fan's revenue too high, or the fan was erased or does not consent.

    Raises:
        Conflict: another process went on from this checkpoint; nothing was stored.
    """
    refused: list[Refusal] = []
    for _ in range(ATTEMPTS):
        try:
            _commit_patiently(run, reports, rejected + len(refused), last_line)
        except InvalidInput:
            refused += too_much_revenue(foresee_now(run.creator_id, reports).refused)
            reports = without(reports, refused)
        except (Erased, NotConsented):
            # One fan must not keep the others out.
            refused += find_barred(run.creator_id, reports)
            reports = without(reports, refused)
        else:
            return refused
    raise InvalidInput("What may be stored keeps changing; try again later.")


def _commit_patiently(run: ImportRun, reports: Sequence[Report], rejected: int, last_line: int) -> None:
    """Try again, each time in a new transaction, while live writers are in the way: for a few seconds in all."""
    patient = replace(DATABASE, attempts=ATTEMPTS)
    patient.retried(lambda: _try_commit(run, reports, rejected, last_line), when=_is_busy)


def _try_commit(run: ImportRun, reports: Sequence[Report], rejected: int, last_line: int) -> None:
    pairs = [Pair(run.creator_id, fan_id) for fan_id in dict.fromkeys(report.fan_id for report in reports)]

    def work() -> None:
        created = store(run.creator_id, reports)
        duplicates = len(reports) - created
        advance(run, lines_done=last_line, created=created, duplicates=duplicates, rejected=rejected)

    carry_out(pairs, Gate(run.creator_id, action="history.imported"), work)
    run.lines_done = last_line


def _is_busy(error: Exception) -> bool:
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in BUSY
