"""Cues in what a fan writes that stop selling and call a human. Rules over words, English only; no clinical tool.

A text is read clause by clause as lower-case words without apostrophes, so every rule is a regular expression with
bounded gaps over words of bounded length: the time is linear in the length of the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from calibration.algorithms.safety_rules import LAUGH, RULES, Rule
from calibration.domain import CueKind


@dataclass(frozen=True, slots=True)
class Cue:
    """What a rule saw; never the words it saw.

    Args:
        severity: 0-1, how sure and how grave.
        rule: the rule's name, for the audit and for tuning.
    """

    kind: CueKind
    severity: float
    rule: str


MAX_WORD_CHARS = 32
# What bounds the time of a pattern; a longer clause is read in pieces that overlap by more than any pattern spans.
MAX_CLAUSE_WORDS = 80
OVERLAP_WORDS = 20
CONTEXT_CHARS = 60

_APOSTROPHE_CHARS = "'`*\u2019\u00b4"
_ENDS = ".!?;\n\r\u2026\u3002\uff01\uff1f"
_LAUGHS = "😂🤣😹😆💀"
# Numbers with a point, words with apostrophes inside, laughing faces, ends of sentences.
_TOKEN = re.compile(rf"\d+[.,:/]\d+|[^\W_]+(?:[{_APOSTROPHE_CHARS}][^\W_]+)*|[{_LAUGHS}]|[{_ENDS}]")
_LAUGHTER = re.compile(r"l+o+l+[sz]?|l+m+f*a+o+|rof+l+|(?:a?ha){2,}h?|(?:he){2,}|(?:ja){2,}|xd+")
_LAUGHTER_STARTS = "lrahjx"
_APOSTROPHES = re.compile(rf"[{_APOSTROPHE_CHARS}]")
_INVISIBLE = dict.fromkeys([0x00, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_NUMBERS = {
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
    "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18",
}  # fmt: skip


def find_cues(text: str) -> tuple[Cue, ...]:
    """Return what a fan's words point at, the gravest of each kind, in the order of ``CueKind``.

    Args:
        text: any; what is not English finds nothing.
    """
    clauses = list(_clauses(text))
    laughs = any(LAUGH in words for words in clauses)
    found: dict[CueKind, Cue] = {}
    for words in clauses:
        for cue in _cues_in(words, laughs=laughs):
            if cue.kind not in found or found[cue.kind].severity < cue.severity:
                found[cue.kind] = cue
    return tuple(found[kind] for kind in CueKind if kind in found)


def _clauses(text: str) -> Iterator[list[str]]:
    words: list[str] = []
    for token in _TOKEN.findall(text.casefold().translate(_INVISIBLE)):
        if token in _ENDS:
            yield words
            words = []
            continue
        if len(words) == MAX_CLAUSE_WORDS:
            yield words
            words = words[-OVERLAP_WORDS:]
        words.append(_word(token))
    yield words


def _word(token: str) -> str:
    if token in _LAUGHS:
        return LAUGH
    word = token[:MAX_WORD_CHARS]
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word).casefold()
    if not word.isalnum():
        word = _APOSTROPHES.sub("", word)
    if word[0] in _LAUGHTER_STARTS and _LAUGHTER.fullmatch(word):
        return LAUGH
    return _NUMBERS.get(word, word)


def _cues_in(words: list[str], *, laughs: bool) -> Iterator[Cue]:
    by_trigger = _by_trigger()
    tried = dict.fromkeys(rule for word in dict.fromkeys(words) for rule in by_trigger.get(word, ()))
    if not tried:
        return
    clause = " ".join(words)
    for compiled in tried:
        if not (laughs and compiled.rule.in_earnest) and compiled.stands_in(clause):
            yield compiled.cue


@dataclass(frozen=True, slots=True, eq=False)
class _Compiled:
    rule: Rule
    cue: Cue
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None

    def stands_in(self, clause: str) -> bool:
        """Return whether the pattern is found somewhere where nothing takes it back."""
        return any(not self._is_taken_back(clause, match) for match in self.pattern.finditer(clause))

    def _is_taken_back(self, clause: str, match: re.Match[str]) -> bool:
        if self.unless is None:
            return False
        around = clause[max(0, match.start() - CONTEXT_CHARS) : match.end() + CONTEXT_CHARS]
        return self.unless.search(around) is not None


@cache
def _by_trigger() -> dict[str, tuple[_Compiled, ...]]:
    table: dict[str, tuple[_Compiled, ...]] = {}
    for rule in RULES:
        unless = re.compile(rule.unless) if rule.unless else None
        compiled = _Compiled(rule, Cue(rule.kind, rule.severity, rule.name), re.compile(rule.pattern), unless)
        for trigger in rule.triggers:
            table[trigger] = (*table.get(trigger, ()), compiled)
    return table
