from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.rhythm import DAILY_CURVE, plain_profiles
from calibration.algorithms.time_zone import (
    TimeZoneParams,
    TimeZoneState,
    ZoneSource,
    is_zone,
    learn,
    likeliest_offset,
    local,
    offset_name,
    offset_probabilities,
    stated_zone,
    zone_info,
    zone_of,
)
from calibration.domain import Event
from memory.domain import InteractionType, Sender
from tests.calibration.algorithms.chats import stored
from tests.calibration.algorithms.shop import histories, offered, said


def _starts(offset, days=120):
    """Conversations at 8 in the evening, one a day, of somebody at that offset from UTC."""
    first = datetime(2026, 1, 1, (20 - offset) % 24, tzinfo=UTC)
    for day in range(days):
        yield Event(UUID(int=day), first + timedelta(days=day), InteractionType.MESSAGE, Sender.FAN, text="hi")


@given(histories(), st.integers(0, 30))
def test_events_may_be_learnt_in_parts(events, cut):
    whole = learn(TimeZoneState(), events)
    assert learn(stored(learn(TimeZoneState(), events[:cut])), events[cut:]) == whole
    assert zone_of(whole).info is not None


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"timeZone": "Europe/Paris"}, "Europe/Paris"),
        ({"timeZone": "Europe/Paris", "utcOffsetMinutes": 300}, "Europe/Paris"),
        ({"timeZone": "Nowhere/Town", "utcOffsetMinutes": 330}, "UTC+05:30"),
        ({"utcOffsetMinutes": -210}, "UTC-03:30"),
        ({"utcOffsetMinutes": 0}, "UTC"),
        ({"utcOffsetMinutes": 841}, ""),
        ({"utcOffsetMinutes": -721}, ""),
        ({"utcOffsetMinutes": True}, ""),
        ({"utcOffsetMinutes": "60"}, ""),
        ({"timeZone": ["Europe/Paris"]}, ""),
        ({"timeZone": ""}, ""),
        ({}, ""),
    ],
)
def test_what_clients_state(metadata, name):
    assert stated_zone(metadata) == name


@pytest.mark.parametrize("name", ["", "America", "../../etc/passwd", "/etc/passwd", "x\x00y", "a" * 500, "\ud800"])
def test_names_that_are_no_zones(name):
    assert not is_zone(name)
    assert zone_info(name) is UTC


def test_the_latest_valid_statement_stands():
    events = [said(0, timeZone="Europe/Paris"), said(1, timeZone="Asia/Tokyo"), said(2, timeZone="nonsense")]
    zone = zone_of(learn(TimeZoneState(), events))
    assert (zone.name, zone.confidence, zone.source) == ("Asia/Tokyo", 1.0, ZoneSource.STATED)


def test_summer_time_is_the_zones_own():
    winter, summer = datetime(2026, 1, 5, 12, tzinfo=UTC), datetime(2026, 7, 5, 12, tzinfo=UTC)
    assert (local(winter, "Europe/Paris").hour, local(summer, "Europe/Paris").hour) == (13, 14)
    assert (local(winter, "UTC-03:30").hour, local(winter, "UTC+05:30").minute) == (8, 30)


def test_few_conversations_say_nothing():
    zone = zone_of(learn(TimeZoneState(), list(_starts(-5, days=29))))
    assert (zone.name, zone.confidence, zone.source) == ("UTC", 0.0, ZoneSource.UNKNOWN)


def test_hours_like_anybodys_say_nothing():
    zone = zone_of(TimeZoneState(hours=(5,) * 24))
    assert zone.source is ZoneSource.UNKNOWN


def test_a_day_like_the_usual_one_elsewhere_gives_the_offset_away():
    """The example of the page: activity by hour as in the usual day, lived five hours west of Greenwich."""
    hours = tuple(round(400 * DAILY_CURVE[(hour - 5) % 24]) for hour in range(24))
    state = TimeZoneState(hours=hours)
    zone = zone_of(state)
    assert (zone.name, zone.source) == ("UTC-05:00", ZoneSource.INFERRED)
    assert zone.info.utcoffset(None) == timedelta(hours=-5)
    known = zone_of(state, day=DAILY_CURVE)
    assert known.name == "UTC-05:00"
    assert known.confidence == pytest.approx(0.88, abs=0.02)
    assert zone.confidence == pytest.approx(0.7 * known.confidence)
    assert zone_of(state, TimeZoneParams(least_probability=1.0)).source is ZoneSource.UNKNOWN


def test_only_conversations_that_the_fan_begins_count():
    events = [said(0), said(0.1), offered(1), said(1.1), said(3)]
    assert sum(learn(TimeZoneState(), events).hours) == 2


def test_probabilities_of_offsets():
    even = offset_probabilities((0,) * 24, plain_profiles())
    assert sum(even.values()) == pytest.approx(1)
    assert set(even) == set(range(-11, 13))
    assert even[0] == pytest.approx(1 / 24)
    assert likeliest_offset({**even, 10: 0.2, 12: 0.2, -10: 0.2}) == (12, pytest.approx(0.6 + 2 / 24))


def test_names_of_offsets():
    assert [offset_name(minutes) for minutes in (0, 60, -60, 345)] == ["UTC", "UTC+01:00", "UTC-01:00", "UTC+05:45"]
