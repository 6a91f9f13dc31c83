"""Writing an export: one pass over a pair's rows for each file, all in one snapshot, a few rows in memory at a time."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts.services.members import roles_of
from privacy.domain import Origin, Pair, Purpose
from privacy.errors import ExportIncomplete
from privacy.fields import dumped_json
from privacy.models import AuditEntry, PendingAudit
from privacy.services import export_page, export_words
from privacy.services.export_archive import Archive, Sheet
from privacy.services.export_parts import ART_15, ORIGINS, ROWS_AT_ONCE, Part, not_exported, parts_of, plain

_ENTRY = ("at", "action", "actor")


class Bundle:
    """An export of one pair being written, inside the transaction whose snapshot it shows."""

    def __init__(self, pair: Pair, bundle: str, *, handle: UUID | None) -> None:
        self.pair, self.bundle, self.handle = pair, bundle, handle
        self.parts = parts_of(bundle)
        self.stored = {part.name: part.of_pair(pair).count() for part in self.parts}
        self.written = dict.fromkeys(self.stored, 0)
        self.accesses = 0
        self.as_of = _now()

    def write(self) -> bytes:
        """Return the finished ZIP.

        Raises:
            ExportIncomplete: a count differs from what the database says.
            Unreadable: something can't be opened.
        """
        with Archive() as self._archive:
            for origin in ORIGINS[self.bundle]:
                self._write_data(origin)
            if self.bundle == ART_15:
                self._write_audit()
            self._write_page()
            with self._archive.file("manifest.json") as sheet:
                sheet.write(dumped_json(self.manifest()))
            return self._archive.finished()

    # ---- the files

    def _write_data(self, origin: Origin) -> None:
        parts = [part for part in self.parts if part.may_hold(origin)]
        with self._archive.file(f"data/{origin}.json") as sheet, sheet.json_object():
            for number, part in enumerate(parts):
                with sheet.json_list(part.name, first=number == 0) as rows:
                    for row in self._rows(part):
                        if part.holds(row) and (values := part.values(row, origin)):
                            rows.add(values)
            if origin is Origin.INFERRED:
                sheet.write(',\n"logic": ')
                sheet.write(dumped_json({part.name: _logic(part) for part in parts}))

    def _write_page(self) -> None:
        before, after = export_page.page(self._facts())
        with self._archive.file("index.html") as sheet:
            sheet.write(before)
            for part in self.parts:
                self._write_section(sheet, part)
            sheet.write(after)

    def _write_section(self, sheet: Sheet, part: Part) -> None:
        before, after = export_page.section(part, self.stored[part.name])
        sheet.write(before)
        for row in self._rows(part):
            if part.holds(row):
                sheet.write(export_page.row(part, row))
                self.written[part.name] += 1
        sheet.write(after)

    def _write_audit(self) -> None:
        roles = roles_of(self.pair.creator_id)
        with (
            self._archive.file("audit.json") as sheet,
            sheet.json_object(),
            sheet.json_list("entries", first=True) as entries,
        ):
            for at, action, actor in self._audit_entries():
                entries.add({"at": plain(at), "action": action, "by": _label(actor, roles)})
            self.accesses = entries.count

    def _audit_entries(self) -> Iterator[Any]:
        if self.handle is None:
            return
        for model in (AuditEntry, PendingAudit):
            rows = model._default_manager.filter(subject=self.handle).order_by("at", "pk")
            yield from rows.values_list(*_ENTRY).iterator(chunk_size=ROWS_AT_ONCE)

    def _rows(self, part: Part) -> Iterator[Any]:
        """Yield every row of a table and make sure that these were all.

        Raises:
            ExportIncomplete: they were not.
        """
        count = 0
        for row in part.rows(self.pair):
            count += 1
            yield row
        if count != self.stored[part.name]:
            raise ExportIncomplete(f"The export of {part.name} has a hole.")

    # ---- what is said about them

    def manifest(self) -> dict[str, Any]:
        return {
            "product": "ofmemory",
            "productVersion": settings.PRODUCT_VERSION,
            "bundle": self.bundle,
            "basis": export_words.BASIS[self.bundle],
            "creatorId": self.pair.creator_id,
            "fanId": self.pair.fan_id,
            "pseudonym": plain(self.handle),
            "asOf": plain(self.as_of),
            "purposes": [str(purpose) for purpose in Purpose],
            "source": export_words.SOURCE,
            "recipients": export_words.RECIPIENTS,
            "rights": export_words.RIGHTS,
            "automatedDecisions": export_words.AUTOMATED_DECISIONS,
            "tables": {part.name: self._table(part) for part in self.parts},
            "leftOut": self._left_out(),
            "auditEntries": self.accesses if self.bundle == ART_15 else None,
            "files": self._archive.files,
        }

    def _table(self, part: Part) -> dict[str, Any]:
        stored, written = self.stored[part.name], self.written[part.name]
        return {
            "stored": stored,
            "exported": written,
            "leftOut": stored - written,
            "basis": part.table.basis,
            "retention": export_words.kept(part.table.retention),
            "columns": {
                label: {"category": it.category, "origin": it.origin, "purpose": it.purpose}
                for column, label in part.labels.items()
                if (it := part.declared(column))
            },
        }

    def _left_out(self) -> list[str]:
        said = [f"{table.model._meta.verbose_name}: {_why(table)}" for table in not_exported()]
        if self.bundle != ART_15:
            said += ["What was inferred (Art. 15).", "What was written to the fan, not by the fan (Art. 15)."]
        return [*said, export_words.STAFF]

    def _facts(self) -> dict[str, Any]:
        return {
            "basis": export_words.BASIS[self.bundle],
            "introduction": export_words.INTRODUCTION[self.bundle],
            "inferred": self.bundle == ART_15,
            "fan": export_page.visible(self.pair.fan_id),
            "creator": export_page.visible(self.pair.creator_id),
            "as_of": plain(self.as_of),
            "recipients": export_words.RECIPIENTS,
            "source": export_words.SOURCE,
            "rights": export_words.RIGHTS,
            "left_out": self._left_out(),
            "accesses": self.accesses if self.bundle == ART_15 else None,
        }


def _logic(part: Part) -> dict[str, str]:
    return {label: it.logic for column, label in part.labels.items() if (it := part.declared(column)).logic}


def _why(table: Any) -> str:
    notes = [it.note for it in table.fields.values() if getattr(it, "note", "") and it.category != "identifier"]
    return notes[0] if notes else "names the fan by the same id as everything else."


def _label(actor: str, roles: dict[str, Any]) -> str:
    """Return what somebody is to the creator, not who."""
    kind, _, number = actor.partition(":")
    if kind == "user":
        return str(roles.get(number, "staff"))
    return {"key": "service", "system": "system"}.get(kind, "staff")


def _now() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]
