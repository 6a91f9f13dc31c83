"""`manage.py fit_priors`: for which creators there are enough fans."""

import orjson
import pytest
from django.core.management import CommandError, call_command

from calibration.models import CreatorPriors
from tests.calibration.support import learn_all, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("creator_1", "creator_2")]


@pytest.fixture
def fans(settings):
    settings.LEARNING_POOL_MIN_FANS = 5
    for number in range(5):
        say("I love your photos", fan_id=f"fan-{number}")
    say("hello", creator_id="creator-2")
    learn_all()


def facts(capsys, *arguments):
    call_command("fit_priors", *arguments, "--format", "json")
    return orjson.loads(capsys.readouterr().out)


def test_fits_where_there_are_enough(fans, capsys):
    assert facts(capsys) == {"creators": ["creator-1", "creator-2"], "fitted": ["creator-1"]}
    assert CreatorPriors.objects.get().pair_count == 5


def test_one_creator_alone(fans, capsys):
    assert facts(capsys, "--creator", "creator-2") == {"creators": ["creator-2"], "fitted": []}


def test_a_dry_run_fits_nothing(fans, capsys):
    assert facts(capsys, "--dry-run")["fitted"] == []
    assert not CreatorPriors.objects.exists()


def test_an_unknown_creator_is_wrong_usage(fans):
    with pytest.raises(CommandError) as error:
        call_command("fit_priors", "--creator", "creator-9")
    assert error.value.returncode == 2


def test_says_what_it_did(fans, capsys):
    call_command("fit_priors")
    assert "1 of 2 creators have 5 fans or more: creator-1." in capsys.readouterr().out
    call_command("fit_priors", "--creator", "creator-2")
    assert "0 of 1 creators have 5 fans or more: none." in capsys.readouterr().out
