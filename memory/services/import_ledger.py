"""What an import has to remember of a whole file, in a temporary table: a file of any size costs no memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from types import TracebackType
from typing import Self

import orjson
from django.db import connection

from memory.services.import_batches import Report
from privacy.keys.keyring import service_key

_DIGEST_BYTES = 16
_CREATE = "CREATE TEMPORARY TABLE IF NOT EXISTS import_ledger (key bytea PRIMARY KEY, total bigint NOT NULL)"
_DROP = "DROP TABLE IF EXISTS pg_temp.import_ledger"
_ADD = """
INSERT INTO pg_temp.import_ledger AS held (key, total) SELECT * FROM unnest(%s::bytea[], %s::bigint[])
ON CONFLICT (key) DO UPDATE SET total = held.total + EXCLUDED.total RETURNING key, total
"""


class Ledger:
    """Totals by key, for as long as the context lasts."""

    def __enter__(self) -> Self:
        self._made = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error the connection may be gone, and the table with it.
        if self._made and error is None:
            with connection.cursor() as cursor:
                cursor.execute(_DROP)

    def add(self, amounts: Mapping[bytes, int]) -> dict[bytes, int]:
        """Add to the totals; return what each was before."""
        if not amounts:
            return {}
        with connection.cursor() as cursor:
            if not self._made:
                cursor.execute(_DROP)
                cursor.execute(_CREATE)
                self._made = True
            names = {_kept(key): key for key in amounts}
            cursor.execute(_ADD, (list(names), list(amounts.values())))
            return {names[bytes(kept)]: total - amounts[names[bytes(kept)]] for kept, total in cursor.fetchall()}

    def named(self, reports: Sequence[Report]) -> list[Report]:
        """Give an external id to the reports without one: what they say, and how many said the same before.

        So a second import of the file finds them again, and rows that are identical on purpose are all kept.
        """
        keys = {index: identity(report) for index, report in enumerate(reports) if not report.interaction.external_id}
        ordinals = self.add(Counter(keys.values()))
        named = list(reports)
        for index, key in keys.items():
            external_id = f"import:{key.hex()}:{ordinals[key]}"
            ordinals[key] += 1
            report = reports[index]
            named[index] = replace(report, interaction=replace(report.interaction, external_id=external_id))
        return named


def _kept(key: bytes) -> bytes:
    """Keyed, because the table may be written to a disk, and short texts can be found by trying."""
    return blake2b(key, digest_size=_DIGEST_BYTES, key=service_key("import")).digest()


def digest(*parts: object) -> bytes:
    """Return a key for the ledger."""
    return blake2b(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS), digest_size=_DIGEST_BYTES).digest()


def identity(report: Report) -> bytes:
    """Return the digest of everything a row says; the same for the same row in JSONL and in CSV."""
    said = report.interaction
    amount = None if said.amount is None else str(said.amount)
    return digest(
        report.fan_id, said.type, said.sender, said.content, said.timestamp, amount, said.currency, said.metadata
    )
