"""The small version of the simulation: with fixed seeds, learning goes in the right direction, and twice the same."""

import pytest

from calibration.simulation.runs import live, simulate
from calibration.simulation.summary import Figure, series, summarise
from calibration.simulation.tables import tables

FANS, DAYS = 24, 150


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    return summarise([simulate(FANS, DAYS, seed=1)])


def first_and_last(figures, name):
    values = [figure.value for figure in series(figures, name)]
    assert len(values) > 1
    return values[0], values[-1]


@pytest.mark.parametrize(
    "name", ["tone, learnt: the best", "preferences: first is among best two", "preferences: rank correlation"]
)
def test_more_interactions_tell_more(figures, name):
    first, last = first_and_last(figures, name)
    assert last > first


@pytest.mark.parametrize("name", ["tone, learnt: regret", "preferences: distance"])
def test_more_interactions_leave_less_to_lose(figures, name):
    first, last = first_and_last(figures, name)
    assert last < first


def test_the_bandit_ends_up_better_than_choosing_evenly(figures):
    for policy, is_better in (("even", True), ("learnt", False)):
        _, regret = first_and_last(figures, f"tone, {policy}: regret")
        assert (regret > 0.28) is is_better


def test_hardly_any_length_goes_the_wrong_way(figures):
    assert all(figure.value <= 0.1 for figure in series(figures, "length: wrong way"))


def test_the_lower_bound_holds_about_as_often_as_it_says(figures):
    assert all(figure.value >= 0.85 for figure in series(figures, "preferences: above lower bound"))


def test_who_fades_is_noticed_more_often_than_who_stays(figures):
    fading, steady = (series(figures, f"signals: weeks of {who} fans with one")[0] for who in ("fading", "steady"))
    assert fading.value > steady.value
    assert series(figures, "returns: AUC of who knows the fan")[0].value > 0.75
    assert series(figures, "returns: AUC of the shipped model")[0].value > 0.6


def test_the_tables_hold_every_figure_once(figures):
    names = [row[0] for _, _, rows in tables(figures) for row in rows]
    assert sorted(names) == sorted({figure.name for figure in figures})


def test_a_life_is_the_same_every_time():
    once = live(3, 0, 40)
    assert live(3, 0, 40) == once
    assert live(4, 0, 40) != once


def test_several_processes_give_the_same_lives_and_each_fan_is_told_of():
    told = []
    assert simulate(2, 20, 5, jobs=2, on_fan=lambda: told.append(1)) == simulate(2, 20, 5)
    assert len(told) == 2


def test_spread_goes_from_the_lowest_seed_to_the_highest():
    found = summarise([simulate(10, 30, seed) for seed in (1, 2)])
    assert all(figure.low <= figure.value <= figure.high for figure in found)
    assert any(figure.low < figure.high for figure in found)
