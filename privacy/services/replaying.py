"""After a restore: the erasures that the restored database has not seen are carried out again.

The ledger lies with the keys and is not restored with the main database. Which of its entries this database has carried
out stands in ``applied_erasures``. The ledger knows no fans, so every pair there is here is held against it. What an
older copy still holds can't be read, for its keys are gone; but it names people.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from ofmemory.infra.db import taking
from privacy.domain import OPEN_STATUSES, Pair, RequestStatus
from privacy.errors import OnHold
from privacy.keys import keyring
from privacy.keys.guard import guarded
from privacy.keys.models import Erasure
from privacy.models import AppliedErasure, DataRequest
from privacy.registry import store
from privacy.services import audit, pair_rows, requests
from privacy.services.holds import guard

ACTOR = f"{audit.SYSTEM}:replay"
# A restored database lacks the latest; the sweep through the whole ledger is for ``replay``.
_LATEST = 100
_BATCH = 1000


@dataclass
class Replayed:
    """What a replay did, or with ``dry_run`` would do.

    Args:
        entries: of the ledger, that this database had not carried out.
        pairs: that were here still, and were erased again.
        rows: of theirs, by table.
        held: pairs that a legal hold kept from it; their entries stay open.
    """

    entries: int = 0
    pairs: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    held: int = 0


def is_current() -> bool:
    """Return whether this database has carried out the latest erasures: before, it must not be served from."""
    try:
        completed = Erasure.objects.filter(completed_at__isnull=False).order_by("-completed_at")
        latest = set(completed.values_list("id", flat=True)[:_LATEST])
        return not latest or AppliedErasure.objects.filter(id__in=latest).count() == len(latest)
    except DatabaseError:
        return False


def replay(*, dry_run: bool = False, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Replayed:
    """Carry out again every erasure of the ledger that this database has not seen.

    Data written after an entry was lifted, because the fan consented anew, stays.

    Args:
        dry_run: change nothing.
        progress: called after each pair with how many are done, of how many.

    Raises:
        KeysUnavailable: the keys database did not answer.
    """
    entries = _unapplied()
    found = _find_pairs(entries)
    outcome = Replayed(entries=sum(map(len, entries.values())))
    for done, (pair, of_pair) in enumerate(found.items(), 1):
        try:
            _add(outcome, _count(pair, of_pair) if dry_run else _erase_again(pair, of_pair))
        except OnHold:
            outcome.held += 1
            entries.pop(keyring.subject_of(pair), None)
        progress(done, len(found))
    if not dry_run:
        _mark([entry.id for of_subject in entries.values() for entry in of_subject])
    return outcome


def _add(outcome: Replayed, rows: dict[str, int]) -> None:
    outcome.pairs += 1
    for name, count in rows.items():
        if count:
            outcome.rows[name] = outcome.rows.get(name, 0) + count


# ---- which


def _unapplied() -> dict[bytes, list[Erasure]]:
    """Return the entries to be carried out, oldest first, by subject. What is under way here the sweep finishes."""
    with guarded():
        entries = list(Erasure.objects.order_by("started_at"))
    under_way = set(DataRequest.objects.filter(status__in=OPEN_STATUSES).values_list("id", flat=True))
    found: dict[bytes, list[Erasure]] = defaultdict(list)
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        applied = set(AppliedErasure.objects.filter(id__in=[e.id for e in batch]).values_list("id", flat=True))
        for entry in batch:
            if entry.id not in applied and (entry.completed_at or entry.id not in under_way):
                found[bytes(entry.subject)].append(entry)
    return dict(found)


def _find_pairs(entries: dict[bytes, list[Erasure]]) -> dict[Pair, list[Erasure]]:
    if not entries:
        return {}
    found: dict[Pair, list[Erasure]] = {}
    with transaction.atomic(), taking(None):
        for pair in _all_pairs():
            if of_subject := entries.get(keyring.subject_of(pair)):
                found[pair] = of_subject
    return found


def _all_pairs() -> Iterator[Pair]:
    yield from store().iterate_pairs()
    for table in pair_rows.tables_of_fans():
        if table.rows_of is None and not table.lock:
            rows = table.model._default_manager.exclude(fan_id="").order_by()
            yield from (Pair(*ids) for ids in rows.values_list("creator_id", "fan_id").distinct().iterator())


# ---- again


def _erase_again(pair: Pair, entries: Sequence[Erasure]) -> dict[str, int]:
    ids, lifted_at = [entry.id for entry in entries], _lifted_at(entries)
    with store().writing(pair):
        was_there = store().lock(pair) if lifted_at else pair_rows.lock(pair)
        guard(pair)
        if lifted_at is None:
            _complete(ids)
            requests.close_others(pair, erasures=ids)
            rows = pair_rows.erase_rows(pair)
            rows = rows if was_there else pair_rows.but_the_lock(rows)
        else:
            rows = pair_rows.erase_rows_before(pair, lifted_at)
            if any(rows.values()) and store().lock(pair):
                store().recount(pair)
        _mark(ids)
        store().forgotten(pair)
        counts = {name: count for name, count in rows.items() if count}
        details = {"erasures": [str(entry_id) for entry_id in ids], "rows": counts}
        audit.record("erasure.replayed", actor=ACTOR, creator_id=pair.creator_id, details=details)
    store().purge_caches(pair)
    store().purge_queues(pair)
    if lifted_at is None:
        keyring.destroy(pair)
    return rows


def _lifted_at(entries: Sequence[Erasure]) -> datetime | None:
    """Return since when data of the pair may be here again; None: none may."""
    lifted = [entry.lifted_at for entry in entries]
    return None if None in lifted else max(at for at in lifted if at)


def _complete(ids: Sequence[UUID]) -> None:
    """Close the requests that were carried out after the backup; their receipts were handed out then."""
    open_here = DataRequest.objects.filter(id__in=ids, status__in=OPEN_STATUSES)
    replayed = requests.with_steps(replayed={"at": timezone.now().isoformat()})
    open_here.update(status=RequestStatus.COMPLETED, completed_at=timezone.now(), steps=replayed)


def _count(pair: Pair, entries: Sequence[Erasure]) -> dict[str, int]:
    """Return what ``_erase_again`` would erase: by doing so, and taking it back."""
    with transaction.atomic():
        guard(pair)
        lifted_at = _lifted_at(entries)
        if lifted_at is None:
            rows = pair_rows.count_rows(pair)
        else:
            rows = pair_rows.erase_rows_before(pair, lifted_at)
            transaction.set_rollback(True)
    return rows


def _mark(ids: Sequence[UUID]) -> None:
    AppliedErasure.objects.bulk_create([AppliedErasure(id=entry_id) for entry_id in ids], ignore_conflicts=True)
