"""Verifying the chain of the audit log: every entry is read and hashed again, and held against the anchors."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from privacy.services.audit_anchors import Anchor, BadAnchor, read_anchors
from privacy.services.audit_links import COLUMNS, GENESIS, TABLE, hash_of, head

# Keyset pages instead of one long query: entries are never changed, and a long transaction would hold up vacuum.
_PAGE = f"SELECT {COLUMNS}, hash FROM {TABLE} WHERE position > %s ORDER BY position LIMIT 20000"  # noqa: S608 - from the model
_HASHES = f"SELECT position, hash FROM {TABLE} WHERE position > %s ORDER BY position LIMIT 100000"  # noqa: S608 - from the model
_HASH_AT = f"SELECT hash FROM {TABLE} WHERE position = %s"  # noqa: S608 - from the model


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong.

    Args:
        position: of the entry.
        kind: changed, missing, reordered, truncated (entries that an anchor saw are gone from the end), rewritten (the
            chain fits in itself but not with an anchor), or anchor (a line of the file is not what was written).
        explanation: for people.
    """

    position: int
    kind: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found.

    Args:
        entries: how many were hashed and are right.
        head: position of the last entry that there is.
        anchors: how many the chain was held against.
    """

    entries: int
    head: int
    anchors: int
    fault: Fault | None


def verify(
    *, start: int = 1, anchors: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> Verified:
    """Verify the chain from an entry on, up to the first fault.

    Args:
        start: position of the first entry to verify; the hash before it is believed.
        anchors: the file of anchors; None: only what the chain itself shows.
        progress: called with how many entries are done, of how many.

    Raises:
        KeysUnavailable: the anchors' signatures can't be checked.
        OSError: the file of anchors can't be read.
    """
    last = head()[0]
    try:
        known = [anchor for anchor in read_anchors(anchors) if anchor.position >= start] if anchors else []
    except BadAnchor as bad:
        return Verified(0, last, 0, Fault(0, "anchor", f"line {bad.line} of the anchors: {bad.reason}"))
    done, fault = _walk(start, known, _Progress(progress, start, last))
    return Verified(done, last, len(known), fault)


@dataclass(frozen=True, slots=True)
class _Progress:
    tell: Callable[[int, int], None] | None
    start: int
    last: int

    def at(self, position: int) -> None:
        if self.tell:
            self.tell(position - self.start + 1, self.last - self.start + 1)


def _walk(start: int, anchors: Sequence[Anchor], progress: _Progress) -> tuple[int, Fault | None]:
    """Return how many entries are right from ``start`` on, and what is wrong with the next one."""
    expected, previous = start, _hash_before(start)
    if previous is None:
        return 0, Fault(start - 1, "missing", f"entry {start - 1} is missing")
    anchored: defaultdict[int, list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        anchored[anchor.position].append(anchor)
    for position, *entry, stored in _rows(start - 1, progress):
        if position != expected:
            return expected - start, Fault(expected, "missing", f"entry {expected} is missing; {position} is the next")
        if hash_of(previous, position, entry) != stored:
            return expected - start, _explain(position, entry, stored)
        for anchor in anchored.get(position, ()):
            if anchor.hash != stored:
                return expected - start, _rewritten(anchor)
        previous, expected = stored, position + 1
    gone = next((anchor for anchor in anchors if anchor.position >= expected), None)
    return expected - start, _truncated(expected, gone) if gone else None


def _hash_before(start: int) -> bytes | None:
    if start == 1:
        return GENESIS
    with connection.cursor() as cursor:
        cursor.execute(_HASH_AT, [start - 1])
        row = cursor.fetchone()
    return bytes(row[0]) if row else None


def _rows(after: int, progress: _Progress) -> Iterator[Sequence[Any]]:
    for page in _pages(_PAGE, after):
        yield from page
        progress.at(page[-1][0])


def _pages(sql: str, after: int) -> Iterator[list[Any]]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, [after])
            page = cursor.fetchall()
        if not page:
            return
        yield page
        after = page[-1][0]


def _explain(position: int, entry: Sequence[Any], stored: bytes) -> Fault:
    """Return what is wrong with an entry whose hash does not fit: it is another one, or it was changed."""
    elsewhere = _right_place(entry, stored)
    if elsewhere is not None:
        return Fault(position, "reordered", f"in place {position} stands what was entry {elsewhere}")
    return Fault(position, "changed", f"entry {position} is not what was recorded")


def _right_place(entry: Sequence[Any], stored: bytes) -> int | None:
    """Return the position with which the entry's hash fits, if it fits with any."""
    for before, digest in _hashes():
        # After a swap of two neighbours, the hash before the second stands in its own place.
        for position in (before + 1, before):
            if hash_of(bytes(digest), position, entry) == stored:
                return position
    return None


def _hashes() -> Iterable[tuple[int, bytes]]:
    yield 0, GENESIS
    for page in _pages(_HASHES, 0):
        yield from page


def _rewritten(anchor: Anchor) -> Fault:
    return Fault(
        anchor.position, "rewritten", f"line {anchor.line} of the anchors knows another entry {anchor.position}"
    )


def _truncated(first: int, anchor: Anchor) -> Fault:
    return Fault(
        first, "truncated", f"the chain ends before {first}; line {anchor.line} of the anchors saw {anchor.position}"
    )
