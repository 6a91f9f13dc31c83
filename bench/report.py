"""The result of a run: as tables for people, as JSON for comparing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.cases import CASES
from bench.targets import Verdict

LOW_SHARE: Final = 0.9
_TITLES: Mapping[str, str] = {
    **CASES,
    "mixed_reads": "1000 contexts/s, beside",
    "mixed_saves": "500 saves/s",
    "memory": "memory of a web worker",
}
_UNITS: Mapping[str, str] = {
    "ratio": "x floor",
    "per_second": "a second",
    "p95_ms": "ms p95",
    "memory_mb": "MB",
}


def show(result: Mapping[str, Any], verdicts: Sequence[Verdict]) -> None:
    console = Console(width=132, highlight=False)
    console.print(_machine_line(result))
    console.print(_cases_table(result["cases"]))
    console.print(_targets_table(verdicts))
    console.print(_queries_line(result["queries"]))
    workers = ", ".join(f"{one['rss']:.0f} MB resident ({one['pss']:.0f} MB shared fairly)" for one in result["memory"])
    console.print(f"Web workers after the load: {workers}")
    for line in remarks(result["cases"]):
        console.print(line, style="bold red")


def remarks(cases: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what makes a figure wrong: errors, and answers from elsewhere than the case says."""
    errors = [
        f"{name}: {case['errors']} of {case['requests']} requests failed. {case['first_error']}".strip()
        for name, case in cases.items()
        if case["errors"]
    ]
    silent = [f"{name}: no request was answered in time." for name, case in cases.items() if not case["requests"]]
    elsewhere = [
        f"{name}: only {case['cache_share']:.0%} of the answers were what the case says; its figures mean little."
        for name, case in cases.items()
        if case["requests"] and case["cache_share"] is not None and case["cache_share"] < LOW_SHARE
    ]
    return errors + silent + elsewhere


def _machine_line(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    return (
        f"{result['started_at']}, commit {machine['commit']}, driver {result['driver']}\n"
        f"{machine['cores']} cores, {machine['system']}, load before {machine['load_before'][0]}, "
        f"{machine['fsyncs_per_second']} fsyncs/s; Python {machine['python']}, Django {machine['django']}, "
        f"PostgreSQL {machine['postgres']}, {machine['cache_server']}\n"
        f"{result['options']['fans']} fans, a context is {result['context_bytes'] / 1000:.1f} KB, "
        f"{result['options']['clients']} clients, {result['options']['rounds']} rounds of "
        f"{result['options']['seconds']:g} s"
    )


def _cases_table(cases: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table()
    table.add_column("case")
    for name in ("requests", "errors", "a second", "p50 ms", "p95 ms", "p99 ms", "KB", "cache", "floor/s", "of floor"):
        table.add_column(name, justify="right")
    for name, case in cases.items():
        table.add_row(_TITLES[name], *_numbers(case), _share(case), *_floor(case))
    return table


def _numbers(case: Mapping[str, Any]) -> list[str]:
    return [
        f"{case['requests']:,}",
        f"{case['errors']:,}",
        f"{case['per_second']:,.0f}",
        *(f"{case[name]:.1f}" for name in ("p50_ms", "p95_ms", "p99_ms")),
        f"{case['bytes_per_request'] / 1000:.1f}",
    ]


def _share(case: Mapping[str, Any]) -> str:
    counted = sum(case["cache"].values())
    return f"{case['cache']['hit'] / counted:.0%} hit" if counted else ""


def _floor(case: Mapping[str, Any]) -> tuple[str, str]:
    if not case["floor"] or not case["ratio"]:
        return "", ""
    ratio = case["ratio"]
    return f"{case['floor']['per_second']:,.0f}", f"{ratio['median']:.2f} ({ratio['min']:.2f}-{ratio['max']:.2f})"


def _targets_table(verdicts: Sequence[Verdict]) -> Table:
    table = Table("target", "", "wanted", "measured", "")
    for verdict in verdicts:
        target = verdict.target
        sign = "≥" if target.is_minimum else "≤"
        state = f"met, {verdict.margin:.0%} to spare" if verdict.is_met else f"MISSED by {-verdict.margin:.0%}"
        style = "green" if verdict.is_met else "red"
        wanted, measured = f"{sign} {target.bound:g}", f"{verdict.measured:,.3g}"
        if verdict.measured >= 100:
            measured = f"{verdict.measured:,.0f}"
        table.add_row(_TITLES[target.case], _UNITS[target.metric], wanted, measured, f"[{style}]{state}[/]")
    return table


def _queries_line(queries: Mapping[str, int]) -> str:
    return "Statements sent to the database: " + ", ".join(f"{name} {count}" for name, count in queries.items())
