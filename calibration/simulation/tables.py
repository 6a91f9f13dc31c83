"""Simulated figures as tables: a row a figure, a column for how much was known."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from calibration.simulation.runs import INTERACTIONS, OCCASIONS
from calibration.simulation.summary import Figure

Table = tuple[str, list[str], list[list[str]]]


def tables(figures: Sequence[Figure]) -> list[Table]:
    """Return (title, head, rows): by interactions, by occasions of buying, and those of everything together."""
    rows: dict[str, dict[int, Figure]] = defaultdict(dict)
    for figure in figures:
        rows[figure.name][figure.at] = figure
    by_occasions = {name for name in rows if name.startswith(("hours", "weekdays"))}
    overall = {name for name in rows if 0 in rows[name]}
    by_interactions = set(rows) - by_occasions - overall
    return [
        _by_mark("By interactions with the fan", INTERACTIONS, by_interactions, rows),
        _by_mark("By occasions of buying (bits over uniform)", OCCASIONS, by_occasions, rows),
        ("Of all weeks", ["figure", "value", "n a seed"], [_overall(rows[name][0]) for name in sorted(overall)]),
    ]


def _by_mark(title: str, marks: Iterable[int], names: Iterable[str], rows: dict[str, dict[int, Figure]]) -> Table:
    used = [mark for mark in marks if any(mark in rows[name] for name in names)]
    cells = [[name, *(_cell(rows[name].get(mark)) for mark in used)] for name in sorted(names)]
    return title, ["figure", *(str(mark) for mark in used)], cells


def _cell(figure: Figure | None) -> str:
    return "" if figure is None else _spread(figure, 2)


def _overall(figure: Figure) -> list[str]:
    return [figure.name, _spread(figure, 3), f"{figure.n:,}"]


def _spread(figure: Figure, digits: int) -> str:
    value, low, high = (f"{number:.{digits}f}" for number in (figure.value, figure.low, figure.high))
    return value if low == high else f"{value} ({low}, {high})"
