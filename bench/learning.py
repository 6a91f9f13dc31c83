"""How fast one worker process learns: `python -m bench.learning`.

Two loads of messages by fans: ``history`` (whole conversations at once, as after an import) and ``live`` (one new
message of each of many fans, the dearest there is). The floor is the text model alone on the same messages: faster than
it reads nobody can learn. Everything on this machine, PostgreSQL with fsync.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

import django

from bench import texts
from bench.facts import CREATOR, fan_id
from ofmemory.embedded.servers import EmbeddedServers, remove_home

MESSAGES_EACH: Final = 120
EVERY: Final = timedelta(minutes=11)
TARGET: Final = 200.0


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a second.

    Args:
        wall: of the clock; PostgreSQL and Redis work meanwhile.
        core: of processor time of this process: what one core could do that had nothing else to do.
    """

    wall: float
    core: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.learning", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fans", type=int, default=200, help="with one new message each (default: 200)")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="ofmemory-", dir="/tmp"))
    try:
        with EmbeddedServers(home) as servers:
            _set_up(servers)
            _measure(options.rounds, options.fans)
    finally:
        remove_home(home)
    return 0


def _set_up(servers: EmbeddedServers) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ofmemory.settings.base",
        "OFMEMORY_HOME": str(servers.home),
        "DATABASE_URL": servers.database_url,
        "KEYS_DATABASE_URL": servers.keys_database_url,
        "REDIS_URL": servers.redis_url,
        "BROKER_URL": servers.broker_url,
    }
    django.setup()
    from django.core.management import call_command

    from accounts.models import Creator
    from calibration.services.reading import read_messages

    call_command("migrate", database="keys", verbosity=0)
    call_command("migrate", verbosity=0)
    Creator.objects.create(id=CREATOR, display_name="Benchmark")
    # The model is loaded once a process.
    read_messages(["hello"])


def _measure(rounds: int, fans: int) -> None:
    rates: dict[str, list[Rate]] = {"floor": [], "history": [], "live": []}
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        talkers = range(turn * 1_000_000, turn * 1_000_000 + 4)
        _say(talkers, range(MESSAGES_EACH))
        rates["floor"].append(_timed(_read_alone, len(talkers) * MESSAGES_EACH))
        rates["history"].append(_timed(_learn, len(talkers) * MESSAGES_EACH))
        others = range(turn * 1_000_000 + 1000, turn * 1_000_000 + 1000 + fans)
        _say(others, range(6))
        _learn()
        _say(others, range(6, 7))
        rates["live"].append(_timed(_learn, fans))
    for name, found in rates.items():
        _show(name, found, rates["floor"])


def _show(name: str, found: list[Rate], floor: list[Rate]) -> None:
    walls, ratios = [rate.wall for rate in found], [a.core / b.core for a, b in zip(found, floor, strict=True)]
    core = median(rate.core for rate in found)
    verdict = "" if name == "floor" else f"  {'met' if core >= TARGET else 'missed'}: {TARGET:.0f} a core"
    print(
        f"{name:8} {median(walls):6.0f} a second ({min(walls):.0f}-{max(walls):.0f})"
        f"  {core:6.0f} a core  {median(ratios):.2f} of the floor ({min(ratios):.2f}-{max(ratios):.2f}){verdict}"
    )


def _timed(work: Callable[[], None], messages: int) -> Rate:
    wall, core = time.perf_counter(), time.process_time()
    work()
    return Rate(messages / (time.perf_counter() - wall), messages / (time.process_time() - core))


def _say(fans: range, places: range) -> None:
    from django.utils import timezone

    from memory.services.interactions import save_interaction

    begin = timezone.now() - EVERY * MESSAGES_EACH
    for number in fans:
        for place in places:
            save_interaction(
                creator_id=CREATOR,
                fan_id=fan_id(number),
                type="message",
                content=_text(number, place),
                timestamp=begin + EVERY * place,
            )


def _text(number: int, place: int) -> str:
    return texts.message(number * MESSAGES_EACH + place)


def _read_alone() -> None:
    from calibration.services.reading import read_messages

    read_messages([_text(number, place) for number in range(4) for place in range(MESSAGES_EACH)])


def _learn() -> None:
    from calibration.services.learning import learn_due

    while learn_due(seconds=60.0).pairs:
        pass


if __name__ == "__main__":
    sys.exit(main())
