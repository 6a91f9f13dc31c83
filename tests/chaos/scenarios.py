"""What a schedule of faults cannot say: things that have to happen at the same moment, or one after the other."""

import http.client
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import orjson

from tests.chaos import client as ask
from tests.chaos.check import Finding
from tests.chaos.client import Client
from tests.chaos.collect import pending
from tests.chaos.log import Attempt, Log
from tests.chaos.proxy import HOST, Behaviour
from tests.chaos.stack import Stack, wait_for

ROUNDS: Final = 4
WRITERS: Final = 6
EVENTS: Final = 24
SENT_EACH: Final = 4
LEARNT_SECONDS: Final = 60.0
UNQUEUED: Final = 1000
UNQUEUED_FANS: Final = 50


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario takes place.

    Args:
        prefix: of everything it makes.
    """

    stack: Stack
    folder: Path
    prefix: str
    seed: int
    # No two clients of an experiment have the same: their keys would be the same.
    numbers: Iterator[int] = field(default_factory=lambda: count(500))

    @contextmanager
    def clients(self, how_many: int) -> Iterator[list[Client]]:
        """Some clients with a log each."""
        made = [self._client(next(self.numbers)) for _ in range(how_many)]
        try:
            yield made
        finally:
            for client in made:
                client.close()

    def _client(self, number: int) -> Client:
        ports = self.stack.ports[number % len(self.stack.ports) :] + self.stack.ports
        log = Log(self.folder / f"client-{self.prefix}-{number}.jsonl")
        return Client(number, ports, self.stack.keys, log, prefix=f"{self.prefix}-s")

    @property
    def creator(self) -> str:
        return min(self.stack.keys)


Scenario = Callable[[Stage], list[Finding]]
Work = Callable[[], Any]


def together(works: Sequence[Work]) -> list[Any]:
    """Do all at the same moment, each in a thread of its own; return what each answered."""
    barrier, answers = threading.Barrier(len(works)), [None] * len(works)

    def do(place: int, work: Callable[[], Any]) -> None:
        barrier.wait()
        answers[place] = work()

    threads = [threading.Thread(target=do, args=one) for one in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


# ---- F14


def unqueued(stage: Stage) -> list[Finding]:
    """A thousand interactions are saved while the broker is away; what it held is lost; then it is back."""
    fans = [f"{stage.prefix}-unqueued-{number}" for number in range(UNQUEUED_FANS)]
    stage.stack.proxies.behave("broker", Behaviour(absent=True))
    try:
        with stage.clients(WRITERS) as clients:
            shares = [range(place, UNQUEUED, WRITERS) for place in range(WRITERS)]
            together([partial(_save_all, c, stage.creator, fans, s) for c, s in zip(clients, shares, strict=True)])
    finally:
        with stage.stack.redis("broker") as broker:
            broker.flushall()
        stage.stack.proxies.behave("broker")
    if wait_for(lambda: pending(stage.stack, f"{stage.prefix}-unqueued") == 0, LEARNT_SECONDS):
        return []
    left = pending(stage.stack, f"{stage.prefix}-unqueued")
    return [Finding("learning", f"of {UNQUEUED} interactions {left} are not learnt from {LEARNT_SECONDS:.0f} s later")]


def _save_all(client: Client, creator: str, fans: Sequence[str], share: range) -> None:
    for number in share:
        request = ask.save(creator, fans[number % len(fans)], client.new_key(), text=SENTENCES[number % len(SENTENCES)])
        client.insist(request, times=5)


# ---- F20


def replays(stage: Stage) -> list[Finding]:
    """One fan's events come four times each, shuffled, from four sides, up to three days late; another's as they
    happened. Both fans are the same afterwards.
    """
    chance, start = random.Random(stage.seed), datetime.now(UTC) - timedelta(days=3)
    events = [
        (f"event-{n}", chance.choice(SENTENCES), (start + timedelta(minutes=97 * n)).isoformat()) for n in range(EVENTS)
    ]
    mixed, straight = f"{stage.prefix}-mixed", f"{stage.prefix}-straight"
    copies = [events[:] for _ in range(SENT_EACH)]
    with stage.clients(SENT_EACH) as clients:
        for copy in copies:
            chance.shuffle(copy)
        each = zip(clients, copies, strict=True)
        together([partial(_send, client, stage.creator, mixed, copy) for client, copy in each])
        _send(clients[0], stage.creator, straight, events)
    if not wait_for(lambda: pending(stage.stack, stage.prefix) == 0, LEARNT_SECONDS):
        return [Finding("learning", "events that came several times are not learnt from")]
    first, second = (_context(stage, fan) for fan in (mixed, straight))
    return [
        Finding("order", f"{part} of who was reported in disorder is {first[part]}, of the other {second[part]}")
        for part in COMPARED
        if _plain(first[part]) != _plain(second[part])
    ]


SENTENCES: Final = (
    "I love hiking in the mountains, it was wonderful! 😍",
    "that was terrible, I am so angry",
    "how much is the video?",
    "thank you so much!",
    "I don't like cats",
    "good morning, what are you doing today?",
)
COMPARED: Final = (
    "engagementMetrics",
    "personalityProfile",
    "preferences",
    "emotionalState",
    "learning",
    "recentMessages",
)
# What differs between two fans to whom the same happened: names, and when we heard of it.
NOT_COMPARED: Final = frozenset({"id", "lastCalibrated", "lastUpdated", "updatedAt", "asOf", "metadata", "evidence"})


def _send(client: Client, creator: str, fan: str, events: Sequence[tuple[str, str, str]]) -> None:
    for key, text, at in events:
        client.insist(ask.event(creator, fan, key, text, at), times=5)


def _context(stage: Stage, fan: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(HOST, stage.stack.ports[0], timeout=10)
    connection.request(
        "GET", ask.query("context", fan), headers={"Authorization": f"Bearer {stage.stack.keys[stage.creator]}"}
    )
    answer = orjson.loads(connection.getresponse().read())
    connection.close()
    data: dict[str, Any] = answer["data"]
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if name not in NOT_COMPARED}
    return [_plain(one) for one in value] if isinstance(value, list) else value


# ---- F21


def erasing_races(stage: Stage) -> list[Finding]:
    """A fan is erased, twice at once, while six write to it and others calibrate and export. The log says what was
    answered when; the rules of erasure judge it.
    """
    for number in range(ROUNDS):
        fan = f"{stage.prefix}-race-{number}"
        with stage.clients(WRITERS + 4) as clients:
            clients[0].insist(ask.save(stage.creator, fan, clients[0].new_key()), times=5)
            erase = ask.erase(stage.creator, fan, clients[0].new_key())
            works: list[Work] = [partial(_keep_writing, client, stage.creator, fan) for client in clients[:WRITERS]]
            works += [partial(client.insist, erase, times=20) for client in clients[WRITERS : WRITERS + 2]]
            works.append(partial(clients[-2].send, ask.calibrate(stage.creator, fan, clients[-2].new_key())))
            works.append(partial(clients[-1].send, ask.export(stage.creator, fan)))
            together(works)
            clients[0].send(ask.context(stage.creator, fan))
            clients[0].send(ask.messages(stage.creator, fan))
    return []


def _keep_writing(client: Client, creator: str, fan: str) -> None:
    for _ in range(15):
        if client.insist(ask.save(creator, fan, client.new_key()), times=3).outcome == "fail":
            return


# ---- F22


def calibrating_together(stage: Stage) -> list[Finding]:
    """One fan is calibrated from six sides at once while it is written to: each time it is done, or said when to come
    back.
    """
    found: list[Finding] = []
    for number in range(ROUNDS):
        fan = f"{stage.prefix}-calibrated-{number}"
        with stage.clients(WRITERS + 2) as clients:
            for place in range(8):
                clients[0].insist(
                    ask.save(stage.creator, fan, clients[0].new_key(), text=SENTENCES[place % 6]), times=5
                )
            works: list[Work] = [
                partial(client.send, ask.calibrate(stage.creator, fan, client.new_key()))
                for client in clients[:WRITERS]
            ]
            works += [partial(_keep_writing, client, stage.creator, fan) for client in clients[WRITERS:]]
            answers: list[Attempt | None] = together(works)
        found += [
            Finding("calibration", f"{answer.id} was answered {answer.status} {answer.error}")
            for answer in answers[:WRITERS]
            if answer and answer.status not in (200, 503)
        ]
    return found


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "unqueued": unqueued,
    "replays": replays,
    "erasing_races": erasing_races,
    "calibrating_together": calibrating_together,
}
