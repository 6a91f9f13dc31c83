"""The benchmark end to end, every case for a fraction of a second. No figure is judged: machines differ."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import pgbench, report
from bench.cases import CASES, FLOORS
from bench.client import header, percentile_ms, request_bytes
from bench.drivers import DriverError, Sample, chosen_driver, lua_plan
from bench.measuring import Measurement
from bench.targets import judge
from bench.workloads import Workload

ROOT = Path(__file__).resolve().parents[2]
SECONDS = "0.3"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("bench") / "result.json"
    options = ["--driver", "own", "--seconds", SECONDS, "--rounds", "1", "--clients", "2", "--fans", "120"]
    command = [sys.executable, "-m", "bench", *options, "--messages", "60", "--json", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "engagement score" in done.stdout
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded


def test_every_case_is_measured_without_errors(result: dict[str, Any]) -> None:
    assert set(result["cases"]) == {*CASES, "mixed_reads", "mixed_saves"}
    for name, case in result["cases"].items():
        assert case["requests"] > 0, name
        assert case["errors"] == 0, name
        assert case["bytes_per_request"] > 100, name
        assert 0 < case["p50_ms"] <= case["p95_ms"] <= case["p99_ms"], name


def test_contexts_are_of_the_promised_size(result: dict[str, Any]) -> None:
    assert 13_000 <= result["context_bytes"] <= 18_000


def test_hits_are_hits_and_misses_are_misses(result: dict[str, Any]) -> None:
    cases = result["cases"]
    assert cases["hit"]["cache_share"] == 1.0
    assert cases["bulk_hit"]["cache_share"] == 1.0
    assert cases["miss"]["cache"]["miss"] > 0


def test_floors_run_beside_their_cases(result: dict[str, Any]) -> None:
    for name, case in result["cases"].items():
        assert (case["ratio"] is not None) == (name in FLOORS), name
    assert result["cases"]["hit"]["floor"]["bytes_per_request"] == pytest.approx(result["context_bytes"], rel=0.1)


def test_statements_are_counted(result: dict[str, Any]) -> None:
    queries = result["queries"]
    assert queries["hit"] == 0
    assert 0 < queries["miss"] == queries["bulk_miss"]
    assert queries["save"] > 2


def test_the_machine_and_the_memory_are_told(result: dict[str, Any]) -> None:
    assert result["machine"]["cores"] > 0
    assert result["machine"]["postgres"].startswith("18.")
    assert result["machine"]["fsyncs_per_second"] > 0
    assert len(result["memory"]) == 2
    assert {target["case"] for target in result["targets"]} >= {"hit", "save", "memory", "mixed_reads"}


def test_a_failed_request_is_remarked_on() -> None:
    failing = Measurement([Sample(10, 1.0, 3, 100, 1.0, 2.0, 3.0, {}, "HTTP/1.1 500")])
    assert report.remarks({"save": failing.summary()}) == ["save: 3 of 10 requests failed. HTTP/1.1 500"]


def test_answers_from_elsewhere_are_remarked_on() -> None:
    mostly_hit = Measurement([Sample(10, 1.0, 0, 100, 1.0, 2.0, 3.0, {"hit": 6, "miss": 4})], cache_state="miss")
    assert "only 40%" in report.remarks({"miss": mostly_hit.summary()})[0]


def test_ratios_are_of_neighbours() -> None:
    def took(per_second: int) -> Sample:
        return Sample(per_second, 1.0, 0, 0, 1.0, 1.0, 1.0)

    measured = Measurement([took(50), took(30), took(90)], [took(100), took(100), took(100)])
    assert measured.summary()["ratio"] == {"median": 0.5, "min": 0.3, "max": 0.9}


def test_targets_are_met_and_missed_by_a_part_of_their_bound() -> None:
    summary = Measurement([Sample(5000, 2.0, 0, 0, 1.0, 60.0, 80.0)]).summary()
    verdicts = {verdict.target.metric: verdict for verdict in judge({"hit": summary}, [])}
    assert verdicts["per_second"].is_met
    assert verdicts["per_second"].margin == 0
    assert verdicts["p95_ms"].margin == pytest.approx(-0.2)
    assert not verdicts["p95_ms"].is_met


def test_a_pgbench_script_asks_for_a_random_fan_at_a_random_instant() -> None:
    statement = (
        "INSERT INTO t VALUES ('bench-fan-100000', '01a1f86ae2d67acaa8f7c10b5b75f798'::uuid, "
        "'{\"externalId\": \"bench-external-id\"}'::jsonb, '2026-11-20 10:05:16.886485+00:00'::timestamptz)"
    )
    text = pgbench.script(["BEGIN", statement, "COMMIT"], 2000)
    assert text.splitlines()[0] == r"\set fan random(100000, 101999)"
    assert text.splitlines()[2:] == [
        "BEGIN;",
        (
            "INSERT INTO t VALUES ('bench-fan-:fan', uuidv7(), "
            '\'{"externalId": "bench-:external"}\'::jsonb, clock_timestamp());'
        ),
        "COMMIT;",
    ]


def test_an_address_becomes_an_environment_for_libpq() -> None:
    found = pgbench.connection_environment("postgres://me:p%40ss@/bench?host=/run/x&port=5432")
    assert found["PGPASSWORD"] == "p@ss"
    assert (found["PGHOST"], found["PGUSER"], found["PGDATABASE"]) == ("/run/x", "me", "bench")


def test_each_request_has_a_number_of_its_own() -> None:
    workload = {"method": "POST", "paths": ["/a", "/b"], "bodies": ["x@N@"], "headers": {"A": "1"}, "port": 1}
    request = request_bytes(workload, 7)
    assert request.startswith(b"POST /b HTTP/1.1\r\nHost: 127.0.0.1:1\r\nA: 1\r\nContent-Length: 2\r\n")
    assert request.endswith(b"\r\n\r\nx7")


def test_headers_are_found_by_name() -> None:
    head = b"http/1.1 200 ok\r\nx-memory-cache: hit\r\nserver: x"
    assert header(head, b"x-memory-cache") == b"hit"
    assert header(head, b"cache") == b""


@pytest.mark.parametrize(("percent", "wanted"), [(50, 500.0), (95, 950.0), (99, 990.0)])
def test_percentiles(percent: int, wanted: float) -> None:
    assert percentile_ms([number / 100 for number in range(1, 101)], percent) == wanted


def test_texts_reach_wrk_unharmed() -> None:
    plan = lua_plan(Workload("POST", 1, ["/a"], ['{"text": "hé\\n"}']), 5)
    assert r"{\034text\034: \034h\195\169\092n\034}" in plan


def test_without_wrk_the_own_client_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert chosen_driver("auto").name == "built-in asyncio client"
    with pytest.raises(DriverError, match="not installed"):
        chosen_driver("wrk")
