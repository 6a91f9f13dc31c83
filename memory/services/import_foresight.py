"""What storing some history would do: for dry runs, and to find the rows that must stay out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from memory.models import EngagementMetrics
from memory.services.counters import MAX_REVENUE
from memory.services.import_batches import Key, Report, find_known
from memory.services.import_ledger import Ledger, digest

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What storing some reports will do with each; ``refused`` would take a fan's revenue too high."""

    created: list[Report]
    duplicates: list[Report]
    refused: list[Report]


def foresee(reports: Iterable[Report], known: set[Key], revenues: Mapping[str, Decimal]) -> Foreseen:
    """Say what storing would do.

    Args:
        known: what is stored already.
        revenues: fan → total revenue now; 0 where missing.
    """
    held, totals, foreseen = set(known), dict(revenues), Foreseen([], [], [])
    for report in reports:
        total = totals.get(report.fan_id, _NOTHING) + report.paid
        if report.key in held:
            foreseen.duplicates.append(report)
        elif total > MAX_REVENUE:
            foreseen.refused.append(report)
        else:
            held.add(report.key)
            totals[report.fan_id] = total
            foreseen.created.append(report)
    return foreseen


def foresee_now(creator_id: str, reports: Sequence[Report]) -> Foreseen:
    """Say what storing would do with the database as it is."""
    known = find_known(creator_id, [report.key for report in reports])
    return foresee(reports, known, find_revenues(creator_id, reports))


def foresee_in_file(creator_id: str, reports: Sequence[Report], ledger: Ledger) -> Foreseen:
    """Say what storing would do after the rows before them in the file, of which none is stored."""
    marks = {_seen(report): report.key for report in reports}
    spent = {_spent(report): report.fan_id for report in reports if report.paid}
    before = ledger.add(dict.fromkeys([*marks, *spent], 0))
    known = {key for mark, key in marks.items() if before[mark]} | find_known(creator_id, marks.values())
    revenues = find_revenues(creator_id, reports)
    for mark, fan_id in spent.items():
        revenues[fan_id] = revenues.get(fan_id, _NOTHING) + Decimal(before[mark]) / 100
    foreseen = foresee(reports, known, revenues)
    _note(ledger, foreseen.created)
    return foreseen


def find_revenues(creator_id: str, reports: Iterable[Report]) -> dict[str, Decimal]:
    """Return the total revenue of each fan who pays in ``reports`` and was seen before."""
    fans = {report.fan_id for report in reports if report.paid}
    rows = EngagementMetrics.objects.filter(creator_id=creator_id, fan_id__in=fans)
    return dict(rows.values_list("fan_id", "total_revenue"))


def _note(ledger: Ledger, created: Iterable[Report]) -> None:
    amounts: dict[bytes, int] = {}
    for report in created:
        amounts[_seen(report)] = 1
        if report.paid:
            amounts[_spent(report)] = amounts.get(_spent(report), 0) + int(report.paid * 100)
    ledger.add(amounts)


def _seen(report: Report) -> bytes:
    model, fan_id, external_id = report.key
    return digest("seen", model.__name__, fan_id, external_id)


def _spent(report: Report) -> bytes:
    return digest("spent", report.fan_id)
