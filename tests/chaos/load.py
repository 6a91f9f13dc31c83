"""The clients, in a process of their own: mixed load until told to stop, every request in a log.

    python -m tests.chaos.load PLAN.json

70 % reads (contexts, messages, scores), 20 % saves, 5 % corrections by hand and calibrations, 5 % exports and erasures
of fans made for it. Each client has fans of its own, which nobody else changes, and all share some.
"""

import random
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from tests.chaos import client as ask
from tests.chaos.client import Client, Request
from tests.chaos.log import Log

OWN_FANS: Final = 8
SHARED_FANS: Final = 6
# In per cent of all operations.
MIXES: Final[Mapping[str, Mapping[str, int]]] = {
    "mixed": {
        "context": 50,
        "messages": 10,
        "score": 8,
        "preferences": 2,
        "save": 20,
        "nickname": 2,
        "emoji": 1,
        "calibrate": 2,
        "expendable": 5,
    },
    "reads": {"context": 100},
    "saves": {"save": 80, "context": 20},
}
TEXTS: Final = ("I love hiking! ", "that was terrible ", "thank you so much 😍 ", "how much is the video? ", "")
# Of all saves.
TIPS: Final = 0.15
TRIES: Final = 3
# What is still unknown at the end is asked once more, for so long.
LAST_TRIES: Final = 40


class Person(threading.Thread):
    """One client: does one thing after another until `stop` is set, then finds out what is still unknown."""

    def __init__(self, number: int, plan: Mapping[str, Any], stop: threading.Event) -> None:
        super().__init__(name=f"client-{number}")
        self._plan, self._stop_asked = plan, stop
        self._random = random.Random(f"{plan['seed']}-{plan['prefix']}-{number}")
        ports = plan["ports"][number % len(plan["ports"]) :] + plan["ports"][: number % len(plan["ports"])]
        log = Log(Path(plan["folder"]) / f"client-{plan['prefix']}-{number}.jsonl")
        self._client = Client(number, ports, plan["keys"], log, prefix=plan["prefix"])
        self._creators = sorted(plan["keys"])
        prefix = plan["prefix"]
        self._own = [f"{prefix}-own-{number}-{place}" for place in range(OWN_FANS)]
        self._shared = [f"{prefix}-all-{place}" for place in range(SHARED_FANS)]
        mix = MIXES[plan["mix"]]
        self._ops, self._weights = list(mix), list(mix.values())
        self._unknown: deque[Request] = deque()
        self._expendable = 0

    def run(self) -> None:
        try:
            # One thing known about each, so that nobody is met with a 404 for a fan who is to come.
            for fan in self._own:
                self._save(fan)
            while not self._stop_asked.is_set():
                self._do(self._random.choices(self._ops, self._weights)[0])
                self._stop_asked.wait(self._plan["pause"])
            self._find_out()
        finally:
            self._client.close()

    def _do(self, op: str) -> None:
        fan = self._random.choice(self._own if self._random.random() < 0.7 else self._shared)
        # The same fan ids with both creators: whoever mixes them up is seen.
        creator = self._random.choice(self._creators)
        if op == "save":
            self._save(fan, creator)
        elif op == "expendable":
            self._use_up(creator)
        elif op in ("nickname", "emoji", "calibrate"):
            self._correct(op, creator, self._random.choice(self._own))
        else:
            self._client.insist(getattr(ask, op)(creator, fan), times=2)

    def _save(self, fan: str, creator: str = "") -> None:
        kind = self._random.random()
        by = {"keyed": kind < 0.75, "external": kind > 0.25}
        creator, key = creator or self._creators[0], self._client.new_key()
        if self._random.random() < TIPS:
            self._write(ask.tip(creator, fan, key, **by))
        else:
            self._write(ask.save(creator, fan, key, text=self._random.choice(TEXTS), **by))
        if self._unknown and self._random.random() < 0.3:
            self._write(self._unknown.popleft())

    def _write(self, request: Request) -> None:
        if self._client.insist(request, times=TRIES).outcome == "info":
            self._unknown.append(request)

    def _correct(self, op: str, creator: str, fan: str) -> None:
        key = self._client.new_key()
        if op == "emoji":
            request = ask.emoji(creator, fan, key, self._random.randrange(1000) / 1000)
        else:
            request = getattr(ask, op)(creator, fan, key)
        # Not once more later: in between the value may have been set to something else.
        self._client.insist(request, times=TRIES)

    def _use_up(self, creator: str) -> None:
        """Say something to a fan, hand it out, erase it, and look whether it is gone."""
        self._expendable += 1
        fan = f"{self._plan['prefix']}-gone-{self._client.number}-{self._expendable}"
        for _ in range(2):
            self._client.insist(ask.save(creator, fan, self._client.new_key()), times=TRIES)
        if self._random.random() < 0.5:
            self._client.insist(ask.export(creator, fan), times=TRIES)
        self._client.insist(ask.erase(creator, fan, self._client.new_key()), times=TRIES)
        self._client.send(ask.context(creator, fan))

    def _find_out(self) -> None:
        for _ in range(LAST_TRIES):
            for _ in range(len(self._unknown)):
                request = self._unknown.popleft()
                if self._client.send(request).outcome == "info":
                    self._unknown.append(request)
            if not self._unknown:
                return
            time.sleep(0.5)


def main(path: Path) -> int:
    plan = orjson.loads(path.read_bytes())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    people = [Person(number, plan, stop) for number in range(plan["clients"])]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
