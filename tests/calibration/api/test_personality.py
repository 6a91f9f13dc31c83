"""Calibrating, locking and rolling back a profile over REST."""

import pytest

from calibration.models import LearntState
from memory.models import PersonalityChange, PersonalityProfile
from memory.shapes import PERSONA_COLUMNS
from tests.calibration.api.support import NOBODYS, TARGET, data
from tests.calibration.support import OF, learn_all, say
from tests.memory.support import QUERY, B, fields_at_fault, refused

pytestmark = pytest.mark.django_db(transaction=True)

CALIBRATE, LOCK, ROLLBACK = f"{B}/calibrate", f"{B}/personality/lock", f"{B}/personality/rollback"
HISTORY = f"{B}/personality/history{QUERY}"


@pytest.fixture
def fan(service):
    service.say("fan-1")


def test_calibrate_takes_in_what_is_pending(service):
    for n in range(12):
        say("so cute! 😍😍", n)
    assert service.context("fan-1")["learning"]["pending"] == 12
    profile = data(service.post(CALIBRATE, TARGET))
    assert profile == data(service.get(f"{B}/personality{QUERY}"))
    assert profile["interactionCount"] == 12
    assert profile["confidenceScore"] > 0
    assert profile["lastCalibrated"]
    assert service.context("fan-1")["learning"]["pending"] == 0


def test_calibrating_twice_changes_nothing_more(service, fan):
    first, second = (data(service.post(CALIBRATE, TARGET)) for _ in range(2))
    assert {**first, "lastCalibrated": ""} == {**second, "lastCalibrated": ""}


def test_calibrate_leaves_what_is_locked(service):
    for n in range(12):
        say("so cute! 😍😍", n)
    service.patch(f"{B}/personality", {**TARGET, "emojiFrequency": 0.1, "preferredEmojis": ["🌲"]})
    profile = data(service.post(CALIBRATE, TARGET))
    assert (profile["emojiFrequency"], profile["preferredEmojis"]) == (0.1, ["🌲"])


def test_calibrate_while_learning_fails(service, fan):
    learn_all()
    LearntState.objects.update(failure_count=5, retry_at=None)
    answer = service.post(CALIBRATE, TARGET)
    refused(answer, 503, "CALIBRATION_FAILED")
    assert int(answer.headers["Retry-After"]) > 0


def test_calibrate_counts_as_a_write(service, fan, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "writes_per_fan": 1}
    assert service.post(CALIBRATE, TARGET).status_code == 200
    refused(service.post(CALIBRATE, TARGET), 429, "RATE_LIMIT_EXCEEDED")


def test_history_says_why(service):
    for n in range(40):
        say("so cute! 😍😍", n * 3)
        say("thank you 😘", n * 3 + 1, sender="creator")
    learn_all()
    service.patch(f"{B}/personality", {**TARGET, "tone": "dominant"})
    by_hand, *learnt = data(service.get(HISTORY))
    assert (by_hand["reason"], by_hand["why"]) == ("manual", [])
    why = [one for change in learnt for one in change["why"]]
    assert {change["reason"] for change in learnt} == {"learnt"}
    assert set(why[0]) == {"trait", "before", "after", "rule", "numbers", "evidence"}
    assert all(one["trait"] in PERSONA_COLUMNS and one["before"] != one["after"] for one in why)


# ---- locks


def test_lock_keeps_and_release_gives_back(service, fan):
    profile = data(service.post(LOCK, {**TARGET, "lock": list(PERSONA_COLUMNS)}))
    assert profile["lockedTraits"] == list(PERSONA_COLUMNS)
    profile = data(service.post(LOCK, {**TARGET, "lock": ["tone"], "release": ["emojiFrequency", "responseSpeed"]}))
    assert set(PERSONA_COLUMNS) - set(profile["lockedTraits"]) == {"emojiFrequency", "responseSpeed"}
    assert [change["reason"] for change in data(service.get(HISTORY))] == ["manual", "manual"]


