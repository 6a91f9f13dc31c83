"""How well the offset from UTC is told from hours of activity: how many people get an answer, how many a right one."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from calibration.algorithms.rhythm import HOURS, hour_counts, mean_day
from calibration.algorithms.time_zone import FanZone, TimeZoneParams, TimeZoneState, ZoneSource, learn, zone_of
from calibration.domain import Event
from calibration.evaluation.rhythm import PARAMS, folds_of
from calibration.evaluation.values import Metric
from memory.domain import InteractionType, Sender

# The answer is the middle of five whole hours.
RIGHT_WITHIN_HOURS = 2.5

# A person's instants, each with the offset from UTC, in hours, that they had then.
Activity = Sequence[tuple[datetime, float]]


def evaluate_time_zone(folder: Path) -> list[Metric]:
    """Return the share of people answered, and of the answers that are right, with the plain day and with one fitted.

    Args:
        folder: holds ``activity-dev.tsv``: person, unix seconds, UTC offset. The truth is a person's mean offset.

    The fitted day is the mean local day of the people of the other folds. Intervals are Wilson's.
    """
    people = read_offsets(folder / "activity-dev.tsv")
    states = {person: learn(TimeZoneState(), _messages(activity)) for person, activity in people.items()}
    plain, fitted = {}, {}
    for fold in folds_of({person: [at for at, _ in activity] for person, activity in people.items()}):
        day = _local_day(activity for person, activity in people.items() if person not in fold)
        enough = [person for person in fold if sum(states[person].hours) >= TimeZoneParams().least_events]
        plain.update({person: zone_of(states[person]) for person in enough})
        fitted.update({person: zone_of(states[person], day=day) for person in enough})
    return [*_metrics("plain", plain, people), *_metrics("fitted", fitted, people)]


def read_offsets(path: Path) -> dict[str, Activity]:
    """Return the instants of each person with their offsets, in order."""
    people: dict[str, list[tuple[datetime, float]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        person, seconds, offset = line.split("\t")
        people.setdefault(person, []).append((datetime.fromtimestamp(int(seconds), UTC), _hours(offset)))
    return {person: sorted(activity) for person, activity in sorted(people.items())}


def _hours(offset: str) -> float:
    """Return the hours of such as "-0330"."""
    sign = -1 if offset.startswith("-") else 1
    return sign * (int(offset[1:3]) + int(offset[3:5]) / 60)


def _messages(activity: Activity) -> list[Event]:
    kind = InteractionType.MESSAGE
    return [Event(UUID(int=number), at, kind, Sender.FAN) for number, (at, _) in enumerate(activity)]


def _local_day(others: Iterable[Activity]) -> tuple[float, ...]:
    days = (hour_counts([at + timedelta(hours=offset) for at, offset in activity], UTC) for activity in others)
    return mean_day(days, (1 / HOURS,) * HOURS, PARAMS)


def _metrics(name: str, zones: Mapping[str, FanZone], people: Mapping[str, Activity]) -> list[Metric]:
    answered = [person for person, zone in zones.items() if zone.source is ZoneSource.INFERRED]
    right = sum(_error(zones[person], people[person]) <= RIGHT_WITHIN_HOURS for person in answered)
    return [
        _share(f"zone_answered_{name}", len(answered), len(zones)),
        _share(f"zone_right_{name}", right, len(answered)),
    ]


def _error(zone: FanZone, activity: Activity) -> float:
    """Return by how many hours an answer is off, the shorter way round."""
    truth = math.fsum(offset for _, offset in activity) / len(activity)
    said = zone.info.utcoffset(None) or timedelta()
    return abs((said.total_seconds() / 3600 - truth + HOURS / 2) % HOURS - HOURS / 2)


def _share(name: str, hits: int, n: int) -> Metric:
    """Return a share with its 95 % interval; everything is possible where there is no case."""
    if n == 0:
        return Metric(name, 0.0, 0.0, 1.0, "", 0)
    z2 = 1.96**2
    middle = (hits + z2 / 2) / (n + z2)
    reach = math.sqrt(hits * (n - hits) / n + z2 / 4) * 1.96 / (n + z2)
    return Metric(name, hits / n, max(middle - reach, 0.0), min(middle + reach, 1.0), "", n)
