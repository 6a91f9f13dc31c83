"""What an export is made of: rows of registered tables as plain values, sorted into provided, observed and inferred."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from privacy.domain import Origin, Pair
from privacy.registry import Personal, Table, tables

ROWS_AT_ONCE = 500
ART_15, ART_20 = "art15", "art20"
ORIGINS = {ART_15: (Origin.PROVIDED, Origin.OBSERVED, Origin.INFERRED), ART_20: (Origin.PROVIDED, Origin.OBSERVED)}


@dataclass(frozen=True)
class Part:
    """A table in one bundle.

    Args:
        labels: column → name in the export, of every column the bundle may hold.
    """

    table: Table
    bundle: str
    labels: dict[str, str]

    @property
    def name(self) -> str:
        return self.table.name

    def origin_of(self, column: str, row: Any) -> Origin:
        """Return where a value comes from. What others wrote about or to the fan was not provided by the fan."""
        origin = self.declared(column).origin
        if origin is Origin.PROVIDED and not _was_provided(self.table, row):
            return Origin.OBSERVED
        return origin

    def declared(self, column: str) -> Personal:
        found = self.table.fields[column]
        assert isinstance(found, Personal)  # labels hold no other  # noqa: S101
        return found

    def holds(self, row: Any) -> bool:
        """Return whether the bundle holds the row: Art. 20 is about what the fan provided, and what the fan did."""
        return self.bundle == ART_15 or _was_provided(self.table, row)

    def may_hold(self, origin: Origin) -> bool:
        """Return whether a row of this part may have a value of that origin."""
        origins = {self.declared(column).origin for column in self.labels}
        turned = self.table.provided_if is not None and Origin.PROVIDED in origins
        return origin in origins or (turned and origin is Origin.OBSERVED)

    def rows(self, pair: Pair) -> Iterator[Any]:
        """Yield the pair's rows, oldest first, a few at a time."""
        yield from self.of_pair(pair).order_by(_order(self.table.model)).iterator(chunk_size=ROWS_AT_ONCE)

    def of_pair(self, pair: Pair) -> Any:
        return self.table.of_pair(pair)

    def values(self, row: Any, origin: Origin) -> dict[str, Any]:
        """Return the row's values of one origin, under their names in the export; its number with each."""
        found = {
            label: plain(getattr(row, column))
            for column, label in self.labels.items()
            if self.origin_of(column, row) is origin
        }
        return {"id": plain(row.pk), **found} if found and "id" in self.labels.values() else found


def parts_of(bundle: str) -> list[Part]:
    """Return the tables of a bundle with the columns it may hold."""
    found = [Part(table, bundle, _labels(table, bundle)) for table in tables() if table.name]
    # First what was said and done; what this room itself keeps about it comes last.
    return sorted(
        (part for part in found if part.labels), key=lambda part: part.table.model._meta.app_label == "privacy"
    )


def not_exported() -> list[Table]:
    """Return the tables with rows of fans that no export holds; the manifest says why."""
    return [table for table in tables() if table.subject == "fan" and not table.name]


def _labels(table: Table, bundle: str) -> dict[str, str]:
    return {
        column: it.label
        for column, it in table.fields.items()
        if isinstance(it, Personal) and it.label and it.origin in ORIGINS[bundle]
    }


def _was_provided(table: Table, row: Any) -> bool:
    return table.provided_if is None or table.provided_if(row)


def _order(model: type[models.Model]) -> str:
    names = {field.name for field in model._meta.concrete_fields}
    return "created_at" if "created_at" in names else "pk"


def plain(value: Any) -> Any:
    """Return a column's value as JSON has it."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
