"""The record of processing activities (Art. 30), made from the registry: what, about whom, why, how long."""

from collections.abc import Iterator
from typing import Any

from privacy.registry import NotPersonal, Personal, Table, tables
from privacy.services.export_words import RECIPIENTS

CONTROLLER = "The creator, or the agency that acts for the creator (Art. 4(7))."
PROCESSOR = "Whoever operates ofmemory, on behalf of the controller (Art. 28)."
THIRD_COUNTRIES = "None by the product itself. A key service outside the EEA would be the operator's choice."
SUBJECTS = {
    "fan": "Fans: people who write to, or buy from, the creator.",
    "staff": "Staff: people who log in.",
    "nobody": "Nobody: tables without personal data, listed so that none is missing.",
}
PURPOSES = {
    "memory": "Remembering the conversation and purchases, so that an assistant can answer in context.",
    "personalisation": "Learning what the fan likes, and which manner of speaking works.",
    "emotion_analysis": "Recognising the fan's mood in what was written.",
    "purchase_profiling": "Recognising patterns in what the fan buys, and when.",
}
SECURITY = (
    "AES-256-GCM for all content, one random data key per fan; keys are wrapped and lie in their own database.",
    "Erasure destroys rows and data key, is verified by a search of every store, and is proven by a signed receipt.",
    "Access by role and scope, one creator never reaching another's data; limits per creator and fan.",
    "Every access is in an append-only, hash-chained audit log that names fans by a random handle only.",
    "Logs, queues and cache keys hold pseudonyms, never ids or content; cached values are encrypted.",
)


def record_of_processing() -> dict[str, Any]:
    """Return the record as one value, in an order that does not depend on imports."""
    declared = sorted(tables(), key=lambda table: (list(SUBJECTS).index(table.subject), table.model._meta.db_table))
    return {
        "controller": CONTROLLER,
        "processor": PROCESSOR,
        "purposes": PURPOSES,
        "subjects": SUBJECTS,
        "recipients": list(RECIPIENTS),
        "thirdCountries": THIRD_COUNTRIES,
        "security": list(SECURITY),
        "tables": [_table(table) for table in declared],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "table": table.model._meta.db_table,
        "subject": table.subject,
        "exportedAs": table.name or None,
        "basis": table.basis,
        "retention": table.retention,
        "onErasure": str(table.on_erasure),
        "columns": {field.name: _column(table, field) for field in table.model._meta.concrete_fields},
    }


def _column(table: Table, field: Any) -> dict[str, Any]:
    declared = table.fields[field.name]
    if isinstance(declared, NotPersonal):
        return {"personal": False, "why": declared.why}
    assert isinstance(declared, Personal)  # noqa: S101 - there are these two
    return {
        "personal": True,
        "category": str(declared.category),
        "origin": str(declared.origin),
        "purpose": str(declared.purpose) if table.subject == "fan" else None,
        "sealed": type(field).__name__.startswith("Sealed"),
        "exportedAs": declared.label or None,
        "note": declared.note or declared.logic or None,
    }


def as_markdown(record: dict[str, Any]) -> str:
    """Return the record as a page."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield "# Record of processing activities (Art. 30 GDPR)\n"
    yield "Made by `make ropa` from the registry of personal data; do not edit. `make check` compares both.\n"
    yield f"- **Controller:** {record['controller']}\n- **Processor:** {record['processor']}"
    yield f"- **Third countries:** {record['thirdCountries']}"
    yield from _list("Purposes", [f"*{name}*: {text}" for name, text in record["purposes"].items()])
    yield from _list("Data subjects", list(record["subjects"].values()))
    yield from _list("Recipients", record["recipients"])
    yield from _list("Security (Art. 32)", record["security"])
    for subject in record["subjects"]:
        yield f"\n## Tables: {subject}"
        for table in record["tables"]:
            if table["subject"] == subject:
                yield from _table_lines(table)


def _list(title: str, items: list[str]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield from (f"- {item}" for item in items)


def _table_lines(table: dict[str, Any]) -> Iterator[str]:
    yield f"\n### `{table['table']}`\n"
    yield f"Basis: {table['basis']}. Kept: {table['retention']} On erasure: {table['onErasure']}.\n"
    yield "| column | category | origin | purpose | sealed | in exports | note |"
    yield "|---|---|---|---|---|---|---|"
    for name, column in table["columns"].items():
        yield _row(name, column)


def _row(name: str, column: dict[str, Any]) -> str:
    if not column["personal"]:
        return f"| `{name}` | not personal | | | | | {_cell(column['why'])} |"
    said = (column["category"], column["origin"], column["purpose"] or "", "yes" if column["sealed"] else "")
    exported = f"`{column['exportedAs']}`" if column["exportedAs"] else ""
    return f"| `{name}` | {' | '.join(said)} | {exported} | {_cell(column['note'] or '')} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
