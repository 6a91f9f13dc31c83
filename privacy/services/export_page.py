"""The export for people: one page that needs nothing else, in which whatever was written is text and nothing more."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from django.template.loader import render_to_string

from privacy.services.export_parts import Part, plain
from privacy.services.export_words import kept

# Invisible: they could turn the order of what is read around, or end a terminal's line. Shown by their number.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


# Where in a template the rows go; nothing that was written can look like it, for it is escaped.
_ROWS = "<!--rows-->"


def page(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Return what stands before and after all tables."""
    return _around("privacy/export_page.html", facts)


def section(part: Part, count: int) -> tuple[str, str]:
    """Return what stands before and after a table's rows."""
    columns = [
        {"label": heading(label), "origin": part.declared(column).origin, "logic": part.declared(column).logic}
        for column, label in part.labels.items()
    ]
    facts = {
        "name": heading(part.name),
        "count": count,
        "columns": columns,
        "kept": kept(part.table.retention),
        "basis": part.table.basis,
    }
    if not count:
        return render_to_string("privacy/export_nothing.html", facts), ""
    return _around("privacy/export_section.html", facts)


def _around(template: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    before, _, after = render_to_string(template, dict(facts)).partition(_ROWS)
    return before, after


def row(part: Part, held: Any) -> str:
    """Return one row of a table. Escaped here and not by a template, which would take five times as long."""
    cells = "".join(f"<td><bdi>{escape(shown(getattr(held, name)))}</bdi></td>" for name in part.labels)
    return f"<tr>{cells}</tr>\n"


def shown(value: Any) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    value = plain(value)
    if value in (None, "", [], {}):
        return "–"  # noqa: RUF001 - a dash
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return visible(str(value))


def visible(text: str) -> str:
    """Return the text with everything that can't be seen shown by its number."""
    return _INVISIBLE.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)


def heading(name: str) -> str:
    """Return a camelCase name as words."""
    return " ".join(_words(name)).capitalize()


def _words(name: str) -> Iterator[str]:
    yield from (word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+", name))
