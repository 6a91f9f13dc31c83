"""Schedules follow from their seed and can be given again."""

import orjson

from tests.chaos.experiments import EXPERIMENTS, SMOKE
from tests.chaos.faults import FAULTS
from tests.chaos.nemesis import Event, Spec, as_json, events_of_json, schedule, specs_of_json

FAULT = Spec("freeze", 4.0, 6.0, {"target": "postgres"})


def test_the_same_seed_makes_the_same_schedule():
    assert schedule(7, "F06", [FAULT], rounds=3) == schedule(7, "F06", [FAULT], rounds=3)
    assert schedule(7, "F06", [FAULT], rounds=3) != schedule(8, "F06", [FAULT], rounds=3)
    assert all(3.2 <= spec.after <= 4.8 for spec in schedule(7, "F06", [FAULT], rounds=20))


def test_a_schedule_comes_back_from_json():
    events = [Event(FAULT, 1.0, 2.0, 3.0, ["postgres"], "")]
    written = orjson.loads(orjson.dumps(as_json(events)))
    assert events_of_json(written) == events
    assert specs_of_json([event["spec"] for event in written]) == [FAULT]


def test_every_experiment_can_be_carried_out():
    assert set(SMOKE) <= set(EXPERIMENTS)
    assert {spec.fault for one in EXPERIMENTS.values() for spec in one.faults} <= set(FAULTS)
    assert {spec.fault for one in EXPERIMENTS.values() for spec in one.faults} == set(FAULTS), "a fault nobody uses"
