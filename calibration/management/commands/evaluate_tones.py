from typing import Any

from django.core.management.base import CommandParser

from calibration.management.base import table_text
from calibration.services.tones import evaluate_tones
from memory.evidence import list_creators
from ofmemory.errors import NotFound
from privacy.management.base import DONE, Facts, PrivacyCommand

_HEAD = ("tone", "estimator", "mean reward", "95 % interval", "decisions", "effective", "enough to tell")


class Command(PrivacyCommand):
    help = """Say how well a creator's fans would have answered, had each tone been used alone.

Estimated from the tone decisions that were logged with how likely each was, by three estimators (IPS, SNIPS, doubly
robust): trust a difference only where all three show it. Changes nothing, with or without --dry-run."""

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--creator", metavar="ID", required=True, help="Whose fans.")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        if options["creator"] not in list_creators():
            raise NotFound("There is no such creator with fans.")
        return DONE, evaluate_tones(creator_id=options["creator"])

    def text(self, answer: Any) -> str:
        if not answer["decisions"]:
            return "No tone decision of this creator has an outcome yet."
        title = f"{answer['decisions']} decisions, answered with {answer['meanReward']:.3f} on average"
        rows = [_row(tone, estimate) for tone, estimates in answer["tones"].items() for estimate in estimates]
        return table_text(title, _HEAD, rows)


def _row(tone: str, estimate: dict[str, Any]) -> tuple[str, ...]:
    return (
        tone,
        estimate["estimator"],
        f"{estimate['value']:.3f}",
        f"{estimate['low']:.3f} to {estimate['high']:.3f}",
        str(estimate["decisions"]),
        f"{estimate['effectiveDecisions']:.1f}",
        "yes" if estimate["sufficient"] else f"no: {estimate['reason'].replace('_', ' ')}",
    )
