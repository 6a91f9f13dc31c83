"""What a message speaks of, and whether its writer likes it: words and their order, no model.

Negation holds where it is said: in "I like cats but not dogs" and "I don't like rain, I love snow" each thing gets its
own sign. What others like, and what is asked, is only mentioned. Words are words: nothing written there is carried out.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from calibration.algorithms.topic_grammars import GRAMMARS, Cue, Grammar
from calibration.algorithms.topic_words import CONTENT_TOPICS, is_sensitive
from calibration.domain import TopicMention

__all__ = ["CONTENT_TOPICS", "extract_topics"]

# Whoever likes something says so early; a wall of text costs no more than its beginning.
READ_CHARACTERS = 2_000
MOST_MENTIONS = 8
NAME_LENGTH = 64
# How far before a cue its subject and negations are looked for, in words.
REACH = 8
THING_WORDS = 4

# Confidence that a word of a topic, or a thing named in any words, is what is liked; that a topic is spoken of at all.
TOPIC_CONFIDENCE = 0.9
THING_CONFIDENCE = 0.6
MENTION_CONFIDENCE = 0.6
ASKED_CONFIDENCE = 0.4
# In a language that is not one of ours, English words may mean something else.
FOREIGN_FACTOR = 0.8
CONFLICT_FACTOR = 0.5

NOT_LIKED_FACTOR = -0.8
NOT_DISLIKED = 0.2
USED_TO_LIKING = 0.3
USED_TO_CONFIDENCE = 0.5

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.!?…\n;:(),]")
_WORD = re.compile(r"\S+")
_ENDS = frozenset(".!?…\n;:()")
_SHORT_FORMS = {
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
    "won't": "will not",
    "dont": "do not",
    "didnt": "did not",
    "doesnt": "does not",
    "im": "i am",
    "ive": "i have",
    "ain't": "am not",
}
_NOT_ONLY = frozenset({"only", "just"})
EXCEPTIONS = frozenset({"except", "sauf", "excepto", "außer", "tranne", "exceto"})
_OPINIONS = frozenset({"think", "guess", "believe", "feel"})
_ALTERNATIVES = frozenset({"or", "nor", "ou", "ni", "o", "oder", "né", "nem"})


@dataclass(frozen=True, slots=True)
class _Sentence:
    words: tuple[str, ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class _Stance:
    """How the writer stands to what is named next."""

    liking: float
    confidence: float
    is_open: bool

    def turned(self) -> "_Stance":
        return _Stance(NOT_LIKED_FACTOR * self.liking, self.confidence, self.is_open)


def extract_topics(text: str, language: str = "en") -> tuple[TopicMention, ...]:
    """Return the topics of a fan's message, at most ``MOST_MENTIONS``, in the order in which they come up.

    Args:
        language: ISO 639-1; in one without a grammar English words are looked for, with less confidence.

    Returns:
        Liking is -1 to 1 and 0 where something is only mentioned. Names are topics of ``topic_words``, or what was
        named after words of liking ("I love salt caramel" gives "salt caramel" beside "food" where a topic has a word).
    """
    grammar = GRAMMARS.get(language, GRAMMARS["en"])
    factor = 1.0 if language in GRAMMARS else FOREIGN_FACTOR
    found: dict[str, TopicMention] = {}
    for sentence in _sentences(text):
        for mention in _Reader(sentence, grammar).read():
            _add(found, TopicMention(mention.name, mention.liking, mention.confidence * factor))
    return tuple(found.values())[:MOST_MENTIONS]


def _add(found: dict[str, TopicMention], new: TopicMention) -> None:
    """Put a mention beside the others: what is liked goes before what is only mentioned, contradiction is doubt."""
    known = found.get(new.name)
    if known is None or (known.liking == 0.0 and new.liking != 0.0):
        found[new.name] = new
    elif new.liking * known.liking < 0.0:
        liking = (known.liking + new.liking) / 2
        confidence = min(known.confidence, new.confidence) * CONFLICT_FACTOR
        found[new.name] = TopicMention(new.name, liking, confidence)


def _sentences(text: str) -> Iterator[_Sentence]:
    """Yield the sentences: words in lower case, and commas."""
    clean = _WORD.sub(_without_address, text[:READ_CHARACTERS])
    clean = unicodedata.normalize("NFC", clean).replace("\u2019", "'").lower()
    words: list[str] = []
    for token in _TOKEN.findall(clean):
        if token in _ENDS:
            yield _Sentence(tuple(words), asks=token == "?")  # noqa: S105 (a mark, not a secret)
            words = []
        else:
            words.extend(_split(token))
    yield _Sentence(tuple(words), asks=False)


def _without_address(match: re.Match[str]) -> str:
    """Return a word, or a pause in the place of an e-mail address, a handle or a link: they are no topics."""
    word = match.group()
    return "," if "@" in word or "://" in word else word


def _split(token: str) -> Sequence[str]:
    """Return the words in a token: short forms are spelled out, "j'aime" is two words."""
    if token in _SHORT_FORMS:
        return _SHORT_FORMS[token].split()
    if token.endswith("n't"):
        return (token[:-3], "not")
    return token.replace("i'm", "i am").replace("'d", " would").replace("'", " ").split()


class _Reader:
    """Reads one sentence from left to right, knowing how the writer stands to what comes next."""

    def __init__(self, sentence: _Sentence, grammar: Grammar) -> None:
        self.words = sentence.words
        self.asks = sentence.asks
        self.grammar = grammar
        self.stance: _Stance | None = None
        self.expects_thing = False
        self.in_list = False
        self.names_first = False

    def read(self) -> Iterator[TopicMention]:
        place = 0
        while place < len(self.words):
            cue = _cue_at(self.words, place, self.grammar)
            if cue:
                yield from self._stands(place, *cue)
                place += cue[0]
            else:
                self._turn(place)
                yield from self._name(place)
                place += 1

    def _stands(self, place: int, length: int, cue: Cue) -> Iterator[TopicMention]:
        """Take in a cue; what stands before it is named at once where its words are that way round."""
        self.stance = _stance(self.words, place, length, cue, self.grammar, asks=self.asks)
        self.expects_thing, self.in_list, self.names_first = not cue.names_first, False, cue.names_first
        if cue.names_first and self.stance:
            yield from _named_before(self.words, place, self.stance, self.grammar)

    def _turn(self, place: int) -> None:
        """End the stance, or turn it round, where a word does so."""
        word, grammar = self.words[place], self.grammar
        before = self.words[place - 1] if place else ""
        if self.stance is None:
            return
        if word in grammar.contrasts:
            self._contrast(place)
        elif word in grammar.breaks or self._begins_clause(word, before):
            self.stance = None
        elif word in grammar.negators and before in grammar.joins:
            self.stance, self.expects_thing = self.stance.turned(), True
        elif word in grammar.closers or word in grammar.others:
            self.stance = replace(self.stance, is_open=False)
        elif word in grammar.joins or (word in grammar.copulas and self.names_first):
            self.expects_thing, self.in_list = True, word in grammar.joins

    def _begins_clause(self, word: str, before: str) -> bool:
        """Return whether a new subject comes; where verbs need theirs, it may be the one of the cue ("hasse ich")."""
        if word in self.grammar.mine and not self.grammar.needs_subject:
            return True
        return before in self.grammar.joins and word in self.grammar.mine | self.grammar.others

    def _contrast(self, place: int) -> None:
        """Take in a contrast: "but not X" and "except X" turn the stance round, any other "but" ends it."""
        following = self.words[place + 1] if place + 1 < len(self.words) else ""
        turns = following in self.grammar.negators or self.words[place] in EXCEPTIONS
        self.stance = self.stance.turned() if self.stance and turns else None
        self.expects_thing = turns

    def _name(self, place: int) -> Iterator[TopicMention]:
        topic = _topic_at(self.words, place, self.grammar)
        if topic:
            yield self._mention(topic)
        if self.stance and self.expects_thing and self._is_thing_word(self.words[place]):
            self.expects_thing = False
            thing = self._thing(place) if self.stance.is_open else ""
            if thing and thing != topic:
                yield TopicMention(thing, self.stance.liking, self.stance.confidence * THING_CONFIDENCE)

    def _thing(self, place: int) -> str:
        """Return the thing named here. A further one of a list must fill its place, or a new clause has begun."""
        thing = _thing_at(self.words, place, self.grammar)
        following = place + len(thing.split())
        fills = following >= len(self.words) or self.words[following] in self.grammar.joins | self.grammar.contrasts
        return thing if fills or not self.in_list else ""

    def _is_thing_word(self, word: str) -> bool:
        """Return whether a thing's name begins here."""
        skipped = word in self.grammar.fillers or word in self.grammar.joins or word in self.grammar.copulas
        turning = word in self.grammar.contrasts or word in self.grammar.negators
        return not skipped and not turning

    def _mention(self, topic: str) -> TopicMention:
        if self.stance:
            return TopicMention(topic, self.stance.liking, self.stance.confidence * TOPIC_CONFIDENCE)
        return TopicMention(topic, 0.0, ASKED_CONFIDENCE if self.asks else MENTION_CONFIDENCE)


