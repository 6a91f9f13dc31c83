"""Two ways to send requests and measure: wrk where it is installed, else a client of our own. Each its own process."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from bench.workloads import Workload

HERE: Final = Path(__file__).parent
GRACE_SECONDS: Final = 60.0


class DriverError(Exception):
    """The process that sends the requests failed itself."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement.

    Args:
        errors: requests not answered, or with anything but 2xx.
        bytes: received, headers included.
        cache: how often ``X-Memory-Cache`` said what.
        first_error: what the first error was, where the driver can tell.
    """

    requests: int
    seconds: float
    errors: int
    bytes: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cache: Mapping[str, int] = field(default_factory=dict)
    first_error: str = ""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0


class Driver(Protocol):
    """Sends a workload for some seconds over its connections, each as fast as it is answered."""

    name: str

    def run(self, workload: Workload, seconds: float, first_number: int) -> Sample: ...


class OwnDriver:
    """The asyncio client in ``bench.client``."""

    name = "built-in asyncio client"

    def run(self, workload: Workload, seconds: float, first_number: int) -> Sample:
        stream = {"name": "only", "rate": None, "first_number": first_number, "workload": asdict(workload)}
        return run_streams([stream], seconds)["only"]

    def run_at_rates(
        self, rates: Mapping[str, tuple[Workload, float]], seconds: float, first: int
    ) -> dict[str, Sample]:
        """Send each workload at its fixed rate (requests a second), all at once; latency counts from the due time."""
        streams = [
            {"name": name, "rate": rate, "first_number": first, "workload": asdict(workload)}
            for name, (workload, rate) in rates.items()
        ]
        return run_streams(streams, seconds)


def run_streams(streams: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, Sample]:
    plan = orjson.dumps({"seconds": seconds, "streams": streams})
    printed = _run([sys.executable, "-m", "bench.client"], plan, seconds)
    return {name: Sample(**sample) for name, sample in orjson.loads(printed).items()}


class WrkDriver:
    """wrk with the script ``wrk.lua``; one thread, for it shares the machine with what it measures."""

    def __init__(self, program: str) -> None:
        self._program = program
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        self.name = " ".join(shown.split()[:2]) or "wrk"

    def run(self, workload: Workload, seconds: float, first_number: int) -> Sample:
        whole = max(1, round(seconds))
        with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as plan:
            plan.write(lua_plan(workload, first_number))
            plan.flush()
            command = [
                *(self._program, "--threads", "1", "--connections", str(workload.connections), "--timeout", "30s"),
                *("--duration", f"{whole}s", "--script", str(HERE / "wrk.lua")),
                *(f"http://127.0.0.1:{workload.port}", "--", plan.name),
            ]
            printed = _run(command, b"", whole)
        # Our line follows wrk's own report.
        return Sample(**json.loads(printed.decode().splitlines()[-1]))


def chosen_driver(name: str) -> Driver:
    """Return the driver ``wrk``, ``own``, or with ``auto`` wrk where it is installed.

    Raises:
        DriverError: wrk is wanted and not there.
    """
    program = shutil.which("wrk") if name in ("auto", "wrk") else None
    if program:
        return WrkDriver(program)
    if name == "wrk":
        raise DriverError("wrk is not installed (apt install wrk, brew install wrk); --driver own needs nothing")
    return OwnDriver()


def lua_plan(workload: Workload, first_number: int) -> str:
    """Return a Lua chunk that returns ``workload`` as a table."""
    headers = ", ".join(f"[{_lua(name)}] = {_lua(value)}" for name, value in workload.headers.items())
    paths = ",\n".join(map(_lua, workload.paths))
    bodies = ",\n".join(map(_lua, workload.bodies))
    return (
        f"return {{ method = {_lua(workload.method)}, first_number = {first_number}, headers = {{ {headers} }},\n"
        f"paths = {{ {paths} }},\nbodies = {{ {bodies} }} }}\n"
    )


def _lua(text: str) -> str:
    plain = (chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03d}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def _run(command: Sequence[str], given: bytes, seconds: float) -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, timeout=seconds + GRACE_SECONDS, check=False)
    if done.returncode != 0:
        raise DriverError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-1000:].decode()}")
    return done.stdout
