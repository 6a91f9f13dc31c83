"""`manage.py evaluate_tones`: what logged decisions tell, and that few tell nothing."""

import orjson
import pytest
from django.core.management import CommandError, call_command

from calibration.models import ToneDecision
from tests.calibration.support import OF, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("creator_1")]


@pytest.fixture
def decisions():
    say("hello")
    for turn in range(80):
        tone, reward = ("playful", 0.9) if turn % 2 else ("friendly", 0.3)
        ToneDecision.objects.create(**OF, turn=turn, tone=tone, propensity=0.5, propensities={}, reward=reward)


def test_estimates_each_tone(decisions, capsys):
    call_command("evaluate_tones", "--creator", "creator-1", "--format", "json")
    answer = orjson.loads(capsys.readouterr().out)
    assert answer["decisions"] == 80
    snips = {tone: estimates[1] for tone, estimates in answer["tones"].items()}
    assert snips["playful"]["value"] == pytest.approx(0.9)
    assert snips["friendly"]["value"] == pytest.approx(0.3)
    assert not snips["dominant"]["sufficient"]


def test_shows_a_table(decisions, capsys):
    call_command("evaluate_tones", "--creator", "creator-1")
    shown = capsys.readouterr().out
    assert "80 decisions, answered with 0.600 on average" in shown
    assert "no: actions never tried" in shown
    assert "yes" in shown


def test_says_where_nothing_is_known_yet(capsys):
    say("hello")
    call_command("evaluate_tones", "--creator", "creator-1")
    assert "No tone decision" in capsys.readouterr().out


def test_an_unknown_creator_is_wrong_usage():
    with pytest.raises(CommandError) as error:
        call_command("evaluate_tones", "--creator", "creator-9")
    assert error.value.returncode == 2
