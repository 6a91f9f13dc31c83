"""What a rule is, and what the rules share. Patterns see lower-case words, no apostrophes, one blank between them."""

from typing import NamedTuple

from calibration.domain import CueKind


class Rule(NamedTuple):
    """One way to say it.

    Args:
        triggers: words of which one must stand in the clause before the pattern is tried at all.
        pattern: searched in a clause.
        unless: what, within ``CONTEXT_CHARS`` of the find, takes it back; "" for nothing.
        in_earnest: a laugh anywhere in the text takes it back.
    """

    kind: CueKind
    name: str
    severity: float
    triggers: tuple[str, ...]
    pattern: str
    unless: str = ""
    in_earnest: bool = False


LAUGH = "xlaugh"


def words(words: str) -> tuple[str, ...]:
    return tuple(words.split())


def gap(most: int) -> str:
    """Return a pattern for at most so many words in between, with the blanks around them."""
    return rf"(?: \S+){{0,{most}}} "


FAN = r"\b(?:i|im|ive|id|ill)"
ADVERBS = (
    r"(?: (?:really|just|so|sometimes|often|honestly|kinda|kind of|always|only|still|truly|seriously|"
    r"actually|feel|am|have"
    r"|been|very|feeling|a bit|quite|super|even|all|completely|totally|absolutely|pretty|too|"
    r"incredibly|extremely|more"
    r"|literally|constantly|lately|such|like|getting|be|and|deeply|terribly|also|again|now))*"
)
