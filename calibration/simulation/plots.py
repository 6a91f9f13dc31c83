"""What simulated figures look like. The same figures give the same files, byte by byte."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibration.simulation.summary import Figure, series

# Told apart without colour too: Okabe and Ito's colours, and another line for each.
STYLES = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#666666", ":"))
_SETTINGS: Any = {
    "svg.hashsalt": "ofmemory",
    # Letters stay letters: small, and they can be searched.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e5e5e5",
}


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture.

    Args:
        name: of the file, without its ending.
        lines: figure → what its line is called.
        goal: a level to compare with; None for none.
    """

    name: str
    title: str
    unit: str
    lines: dict[str, str]
    goal: float | None = None
    x_label: str = "interactions with the fan"


PLOTS = (
    Plot(
        "tone_best",
        "Conversations in the fan's best tone",
        "share",
        {f"tone, {name}: the best": name for name in ("learnt", "greedy", "persona", "even")},
    ),
    Plot(
        "tone_regret",
        "How much worse than the best tone",
        "lost affinity, 0-1",
        {f"tone, {name}: regret": name for name in ("learnt", "greedy", "persona", "even")},
    ),
    Plot(
        "preferences",
        "Preferences against what is true",
        "correlation or share",
        {
            "preferences: rank correlation": "rank correlation",
            "preferences: first is among best two": "first is among the best two of five",
            "preferences: first is among worst two": "first is among the worst two",
            "preferences: above lower bound": "truth above the 90 % lower bound",
        },
        goal=0.9,
    ),
    Plot(
        "length",
        "Length of messages",
        "share of fans",
        {
            "length: right way": "the way the fan likes",
            "length: wrong way": "the other way",
            "length: moved without need": "fans who don't care",
        },
    ),
    Plot(
        "emojis",
        "Emojis in messages",
        "share of fans",
        {
            "emojis: right way": "the way the fan likes",
            "emojis: wrong way": "the other way",
            "emojis: moved without need": "fans who don't care",
        },
    ),
    Plot(
        "hours",
        "Hours of buying, time zone known",
        "bits over uniform",
        {
            "hours, zone stated: learnt": "learnt",
            "hours, zone stated: population": "population",
            "hours, zone stated: best possible": "best possible",
        },
        x_label="occasions of buying",
    ),
)


def write_plots(figures: Sequence[Figure], folder: Path) -> list[Path]:
    """Write the pictures into a folder, which is made; return their files.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_SETTINGS):
        return [_write(plot, figures, folder) for plot in PLOTS]


def _write(plot: Plot, figures: Sequence[Figure], folder: Path) -> Path:
    from matplotlib.figure import Figure as Picture
    from matplotlib.ticker import NullLocator

    picture = Picture(figsize=(5.4, 3.4), layout="constrained")
    axes: Any = picture.subplots()
    marks = sorted({figure.at for name in plot.lines for figure in series(figures, name)})
    for (name, label), (colour, line) in zip(plot.lines.items(), STYLES, strict=False):
        _draw(axes, series(figures, name), label, colour, line)
    if plot.goal is not None:
        axes.axhline(plot.goal, color="#999999", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks(marks, labels=[str(mark) for mark in marks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(title=plot.title, xlabel=plot.x_label, ylabel=plot.unit)
    picture.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    path = folder / f"{plot.name}.svg"
    picture.savefig(path, metadata={"Date": None, "Creator": None})
    return path


def _draw(axes: Any, points: Sequence[Figure], label: str, colour: str, line: str) -> None:
    """Draw the mean over seeds, and from the lowest to the highest seed around it."""
    at = [point.at for point in points]
    axes.plot(at, [point.value for point in points], color=colour, linestyle=line, label=label)
    low, high = [point.low for point in points], [point.high for point in points]
    axes.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
