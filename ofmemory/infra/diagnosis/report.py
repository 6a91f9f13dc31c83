"""Findings for people and for programs. Knows no settings: it also reports settings that can't be read."""

import sys
from collections.abc import Sequence
from io import StringIO
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ofmemory.infra.diagnosis.findings import Examined, Finding, Level

STYLES: Final = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red", Level.SKIPPED: "dim"}


def is_healthy(examined: Sequence[Examined], *, strict: bool = False) -> bool:
    """Return whether nothing failed; with ``strict``, whether nothing was warned of either."""
    bad = {Level.FAIL, Level.WARN, Level.SKIPPED} if strict else {Level.FAIL}
    return not any(finding.level in bad for part in examined for finding in part.findings)


def as_json(examined: Sequence[Examined]) -> str:
    """Return one object: whether all is well, and the findings."""
    findings = [
        {"check": part.check, "level": str(f.level), "what": f.what, "why": f.why, "do": f.remedy}
        for part in examined
        for f in part.findings
    ]
    answer: dict[str, Any] = {"ok": is_healthy(examined), "counts": _counts(examined), "findings": findings}
    return orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode()


def as_text(examined: Sequence[Examined], *, terminal: bool | None = None) -> str:
    """Return a table for a terminal, plain lines for everything else.

    Args:
        terminal: None: as standard output is.
    """
    is_terminal = sys.stdout.isatty() if terminal is None else terminal
    body = _table(examined) if is_terminal else _lines(examined)
    return f"{body}\n{_summary(examined)}"


def _lines(examined: Sequence[Examined]) -> str:
    return "\n".join(line for part in examined for finding in part.findings for line in _of(part.check, finding))


def _of(check: str, finding: Finding) -> list[str]:
    lines = [f"{finding.level.upper():<8}{check}: {finding.what}"]
    if finding.why:
        lines += [f"        why: {finding.why}", f"        do:  {finding.remedy}"]
    return lines


def _table(examined: Sequence[Examined]) -> str:
    table = Table(show_lines=True, expand=False)
    for head in ("", "checked", "found", "what to do"):
        table.add_column(head, overflow="fold")
    for part in examined:
        for finding in part.findings:
            level = Text(str(finding.level), style=STYLES[finding.level])
            said = Text(finding.what + (f"\n{finding.why}" if finding.why else ""))
            table.add_row(level, Text(part.check), said, Text(finding.remedy))
    console = Console(file=StringIO(), force_terminal=True)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip()


def _summary(examined: Sequence[Examined]) -> str:
    counts = _counts(examined)
    said = ", ".join(f"{counts[level]} {level}" for level in Level)
    return f"{'nothing failed' if is_healthy(examined) else 'PROBLEMS'}: {said}"


def _counts(examined: Sequence[Examined]) -> dict[str, int]:
    levels = [finding.level for part in examined for finding in part.findings]
    return {str(level): levels.count(level) for level in Level}