def test_locking_nothing_changes_nothing(service, fan):
    assert data(service.post(LOCK, TARGET))["lockedTraits"] == []
    assert not PersonalityChange.objects.exists()


def test_who_locked_is_named(alice):
    alice.say("fan-1")
    alice.post(LOCK, {**TARGET, "lock": ["tone"]})
    assert PersonalityChange.objects.get().actor.startswith("user:")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lock": ["confidenceScore"]}, "lock"),
        ({"lock": ["emoji_frequency"]}, "lock"),
        ({"lock": "tone"}, "lock"),
        ({"lock": None}, "lock"),
        ({"lock": [None]}, "lock"),
        ({"lock": [["tone"]]}, "lock"),
        ({"release": [""]}, "release"),
        ({"release": {}}, "release"),
        ({"lock": ["tone"], "release": ["tone"]}, "release"),
        ({"tone": "flirty"}, "tone"),
    ],
)
def test_refuses_locks(service, fan, body, field):
    assert fields_at_fault(service.post(LOCK, {**TARGET, **body})) == {field}
    assert not PersonalityProfile.objects.exists()


# ---- rolling back


def test_roll_back(service, fan):
    service.patch(f"{B}/personality", {**TARGET, "tone": "playful", "release": ["tone"]})
    service.patch(f"{B}/personality", {**TARGET, "tone": "dominant", "emojiFrequency": 1, "release": ["tone"]})
    latest = data(service.get(HISTORY))[0]
    profile = data(service.post(ROLLBACK, {**TARGET, "changeId": latest["id"].upper()}))
    assert (profile["tone"], profile["emojiFrequency"]) == ("playful", 0.5)
    assert profile["lockedTraits"] == ["tone", "emojiFrequency"]
    newest = data(service.get(HISTORY))[0]
    assert (newest["reason"], newest["before"]["tone"], newest["after"]["tone"]) == ("rollback", "dominant", "playful")
    assert newest["why"] == []


def test_roll_back_to_before_anything_was_set(service, fan):
    service.patch(f"{B}/personality", {**TARGET, "tone": "playful"})
    service.patch(f"{B}/personality", {**TARGET, "tone": "dominant"})
    oldest = data(service.get(HISTORY))[-1]
    assert data(service.post(ROLLBACK, {**TARGET, "changeId": oldest["id"]}))["tone"] == "friendly"


def test_only_the_fans_own_change_can_be_undone(service, charlie):
    for caller, fan in ((service, "fan-1"), (service, "fan-2"), (charlie, "fan-1")):
        caller.say(fan)
    service.patch(f"{B}/personality", {"fanId": "fan-2", "tone": "playful"})
    charlie.patch(f"{B}/personality", {"fanId": "fan-1", "tone": "playful"})
    for change in PersonalityChange.objects.all():
        refused(service.post(ROLLBACK, {**TARGET, "changeId": str(change.pk)}), 404, "NOT_FOUND")
    refused(service.post(ROLLBACK, {**TARGET, "changeId": NOBODYS}), 404, "NOT_FOUND")


@pytest.mark.parametrize("wrong", [None, 1, "", "x", [NOBODYS], f"urn:uuid:{NOBODYS}", f"{{{NOBODYS}}}", NOBODYS[:-1]])
def test_refuses_changes(service, fan, wrong):
    assert fields_at_fault(service.post(ROLLBACK, {**TARGET, "changeId": wrong})) == {"changeId"}
    assert fields_at_fault(service.post(ROLLBACK, TARGET)) == {"changeId"}


def test_learning_leaves_what_was_rolled_back(service, fan):
    service.patch(f"{B}/personality", {**TARGET, "tone": "playful", "release": ["tone"]})
    change = PersonalityChange.objects.get()
    data(service.post(ROLLBACK, {**TARGET, "changeId": str(change.pk)}))
    for n in range(12):
        say("so cute! 😍😍", n)
    learn_all()
    assert PersonalityProfile.objects.get(**OF).tone == "friendly"
