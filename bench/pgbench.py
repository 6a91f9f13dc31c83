"""The database floor: the very statements of an operation, sent by pgbench instead of the product.

The script is made from what Django sent, so it can't drift from the product. Values that differ from request to request
(the fan, ids, instants) become random ones; all else stays as it was, sent as text like Django's psycopg sends it.
"""

import math
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from bench.client import percentile_ms
from bench.drivers import GRACE_SECONDS, DriverError, Sample
from bench.facts import CREATOR, EXTERNAL_ID, FAN_START, FIRST_FAN, FLOOR_CREATOR
from ofmemory.embedded.binaries import postgres_programs

_UUID: Final = re.compile(r"'[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}'::uuid")
_INSTANT: Final = re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00:00'::timestamptz")
_FAN: Final = re.compile(re.escape(FAN_START) + r"\d+")
_COUNTED: Final = re.compile(r"number of transactions actually processed: (\d+)")
_PER_SECOND: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def script(statements: Sequence[str], fan_count: int) -> str:
    """Return a pgbench script that does once what ``statements`` did, for a random fan.

    What it writes belongs to another creator: it copies sealed values, which open nowhere else, and the product must
    not come across them.
    """
    lines = [
        rf"\set fan random({FIRST_FAN}, {FIRST_FAN + fan_count - 1})",
        r"\set external random(1, 9000000000000000000)",
        *(f"{_randomised(statement)};" for statement in statements),
    ]
    return "\n".join(lines) + "\n"


def _randomised(statement: str) -> str:
    statement = _UUID.sub("uuidv7()", statement.strip())
    statement = _INSTANT.sub("clock_timestamp()", statement)
    if not statement.startswith("SELECT"):
        statement = statement.replace(f"'{CREATOR}'", f"'{FLOOR_CREATOR}'")
    return _FAN.sub(f"{FAN_START}:fan", statement).replace(EXTERNAL_ID, "bench-:external")


def run(text: str, *, database_url: str, clients: int, seconds: float) -> Sample:
    """Run a script with ``clients`` connections.

    Raises:
        DriverError: a statement failed.
    """
    whole = max(1, math.ceil(seconds))
    with tempfile.TemporaryDirectory(prefix="ofm-pgbench-") as folder:
        path = Path(folder, "script.sql")
        path.write_text(text, encoding="utf-8")
        command = [
            *(str(postgres_programs(None) / "pgbench"), "--no-vacuum", "--protocol", "simple", "--file", str(path)),
            *("--client", str(clients), "--jobs", str(min(2, clients)), "--time", str(whole)),
            *("--log", "--log-prefix", str(Path(folder, "log"))),
        ]
        environment = connection_environment(database_url)
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=whole + GRACE_SECONDS, check=False
        )
        if done.returncode != 0:
            raise DriverError(f"pgbench ended with {done.returncode}: {done.stderr[-1000:]}")
        return _sample(done.stdout, Path(folder).glob("log*"))


def connection_environment(database_url: str) -> dict[str, str]:
    """Return the address as libpq reads it from the environment: a command line could be read by others."""
    parts = urlsplit(database_url)
    query = parse_qs(parts.query)
    given: Mapping[str, str | None] = {
        "PGHOST": query.get("host", [parts.hostname])[0],
        "PGPORT": query.get("port", [str(parts.port or 5432)])[0],
        "PGUSER": parts.username and unquote(parts.username),
        "PGPASSWORD": parts.password and unquote(parts.password),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
    }
    return {name: value for name, value in given.items() if value} | {"LC_ALL": "C"}


def _sample(printed: str, logs: Iterable[Path]) -> Sample:
    counted, per_second = _COUNTED.search(printed), _PER_SECOND.search(printed)
    if not counted or not per_second:
        raise DriverError(f"pgbench printed something else than expected: {printed[-1000:]}")
    requests = int(counted[1])
    # A line a transaction: client, transaction, microseconds, ...
    took = sorted(int(line.split()[2]) / 1e6 for log in logs for line in log.read_text().splitlines())
    return Sample(
        requests=requests,
        seconds=requests / float(per_second[1]) if requests else 0.0,
        errors=0,
        bytes=0,
        p50_ms=percentile_ms(took, 50),
        p95_ms=percentile_ms(took, 95),
        p99_ms=percentile_ms(took, 99),
    )
