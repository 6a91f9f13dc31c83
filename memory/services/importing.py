"""Importing history: files of any size, in batches that each commit together with the place they reach.

A process that is killed goes on at the last checkpoint, and every row has an external id (its own, or one made from
what it says), so that nothing is stored twice in whatever way an import is repeated.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from django.utils import timezone

from accounts.services.members import currency_of
from memory.models import ImportRun
from memory.services.import_batches import Report
from memory.services.import_commit import commit
from memory.services.import_foresight import foresee_in_file
from memory.services.import_formats import Row, format_of, read_rows
from memory.services.import_ledger import Ledger
from memory.services.import_refusals import Refusal, find_barred, too_much_revenue, without
from memory.services.import_rows import understand
from memory.services.import_runs import exclusively, finish, open_run
from memory.services.interactions import checked
from ofmemory.errors import Conflict, InvalidInput, NotFound

T = TypeVar("T")

BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class Rejection:
    """What is wrong with one field of a row that was left out; never what it says."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did over all its starts, or with ``dry_run`` would do.

    Args:
        duplicates: rows that are stored already, or repeat an external id of the file.
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
    """Import a file of interactions; docs/import.md describes it.

    Args:
        dry_run: change nothing; count what a run would do now.
        on_rejected: called for each field at fault, once the rest of its batch is stored.
        on_progress: called after each batch with the bytes done and the size of the file.

    Raises:
        NotFound: no such creator.
        InvalidInput: the file can't be read, or is not what it should be.
        Conflict: another process is importing it, or it was changed meanwhile.
    """
    currency = currency_of(creator_id)
    if currency is None:
        raise NotFound("No such creator.")
    with _opened(path) as file, Ledger() as ledger:
        file_digest = b"" if dry_run else _digest_of(file)
        rows = read_rows(file, format_of(path, file) if format == "auto" else format)
        pass_ = _Pass(creator_id, currency, ledger, on_rejected)
        batches = _with_progress(_batches(rows), os.fstat(file.fileno()).st_size, on_progress)
        if dry_run:
            return pass_.rehearse(batches)
        with exclusively(creator_id, file_digest):
            return pass_.carry_out(batches, open_run(creator_id, file_digest))


def import_reports(*, creator_id: str, name: str, reports: Iterable[Report]) -> Imported:
    """Import history that is made here, under a name that stands for the file.

    Args:
        reports: with external ids and ascending lines, the same in every run.

    Raises:
        Conflict: another process is importing it.
    """
    with exclusively(creator_id, digest_of_name(name)):
        run = open_run(creator_id, digest_of_name(name))
        resumed_after = run.lines_done
        for batch in _batches(report for report in reports if report.line > resumed_after):
            commit(run, batch, rejected=0, last_line=batch[-1].line)
        return _outcome(finish(run), resumed_after)


def digest_of_name(name: str) -> bytes:
    """Return what stands for the digest of a file in the run of ``import_reports``."""
    return hashlib.sha256(name.encode()).digest()


@dataclass(frozen=True, slots=True)
class _Pass:
    """One reading of one file."""

    creator_id: str
    currency: str
    ledger: Ledger
    on_rejected: Callable[[Rejection], None]

    def carry_out(self, batches: Iterable[Sequence[Row]], run: ImportRun) -> Imported:
        done = run.lines_done
        for rows in batches:
            # What an earlier start has done is read again only to count the rows that say the same.
            reports, rejections = self._sorted_out(rows)
            reports = [report for report in reports if report.line > done]
            rejections = [rejection for rejection in rejections if rejection.line > done]
            if rows[-1].line > done:
                refused = commit(run, reports, rejected=_rows_in(rejections), last_line=rows[-1].last_line)
                self._tell(rejections, refused)
        return _outcome(finish(run), done)

    def rehearse(self, batches: Iterable[Sequence[Row]]) -> Imported:
        created = duplicates = rejected = 0
        for rows in batches:
            reports, rejections = self._sorted_out(rows)
            refused = find_barred(self.creator_id, reports)
            foreseen = foresee_in_file(self.creator_id, without(reports, refused), self.ledger)
            refused += too_much_revenue(foreseen.refused)
            created += len(foreseen.created)
            duplicates += len(foreseen.duplicates)
            rejected += len(refused) + _rows_in(rejections)
            self._tell(rejections, refused)
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

    def _tell(self, rejections: list[Rejection], refused: Iterable[Refusal]) -> None:
        barred = [Rejection(refusal.report.line, refusal.field, refusal.reason) for refusal in refused]
        for rejection in sorted([*rejections, *barred], key=lambda rejection: rejection.line):
            self.on_rejected(rejection)


def _rejections(line: int, error: InvalidInput) -> list[Rejection]:
    fields: Any = error.details["fields"]
    return [Rejection(line, name, problem[:1].upper() + problem[1:]) for name, (problem, *_) in fields.items()]


def _rows_in(rejections: Iterable[Rejection]) -> int:
    return len({rejection.line for rejection in rejections})


def _outcome(run: ImportRun, resumed_after_line: int) -> Imported:
    return Imported(run.created_count, run.duplicate_count, run.rejected_count, resumed_after_line)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_ROWS)):
        yield batch


def _with_progress(
    batches: Iterable[list[Row]], size: int, on_progress: Callable[[int, int], None]
) -> Iterator[list[Row]]:
    for rows in batches:
        yield rows
        on_progress(rows[-1].bytes_read, size)


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    try:
        # A pipe without a writer would block the opening itself.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a path"
        raise InvalidInput.field("file", f"can't be read: {reason}.") from error
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        os.close(descriptor)
        raise InvalidInput.field("file", "is not a regular file.")
    with os.fdopen(descriptor, "rb") as file:
        yield file
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Conflict("The file was changed while it was read; import it again.")


def _digest_of(file: BufferedReader) -> bytes:
    digest = hashlib.file_digest(file, "sha256").digest()
    file.seek(0)
    return digest
