"""Why rows that are right in themselves must stay out: what is known about their fans forbids it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory import selectors
from memory.services.counters import MAX_REVENUE
from memory.services.import_batches import Report
from privacy.domain import Limit, Pair
from privacy.services import ledger, processing

TOO_MUCH_REVENUE = f"Takes the fan's revenue above {MAX_REVENUE:,}."
ERASED = "The fan was erased; nothing is stored about them until they consent anew."
NOT_CONSENTED = "The fan does not consent to being remembered."


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that stays out, the field at fault and the reason."""

    report: Report
    field: str
    reason: str


def too_much_revenue(reports: Iterable[Report]) -> list[Refusal]:
    return [Refusal(report, "amount", TOO_MUCH_REVENUE) for report in reports]


def find_barred(creator_id: str, reports: Sequence[Report]) -> list[Refusal]:
    """Return the rows of fans about whom nothing may be stored now."""
    pairs = [Pair(creator_id, fan_id) for fan_id in dict.fromkeys(report.fan_id for report in reports)]
    reasons = dict.fromkeys((pair.fan_id for pair in pairs if not _consents(pair)), NOT_CONSENTED)
    reasons |= dict.fromkeys((pair.fan_id for pair in ledger.find_erased(pairs)), ERASED)
    return [Refusal(report, "fanId", reasons[report.fan_id]) for report in reports if report.fan_id in reasons]


def _consents(pair: Pair) -> bool:
    limits = selectors.find_limits(pair)
    return not (processing.limits_of(pair) if limits is None else limits) & Limit.NO_MEMORY


def without(reports: Sequence[Report], refused: Iterable[Refusal]) -> list[Report]:
    """Return the rows that may go in."""
    left_out = {refusal.report.line for refusal in refused}
    return [report for report in reports if report.line not in left_out]
