"""Importing history: files of any size, in batches that each commit together with the place they reach.

A process that is killed goes on at the last checkpoint, and every row has an external id (its own, or one made from
what it says), so that nothing is stored twice in whatever way an import is repeated.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from django.db import OperationalError
from django.utils import timezone

from accounts.gate import Gate
from accounts.services.members import currency_of
from memory.domain import Pair
from memory.models import ImportRun
from memory.services.counters import MAX_REVENUE
from memory.services.import_batches import Foreseen, Report, find_known, find_revenues, foresee, store
from memory.services.import_formats import Format, Row, format_of, read_rows
from memory.services.import_ledger import Ledger, digest
from memory.services.import_rows import understand
from memory.services.import_runs import advance, exclusively, finish, open_run
from memory.services.interactions import checked
from memory.services.writes import writing
from ofmemory.errors import Conflict, InvalidInput, NotFound

BATCH_ROWS = 500
_ATTEMPTS = 5
# deadlock_detected, lock_not_available: a live writer was in the way; the batch was undone and can be tried again.
_BUSY = {"40P01", "55P03"}
_HASH_BYTES = 1 << 20
_TOO_MUCH_REVENUE = f"Takes the fan's revenue above {MAX_REVENUE:,}."


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row was left out; never what it says."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or with ``dry_run`` would do, over all its starts.

    Args:
        duplicates: rows that were stored before, or repeat an external id of the file.
        rejected: rows that were left out.
        resumed_after_line: the last line that an earlier start had done; 0 for none.
    """

    created: int
    duplicates: int
    rejected: int
    resumed_after_line: int = 0
    dry_run: bool = False


def import_history(
    *,
    creator_id: str,
    path: Path,
    format: Literal["auto", "jsonl", "csv"] = "auto",
    dry_run: bool = False,
    on_rejected: Callable[[Rejection], None] = lambda _: None,
    on_progress: Callable[[int, int], None] = lambda _read, _size: None,
) -> Imported:
    """Import a file of interactions; see docs/import.md for the formats.

    Args:
        dry_run: change nothing; count what a run would do now.
        on_rejected: called for each field at fault, once the rest of its batch is stored.
        on_progress: called after each batch with the bytes done and the size of the file.

    Raises:
        NotFound: no such creator.
        InvalidInput: the file can't be read, or is not what it should be.
        Conflict: another process is importing it, or it changed meanwhile.
    """
    currency = currency_of(creator_id)
    if currency is None:
        raise NotFound("No such creator.")
    with _opened(path) as file, Ledger() as ledger:
        work = _Import(creator_id, currency, ledger, on_rejected)
        rows = read_rows(file, format_of(path, file) if format == "auto" else format)
        batches = _with_progress(_batches(rows), os.fstat(file.fileno()).st_size, on_progress)
        if dry_run:
            return work.rehearse(batches)
        file_digest = _digest_of(file)
        with exclusively(creator_id, file_digest):
            return work.carry_out(batches, open_run(creator_id, file_digest))


def import_reports(*, creator_id: str, name: str, reports: Iterable[Report]) -> Imported:
    """Import history that is made here, under a name that takes the place of the file.

    Args:
        reports: with external ids, and in the same order every time.

    Raises:
        Conflict: another process is importing it.
    """
    run_digest = digest_of_name(name)
    with exclusively(creator_id, run_digest):
        run = open_run(creator_id, run_digest)
        resumed_after = run.lines_done
        remaining = iter([report for report in reports if report.line > resumed_after])
        while batch := list(islice(remaining, BATCH_ROWS)):
            _commit(run, batch, rejected=0, last_line=batch[-1].line)
        return _outcome(finish(run), resumed_after)


def digest_of_name(name: str) -> bytes:
    """Return what stands for the digest of a file in the run of ``import_reports``."""
    return hashlib.sha256(name.encode()).digest()


@dataclass
class _Import:
    """One pass over one file."""

    creator_id: str
    currency: str
    ledger: Ledger
    on_rejected: Callable[[Rejection], None]
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])

    def carry_out(self, batches: Iterable[list[Row]], run: ImportRun) -> Imported:
        resumed_after = run.lines_done
        for rows in batches:
            # Rows done before are looked at again only for the names of those that repeat them.
            reports, rejections = self._sorted_out(rows)
            reports = [report for report in reports if report.line > resumed_after]
            rejections = [rejection for rejection in rejections if rejection.line > resumed_after]
            if rows[-1].line > resumed_after:
                refused = _commit(run, reports, rejected=_rows_in(rejections), last_line=rows[-1].line)
                self._tell([*rejections, *refused])
        return _outcome(finish(run), resumed_after)

    def rehearse(self, batches: Iterable[list[Row]]) -> Imported:
        created = duplicates = rejected = 0
        for rows in batches:
            reports, rejections = self._sorted_out(rows)
            foreseen = self._foreseen(reports)
            rejections += map(_too_much_revenue, foreseen.refused)
            created += len(foreseen.created)
            duplicates += foreseen.duplicates
            rejected += _rows_in(rejections)
            self._tell(rejections)
        return Imported(created, duplicates, rejected, dry_run=True)

    def _sorted_out(self, rows: Sequence[Row]) -> tuple[list[Report], list[Rejection]]:
        now = timezone.now()
        reports: list[Report] = []
        rejections: list[Rejection] = []
        for row in rows:
            if row.values is None:
                rejections.append(Rejection(row.line, "row", row.problem))
                continue
            try:
                fan_id, said = understand(row.values, creator_id=self.creator_id)
                reports.append(Report(row.line, fan_id, checked(said, creators_currency=self.currency, now=now)))
            except InvalidInput as error:
                rejections += _rejections(row.line, error)
        return self.ledger.named(reports), rejections

    def _foreseen(self, reports: Sequence[Report]) -> Foreseen:
        """Say what storing would do after everything before it in the file, which is not stored either."""
        seen = {digest("seen", key[0].__name__, *key[1:]): key for key in {report.key for report in reports}}
        spent = {digest("spent", fan): fan for fan in {report.fan_id for report in reports if report.paid}}
        before = self.ledger.add(dict.fromkeys([*seen, *spent], 0))
        known = {key for mark, key in seen.items() if before[mark]} | find_known(self.creator_id, seen.values())
        revenues = find_revenues(self.creator_id, reports)
        for mark, fan in spent.items():
            revenues[fan] = revenues.get(fan, 0) + _money(before[mark])
        foreseen = foresee(reports, known, revenues)
        self._note(foreseen.created)
        return foreseen
