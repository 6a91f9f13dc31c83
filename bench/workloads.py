"""Requests to send, as plain data that both drivers understand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

import orjson

from bench import texts
from bench.facts import BULK_FANS, Facts
from bench.floor_address import PATH

# Stands in a body for a number that no other request of the run has.
NUMBER: Final = "@N@"
# So many fans talk at a time; the context of each is asked for again and again.
ACTIVE_FANS: Final = 500


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests, sent in order and over again; request i takes path and body i, each modulo how many there are.

    Args:
        bodies: JSON texts; empty for requests without a body.
        connections: how many at a time.
    """

    method: str
    port: int
    paths: Sequence[str]
    bodies: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 8


@dataclass(frozen=True, slots=True)
class Requests:
    """Makes the workloads of the product's operations."""

    facts: Facts
    port: int
    connections: int

    def contexts(self, fan_ids: Sequence[str]) -> Workload:
        return self._get([f"/api/of-memory/context?fanId={fan_id}" for fan_id in fan_ids])

    def scores(self) -> Workload:
        return self._get([f"/api/of-memory/engagement-score?fanId={fan_id}" for fan_id in self.active_fans()])

    def messages(self) -> Workload:
        return self._get([f"/api/of-memory/messages?fanId={fan_id}" for fan_id in self.facts.fan_ids()])

    def stats(self) -> Workload:
        return self._get(["/api/of-memory/stats"])

    def saves(self, fan_ids: Sequence[str]) -> Workload:
        return self._post("/api/of-memory/interaction", [_message(place, fan) for place, fan in enumerate(fan_ids)])

    def bulks(self) -> Workload:
        return self._bulks([group for group in self._groups() if len(group) == BULK_FANS] or self._groups())

    def all_in_bulks(self) -> Workload:
        """Every fan once, the last group as small as it comes."""
        return self._bulks(self._groups())

    def active_fans(self) -> list[str]:
        return self.facts.fan_ids()[:ACTIVE_FANS]

    def shuffled_fans(self, seed: int) -> list[str]:
        """Every fan once, in an order that only ``seed`` decides: neighbours in time are none in the index."""
        fans = self.facts.fan_ids()
        Random(seed).shuffle(fans)  # noqa: S311 - repeatable on purpose
        return fans

    def _groups(self) -> list[list[str]]:
        fans = self.facts.fan_ids()
        return [fans[start : start + BULK_FANS] for start in range(0, len(fans), BULK_FANS)]

    def _bulks(self, groups: Sequence[Sequence[str]]) -> Workload:
        return self._post("/api/of-memory/bulk", [orjson.dumps({"fanIds": group}).decode() for group in groups])

    def _get(self, paths: Sequence[str]) -> Workload:
        return Workload("GET", self.port, paths, headers=self._headers(), connections=self.connections)

    def _post(self, path: str, bodies: Sequence[str]) -> Workload:
        headers = self._headers() | {"Content-Type": "application/json"}
        return Workload("POST", self.port, [path], bodies, headers, self.connections)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.facts.key}"}


def floor_requests(port: int, connections: int) -> Workload:
    return Workload("GET", port, [PATH], connections=connections)


def _message(number: int, fan_id: str) -> str:
    metadata = {"externalId": f"bench-{NUMBER}"}
    sender = "fan" if number % 2 else "ai"
    body = {"fanId": fan_id, "type": "message", "sender": sender, "content": texts.message(number)}
    return orjson.dumps(body | {"metadata": metadata}).decode()
