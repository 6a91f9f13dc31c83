"""`manage.py learn`: what it learns, of whom, and how it says so."""

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from calibration.models import LearntState
from calibration.services.states import note_failure
from memory.models import EngagementMetrics
from privacy.domain import Limit, Pair
from tests.calibration.support import BEGIN, OF, learn_all, say, state_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("creator_1", "creator_2")]
PAIR = Pair(OF["creator_id"], OF["fan_id"])


@pytest.fixture
def run(capsys):
    """Return the exit code and what the command printed, as JSON."""

    def run_(*arguments):
        code = 0
        try:
            call_command("learn", *arguments, "--format", "json")
        except SystemExit as exit_:
            code = exit_.code
        return code, orjson.loads(capsys.readouterr().out)

    return run_


def refused(*arguments):
    with pytest.raises(CommandError) as error:
        call_command("learn", *arguments)
    return error.value.returncode


def text(capsys, *arguments):
    call_command("learn", *arguments)
    return capsys.readouterr().out


def test_learns_what_lags_behind(run):
    say("hello")
    say("how are you?", 1)
    say("hi", fan_id="fan-2")
    code, facts = run()
    assert (code, facts["pairs"], facts["interactions"], facts["failed"]) == (0, 2, 3, 0)
    assert facts["left"] == {"pairs": 0, "interactions": 0, "oldest": None}
    assert state_of().folded_count == 2
    assert run()[1]["pairs"] == 0


def test_a_dry_run_counts_and_changes_nothing(run, capsys):
    assert "0 pairs have 0 interactions to learn, none waits." in text(capsys, "--dry-run")
    say("hello")
    code, facts = run("--dry-run")
    assert (code, facts["pairs"], facts["interactions"]) == (0, 1, 1)
    assert facts["oldest"]
    assert "1 pairs have 1 interactions to learn, the oldest since 20" in text(capsys, "--dry-run")
    assert not LearntState.objects.exists()


def test_only_one_creator_or_one_fan(run):
    say("hello")
    say("hello", fan_id="fan-2")
    say("hello", creator_id="creator-2")
    assert run("--creator", "creator-1", "--fan", "fan-2")[1]["pairs"] == 1
    assert run("--creator", "creator-2")[1]["pairs"] == 1
    assert not LearntState.objects.filter(**OF).exists()
    assert run("--dry-run")[1]["pairs"] == 1


def test_nobody_there_is_wrong_usage(run):
    say("hello")
    assert refused("--creator", "creator-9") == 2
    assert refused("--creator", "creator-1", "--fan", "fan-9") == 2
    assert refused("--fan", "fan-1") == 2


def test_who_may_only_be_stored_is_left_alone(run):
    say("hello")
    EngagementMetrics.objects.update(limits=int(Limit.RESTRICTED))
    assert run()[1]["pairs"] == 0
    assert run("--all")[1]["pairs"] == 0


def test_everything_anew_gives_the_same_again(run):
    for minute in range(12):
        say("I love your photos", minute)
    learn_all()
    before = state_of()
    code, facts = run("--all")
    assert (code, facts["interactions"]) == (0, 12)
    assert state_of().state == before.state
    assert state_of().version > before.version


@pytest.mark.usefixtures("creator_2")
def test_anew_of_one_creator_alone(run):
    say("hello")
    say("hello", creator_id="creator-2")
    learn_all()
    assert run("--all", "--creator", "creator-2", "--fan", "fan-1")[1]["interactions"] == 1


def test_a_long_history_takes_several_rounds(run, monkeypatch):
    monkeypatch.setattr("calibration.services.events.BATCH_EVENTS", 5)
    for minute in range(13):
        say("hello", minute)
    assert run()[1]["left"]["pairs"] == 0
    assert state_of().folded_count == 13
    assert run("--all")[1]["interactions"] == 13


@pytest.mark.parametrize("of", [(), ("--creator", "creator-1"), ("--creator", "creator-1", "--fan", "fan-1")])
def test_failed_ones_wait_unless_asked_for(run, of):
    say("hello")
    note_failure(PAIR, "ValueError")
    code, facts = run(*of)
    assert (code, facts["pairs"], facts["left"]["pairs"]) == (0, 0, 1)
    assert run("--retry", *of)[1]["pairs"] == 1
    assert state_of().failure_count == 0


@pytest.fixture
def _refused():
    """The database refuses what learning stores, as it would refuse values it has no room for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'a secret thing' USING ERRCODE = 'data_exception'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON emotional_states FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse() CASCADE")


@pytest.mark.usefixtures("_refused")
def test_a_pair_that_fails_is_counted_and_said(capsys):
    say("hello")
    with pytest.raises(SystemExit) as exit_:
        call_command("learn")
    assert exit_.value.code == 1
    printed = capsys.readouterr()
    assert "1 failed; 1 pairs are left." in printed.out
    assert "secret" not in printed.out + printed.err
    assert state_of().failure_count == 1


def test_says_what_it_did(capsys):
    say("hello", timestamp=BEGIN)
    assert "1 pairs stored, 1 interactions, 1 read." in text(capsys)
