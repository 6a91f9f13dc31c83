"""The stories of ``stories/*.txt``: meetings in order, each a list of (sender, words) turns."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "stories"
_SENDERS = {"F": "fan", "C": "creator"}

Turn = tuple[str, str]
Meeting = tuple[Turn, ...]


@cache
def story(name: str) -> tuple[Meeting, ...]:
    """Return the meetings of a story.

    A line is ``F: words`` of the fan or ``C: words`` of the creator, with `` | `` between ways to say it; ``---`` is
    the time between two meetings. {me}, {c}, {pet}, {friend}, {city} and {job} are filled in for each fan.
    """
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(tuple(_turn(line) for line in part.strip().splitlines()) for part in text.split("---\n"))


def _turn(line: str) -> Turn:
    sender, _, words = line.partition(": ")
    return _SENDERS[sender], words
