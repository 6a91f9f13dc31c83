"""Figures as Markdown, and a document whose parts can be written anew one by one."""

from collections.abc import Sequence

from calibration.evaluation.targets import is_met, margin_of
from calibration.evaluation.values import Metric

_HEAD = "| figure | value | 95 % interval | target | | n |\n|---|---|---|---|---|---|"
# The least that three digits show.
SHOWN = 0.001


def markdown_table(metrics: Sequence[Metric]) -> str:
    """Return a table of figures, each with its spread, and by how much its target was met or missed."""
    return "\n".join([_HEAD, *(_row(metric) for metric in metrics)])


def verdict(metric: Metric) -> str:
    """Return whether the target was met, and by how much; "" without one."""
    met, margin = is_met(metric), margin_of(metric)
    if met is None or margin is None:
        return ""
    amount = f"{abs(margin):.3f}" if abs(margin) >= SHOWN else f"less than {SHOWN}"
    return f"met by {amount}" if met else f"**missed by {amount}**"


def with_part(document: str, part: str, text: str) -> str:
    """Return a document with a part in the place of the one before it; at the end where there was none.

    Args:
        part: its name; it lies between comments that name it, and what is around them stays.
    """
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    before, found, rest = document.partition(begin)
    if not found:
        return f"{document.rstrip()}\n\n{section}\n".lstrip()
    _, _, after = rest.partition(end)
    return f"{before}{section}{after}"


def _row(metric: Metric) -> str:
    cells = (
        metric.name,
        f"{metric.value:.3f}",
        f"{metric.low:.3f} to {metric.high:.3f}",
        metric.target.replace(">=", "≥").replace("<=", "≤"),
        verdict(metric),
        f"{metric.n:,}",
    )
    return f"| {' | '.join(cells)} |"