def _cue_at(words: Sequence[str], place: int, grammar: Grammar) -> tuple[int, Cue] | None:
    """Return the length of the longest cue that begins here, and the cue."""
    for phrase, cue in grammar.cues.get(words[place], ()):
        if tuple(words[place : place + len(phrase)]) == phrase:
            return len(phrase), cue
    return None


def _topic_at(words: Sequence[str], place: int, grammar: Grammar) -> str:
    """Return the topic of the two words that begin here, or of the one, or ""."""
    pair = grammar.topics.get(f"{words[place]} {words[place + 1]}") if place + 1 < len(words) else None
    return pair or grammar.topics.get(words[place], "")


def _thing_at(words: Sequence[str], place: int, grammar: Grammar) -> str:
    """Return the name of the thing that begins here, up to ``THING_WORDS`` words; "" for none, or a sensitive one."""
    name: list[str] = []
    for word in words[place : place + THING_WORDS]:
        if word in grammar.stops or word in grammar.closers or word in grammar.cues:
            break
        name.append(word)
    thing = " ".join(name)
    allowed = thing.replace(" ", "").isalpha() and 3 <= len(thing) <= NAME_LENGTH
    return thing if allowed and not any(is_sensitive(word) for word in name) else ""


def _named_before(words: Sequence[str], place: int, stance: _Stance, grammar: Grammar) -> Iterator[TopicMention]:
    """Yield what "... is my favourite" is said of: a few words before a copula that begin the clause."""
    end = place
    while end and words[end - 1] not in grammar.copulas and place - end < 3:
        end -= 1
    start = max((at + 1 for at in range(end) if words[at] == ","), default=0)
    if not end or words[end - 1] not in grammar.copulas or not 0 < end - 1 - start <= REACH:
        return
    named = words[start : end - 1]
    topics = [topic for at in range(len(named)) if (topic := _topic_at(named, at, grammar))]
    yield from (TopicMention(topic, stance.liking, stance.confidence * TOPIC_CONFIDENCE) for topic in topics)
    thing = _thing_at(named, 0, grammar)
    if thing and thing not in topics:
        yield TopicMention(thing, stance.liking, stance.confidence * THING_CONFIDENCE)


