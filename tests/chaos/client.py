"""One client of the product: sends a request, notes what became of it, and never takes "unknown" for an answer."""

import http.client
import itertools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from tests.chaos.log import Attempt, Log, Outcome
from tests.chaos.proxy import HOST

# Longer than any request may take: a late answer is to be seen late, not to be cut off.
PATIENCE_SECONDS: Final = 12.0
LONG_PATIENCE_SECONDS: Final = 40.0
LONG: Final = frozenset({"erase", "export"})
# What a message says: whose it is and which; so an answer that mixes up two fans shows by itself.
TOKEN: Final = re.compile(r"\[\[([^|\]]+)\|([^|\]]+)\|([^|\]]+)\]\]")
UNKNOWN_STATUSES: Final = frozenset({0, 429, 500, 502, 503, 504})


def token(creator: str, fan: str, key: str) -> str:
    return f"[[{creator}|{fan}|{key}]]"


@dataclass(frozen=True, slots=True)
class Request:
    """One operation of a client, as it is sent and sent again.

    Args:
        key: of the write; its Idempotency-Key where `keyed`.
    """

    op: str
    creator: str
    fan: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    key: str = ""
    value: str = ""
    keyed: bool = False


class Client:
    """One thread's connections and log.

    Args:
        ports: of the web servers; the first is this client's own, the others stand in.
        keys: the API key of each creator.
    """

    def __init__(self, number: int, ports: Sequence[int], keys: Mapping[str, str], log: Log, *, prefix: str) -> None:
        self.number, self.prefix = number, prefix
        self._ports, self._keys, self._log = tuple(ports), keys, log
        self._connections: dict[int, http.client.HTTPConnection] = {}
        self._counter = itertools.count()

    def new_key(self) -> str:
        return f"{self.prefix}-{self.number}-{next(self._counter)}"

    def send(self, request: Request) -> Attempt:
        """Send a request once, to another web server where nobody listens at the first; note and return the end."""
        for port in self._ports:
            attempt = self._try(request, port)
            if attempt.error != "ConnectionRefusedError":
                break
        self._log.add(attempt)
        return attempt

    def insist(self, request: Request, *, times: int, pause: float = 0.2) -> Attempt:
        """Send a request until its end is known, the same each time, `times` at most."""
        attempt = self.send(request)
        for _ in range(times - 1):
            if attempt.outcome != "info":
                break
            time.sleep(pause)
            attempt = self.send(request)
        return attempt

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._log.close()

    def _try(self, request: Request, port: int) -> Attempt:
        started = Attempt(
            id=self.new_key(),
            client=self.number,
            op=request.op,
            creator=request.creator,
            fan=request.fan,
            key=request.key,
            value=request.value,
            port=port,
            t0=time.monotonic(),
            t1=0.0,
            outcome="info",
        )
        try:
            status, headers, body = self._exchange(request, port)
        except (OSError, http.client.HTTPException) as error:
            self._forget(port)
            return replace(started, t1=time.monotonic(), error=type(error).__name__)
        return self._read(replace(started, t1=time.monotonic(), status=status), headers, body)

    def _exchange(self, request: Request, port: int) -> tuple[int, Message, bytes]:
        patience = LONG_PATIENCE_SECONDS if request.op in LONG else PATIENCE_SECONDS
        connection = self._connections.get(port)
        if connection is None:
            connection = self._connections[port] = http.client.HTTPConnection(HOST, port, timeout=patience)
        connection.timeout = patience
        if connection.sock is not None:
            connection.sock.settimeout(patience)
        headers = {"Authorization": f"Bearer {self._keys[request.creator]}"}
        body = None if request.body is None else orjson.dumps(request.body)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if request.keyed:
            headers["Idempotency-Key"] = request.key
        connection.request(request.method, request.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def _forget(self, port: int) -> None:
        if connection := self._connections.pop(port, None):
            connection.close()

    def _read(self, attempt: Attempt, headers: Message, body: bytes) -> Attempt:
        status = attempt.status
        outcome: Outcome = "ok" if 200 <= status < 300 else "info" if status in UNKNOWN_STATUSES else "fail"
        attempt = replace(
            attempt,
            outcome=outcome,
            cache=headers.get("X-Memory-Cache", ""),
            retry_after="Retry-After" in headers,
        )
        if outcome != "ok":
            return replace(attempt, error=_error_of(body))
        tokens = [found.groups() for found in TOKEN.finditer(body.decode("utf-8", "replace"))]
        mine = attempt.pair
        return replace(
            attempt,
            seen=[key for creator, fan, key in tokens if (creator, fan) == mine],
            foreign=["|".join(found) for found in tokens if found[:2] != mine],
            facts=_facts(attempt.op, body, replayed="Idempotency-Replayed" in headers),
        )


def _error_of(body: bytes) -> str:
    try:
        answer = orjson.loads(body)
        reason = (answer.get("details") or {}).get("reason", "")
        return f"{answer.get('type', '')} {reason}".strip()
    except (orjson.JSONDecodeError, AttributeError):
        return "not JSON"


def _facts(op: str, body: bytes, *, replayed: bool) -> dict[str, Any]:
    """What a checker wants of an answer beside the tokens; in a form of its own for each operation."""
    answer = orjson.loads(body)
    data = answer.get("data") if isinstance(answer, dict) else None
    facts: dict[str, Any] = {"replayed": replayed} if replayed else {}
    if not isinstance(data, dict):
        return facts
    facts |= {name: data[name] for name in ("fanId", "creatorId") if name in data}
    if op in ("context", "export"):
        facts |= _facts_of_context(data)
    if op == "preferences":
        facts["nickname"] = data.get("communicationPreferences", {}).get("nickname", "")
    return facts


def _facts_of_context(data: Mapping[str, Any]) -> dict[str, Any]:
    metrics = data.get("engagementMetrics") or {}
    preferences = data.get("preferences") or {}
    return {
        "messages": metrics.get("totalMessages", 0),
        "interactions": metrics.get("totalInteractions", 0),
        "nickname": preferences.get("communicationPreferences", {}).get("nickname", ""),
        "degraded": data.get("degraded") or [],
        "listed": len(data.get("recentMessages", data.get("messages")) or []),
    }


# ---- the operations


def query(path: str, fan: str, **more: str) -> str:
    return f"/api/of-memory/{path}?{urlencode({'fanId': fan, **more})}"


def context(creator: str, fan: str) -> Request:
    return Request("context", creator, fan, "GET", query("context", fan))


def score(creator: str, fan: str) -> Request:
    return Request("score", creator, fan, "GET", query("engagement-score", fan))


def messages(creator: str, fan: str) -> Request:
    return Request("messages", creator, fan, "GET", query("messages", fan, limit="50"))


def preferences(creator: str, fan: str) -> Request:
    return Request("preferences", creator, fan, "GET", query("preferences", fan))


def save(creator: str, fan: str, key: str, *, keyed: bool = True, external: bool = True, text: str = "") -> Request:
    body: dict[str, Any] = {"fanId": fan, "type": "message", "content": f"{text}{token(creator, fan, key)}"}
    if external:
        body["metadata"] = {"externalId": key}
    return Request(
        "save", creator, fan, "POST", "/api/of-memory/interaction", body=body, key=key, keyed=keyed or not external
    )


def tip(creator: str, fan: str, key: str, *, keyed: bool = True, external: bool = True) -> Request:
    """A tip of 1.00 that says which it is."""
    message = save(creator, fan, key, keyed=keyed, external=external)
    body = {**(message.body or {}), "type": "tip", "amount": "1.00"}
    return replace(message, op="tip", body=body)


def event(creator: str, fan: str, key: str, text: str, at: str) -> Request:
    """A message as another system reports it: by its own id and time, with no word on whose it is."""
    body = {"fanId": fan, "type": "message", "content": text, "timestamp": at, "metadata": {"externalId": key}}
    return Request("event", creator, fan, "POST", "/api/of-memory/interaction", body=body)


def nickname(creator: str, fan: str, key: str) -> Request:
    body = {"fanId": fan, "communicationPreferences": {"nickname": key}}
    return Request(
        "nickname", creator, fan, "PATCH", "/api/of-memory/preferences", body=body, key=key, value=key, keyed=True
    )


def emoji(creator: str, fan: str, key: str, frequency: float) -> Request:
    body = {"fanId": fan, "emojiFrequency": frequency}
    return Request(
        "emoji",
        creator,
        fan,
        "PATCH",
        "/api/of-memory/personality",
        body=body,
        key=key,
        value=str(frequency),
        keyed=True,
    )


def calibrate(creator: str, fan: str, key: str) -> Request:
    body = {"fanId": fan}
    return Request("calibrate", creator, fan, "POST", "/api/of-memory/calibrate", body=body, key=key, keyed=True)


def export(creator: str, fan: str) -> Request:
    return Request("export", creator, fan, "POST", "/api/of-memory/export", body={"fanId": fan})


def erase(creator: str, fan: str, key: str) -> Request:
    return Request("erase", creator, fan, "DELETE", query("clear", fan), key=key, keyed=True)
