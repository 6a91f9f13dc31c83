from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.algorithms import safety
from calibration.algorithms.safety import Cue, find_cues
from calibration.algorithms.safety_rules import RULES
from calibration.domain import CueKind
from calibration.evaluation.safety import read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "safety"
LINES = [text for path in sorted(FIXTURES.glob("*.tsv")) for text, _ in read(path)]


def _kinds(text):
    return {cue.kind for cue in find_cues(text)}


def test_a_cue_holds_no_words():
    assert find_cues("hey, I'm 16") == (Cue(CueKind.UNDER_AGE, 1.0, "says_age"),)


def test_of_each_kind_the_gravest_is_told():
    (cue,) = find_cues("I've been crying all night. I feel hopeless. I'm in danger.")
    assert cue == Cue(CueKind.DISTRESS, 0.9, "despair")


def test_several_kinds_come_in_their_order():
    assert [cue.kind for cue in find_cues("are you a bot? I'm so lonely. I want to die")] == [
        CueKind.SELF_HARM,
        CueKind.LONELINESS,
        CueKind.ARE_YOU_A_BOT,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "I'm dying 😂",
        "I could kill for a coffee",
        "this is killing me",
        "my 16 year old car",
        "I'm 16 years older than you",
        "when I was 16",
        "I would never hurt myself",
        "we met in high school",
        "",
        "\x00",
        "😂😂😂",
        "Привет, как дела",
    ],
)
def test_idioms_and_empty_texts_mean_nothing(text):
    assert find_cues(text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I'm 16", CueKind.UNDER_AGE),
        ("IM SIXTEEN", CueKind.UNDER_AGE),
        ("I turn 18 next month", CueKind.UNDER_AGE),
        ("still in high school", CueKind.UNDER_AGE),
        ("I want to k*ll myself", CueKind.SELF_HARM),
        ("I don\u2019t want to live anymore", CueKind.SELF_HARM),
        ("everyone would be better off without me", CueKind.SELF_HARM),
        ("\uff49\uff4d 16", CueKind.UNDER_AGE),
        ("I\u200b'm 1\u200b6", CueKind.UNDER_AGE),
        ("I want to\x00 die", CueKind.SELF_HARM),
        ("my friend wants to kill himself", CueKind.DISTRESS),
    ],
)
def test_however_it_is_written(text, kind):
    assert kind in _kinds(text)


def test_a_word_about_somebody_else_is_not_about_oneself():
    assert CueKind.SELF_HARM not in _kinds("my friend wants to kill himself")
    assert CueKind.UNDER_AGE not in _kinds("my son is 16")


def test_a_laugh_takes_back_what_people_say_in_jest_only():
    assert _kinds("I can't take it anymore") == {CueKind.DISTRESS}
    assert _kinds("I can't take it anymore hahaha") == set()
    assert _kinds("I want to kill myself lol") == {CueKind.SELF_HARM}


def test_what_takes_back_must_stand_near():
    far = "I would never hurt a fly and " + "we talked about the garden and the weather and " * 3
    assert CueKind.SELF_HARM in _kinds(far + "I want to hurt myself")


def test_a_long_sentence_is_read_to_its_end():
    assert CueKind.SELF_HARM in _kinds("and then " * 200 + "I want to kill myself")


@pytest.mark.parametrize("at", range(70, 90))
def test_no_piece_of_a_long_sentence_falls_between_two(at):
    assert CueKind.SELF_HARM in _kinds("and " * at + "I want to kill myself " + "and " * 30)


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    assert len(_kinds(text)) == len(find_cues(text))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(sorted({word for rule in RULES for word in rule.triggers})), max_size=60))
def test_a_hundred_kilobytes_of_anything_are_read(words):
    text = (" ".join([*words, "i", "im", "you"]) + " ") * 2000
    assert isinstance(find_cues(text[:100_000]), tuple)


def test_no_clause_grows_without_bounds():
    clauses = list(safety._clauses("is " * 40_000))
    assert max(len(words) for words in clauses) == safety.MAX_CLAUSE_WORDS
    assert sum(len(words) for words in clauses) < 40_000 * 1.5
    assert len(safety._word("x" * 50_000)) == safety.MAX_WORD_CHARS


def test_the_triggers_keep_no_sentence_from_its_rule():
    """They only save time: no rule that would find something is left untried."""
    by_trigger = safety._by_trigger()
    every_rule = {compiled for rules in by_trigger.values() for compiled in rules}
    for words in (words for line in LINES for words in safety._clauses(line)):
        tried = {compiled for word in words for compiled in by_trigger.get(word, ())}
        assert not [rule.cue for rule in every_rule - tried if rule.stands_in(" ".join(words))], words


def test_names_of_rules_are_unique():
    assert len({(rule.kind, rule.name) for rule in RULES}) == len(RULES)
    assert all(0 < rule.severity <= 1 for rule in RULES)