def _stance(words: Sequence[str], place: int, length: int, cue: Cue, grammar: Grammar, *, asks: bool) -> _Stance | None:
    """Return how the writer stands to what the cue is about; None where it is not the writer who likes it."""
    start = _subject_at(words, place, grammar)
    before = words[start:place]
    if not _is_said(before, words[:start], cue, grammar) and not _follows_inverted(words, place + length, grammar):
        return None
    if asks and words[0] not in grammar.mine:
        return None
    liking = _negated(cue.liking, _negations(words, place, length, start, grammar))
    certainty = FOREIGN_FACTOR if asks else 1.0
    if "used" in before:
        return _Stance(-USED_TO_LIKING if liking > 0 else USED_TO_LIKING, USED_TO_CONFIDENCE, cue.is_open)
    return _Stance(liking, certainty, cue.is_open)


def _subject_at(words: Sequence[str], place: int, grammar: Grammar) -> int:
    """Return the place of the nearest subject before a cue, or of the first word in reach where there is none."""
    first = max(place - REACH, 0)
    subjects = (at for at in range(place - 1, first - 1, -1) if words[at] in grammar.mine | grammar.others)
    return next(subjects, first)


def _is_said(before: Sequence[str], earlier: Sequence[str], cue: Cue, grammar: Grammar) -> bool:
    """Return whether it is the writer who says so of themselves, and does so indeed."""
    if cue.names_first:
        return True
    if before and (before[0] in grammar.others or before[-1] in cue.not_after):
        return False
    if earlier and earlier[-1] in grammar.conditions:
        return False
    if before and before[0] in grammar.mine:
        return not grammar.between or before[-1] in grammar.mine | grammar.between
    return _is_said_without_subject(before, cue, grammar)


def _is_said_without_subject(before: Sequence[str], cue: Cue, grammar: Grammar) -> bool:
    """Return whether a cue with no subject is the writer's: "really love pizza", "not a fan of", "pas fan de"."""
    if grammar.needs_subject:
        return bool(before) and all(word in grammar.negators for word in before)
    if cue.needs_subject and not any(word in grammar.negators for word in before):
        return False
    return not grammar.between or all(word in grammar.between for word in before)


def _follows_inverted(words: Sequence[str], place: int, grammar: Grammar) -> bool:
    """Return whether the subject follows the verb ("Hunde mag ich")."""
    return grammar.needs_subject and place < len(words) and words[place] in grammar.mine


def _negations(words: Sequence[str], place: int, length: int, start: int, grammar: Grammar) -> int:
    """Return how often a cue is negated, by words before it in the same clause and after it."""
    before = [at for at in range(_clause_at(words, place, start, grammar), place) if words[at] in grammar.negators]
    real = [at for at in before if words[at + 1] not in _NOT_ONLY]
    opinion = words[max(start - 3, 0) : start]
    doubted = bool(opinion) and opinion[-1] in _OPINIONS and any(word in grammar.negators for word in opinion)
    return len(real) + doubted + _negated_after(words[place + length :], grammar)


def _clause_at(words: Sequence[str], place: int, start: int, grammar: Grammar) -> int:
    """Return where the clause of a cue begins: after the last "and", "but" or pause, not before its subject."""
    ends = grammar.joins - _ALTERNATIVES | grammar.contrasts
    return next((at + 1 for at in range(place - 1, start - 1, -1) if words[at] in ends), start)


def _negated_after(words: Sequence[str], grammar: Grammar) -> bool:
    for word in words[: grammar.negators_reach]:
        if word in grammar.negators_after:
            return True
        if word in grammar.contrasts or word in grammar.joins:
            return False
    return False


def _negated(liking: float, negations: int) -> float:
    """Return the liking after so many negations: not to love is a mild no, not to hate is hardly a yes."""
    if negations == 0:
        return liking
    if negations % 2 == 0:
        return liking / 2
    return NOT_LIKED_FACTOR * liking if liking > 0 else NOT_DISLIKED
