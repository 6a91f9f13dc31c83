"""How well tones were answered, over REST."""

import pytest

from calibration.models import ToneDecision
from memory.domain import Tone
from tests.calibration.api.support import data
from tests.memory.support import B, fields_at_fault, refused

URL = f"{B}/tones"


def decided(tone, reward, turn, creator_id="creator-1"):
    ToneDecision.objects.create(
        creator_id=creator_id,
        fan_id="fan-1",
        turn=turn,
        tone=tone,
        propensity=0.5,
        propensities={tone: 0.5},
        reward=reward,
    )


def test_before_anything_was_decided(service):
    found = data(service.get(URL))
    assert (found["decisions"], found["meanReward"]) == (0, None)
    assert set(found["tones"]) == set(Tone)
    assert not any(one["sufficient"] for estimates in found["tones"].values() for one in estimates)


def test_estimates(service, creator_2):
    for turn in range(100):
        decided("playful" if turn % 2 else "casual", turn % 2 * 1.0, turn)
    decided("playful", None, 1000)
    decided("playful", 0.0, 0, "creator-2")
    found = data(service.get(URL))
    assert (found["decisions"], found["meanReward"]) == (100, 0.5)
    playful = {one["estimator"]: one for one in found["tones"]["playful"]}
    assert set(playful) == {"ips", "snips", "dr"}
    assert set(playful["ips"]) == {
        "estimator", "value", "low", "high", "decisions", "effectiveDecisions", "clippedShare", "unsupportedShare",
        "sufficient", "reason",
    }  # fmt: skip
    assert playful["snips"]["value"] == 1
    assert playful["snips"]["sufficient"] is True
    assert found["tones"]["dominant"][0]["sufficient"] is False


@pytest.mark.parametrize("query", ["?creatorId=", "?fanId=fan-1", "?creatorId=a&creatorId=b"])
def test_refuses(service, query):
    assert len(fields_at_fault(service.get(f"{URL}{query}"))) == 1


def test_who_may_see_one_fan_may_not(make_key, creator_1):
    refused(make_key(creator_1, fan_id="fan-1").get(URL), 403, "FORBIDDEN")
