"""History files, line by line: JSONL and CSV become rows of named values. Nothing is held but the row at hand."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson
from django.conf import settings

from ofmemory.errors import InvalidInput

Format = Literal["jsonl", "csv"]

FIELDS = ("fanId", "creatorId", "type", "sender", "content", "timestamp", "metadata", "amount", "currency")
REQUIRED_COLUMNS = ("fanId", "timestamp")
METADATA_COLUMN = "metadata."
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Stands for a line not read to its end. No valid text holds it, and broken UTF-8 is read as others of its kind.
_TOO_LONG = "\ud800"
_NOT_CSV = "Is not valid CSV: a quote is missing or out of place, or a cell is too long."


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Args:
        line: where it begins, from 1.
        last_line: where it ends; a CSV cell may hold line breaks.
        bytes_read: how much of the file was read up to its end.
        values: its fields by name, or None where it could not be read.
        problem: why not.
    """

    line: int
    last_line: int
    bytes_read: int
    values: Mapping[str, Any] | None
    problem: str = ""


def format_of(path: Path, file: BinaryIO) -> Format:
    """Tell the format by the name, or by the first character where the name says nothing."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return "csv"
    if suffix in {".jsonl", ".ndjson", ".json"}:
        return "jsonl"
    start = file.read(4096).removeprefix(_UTF8_MARK).lstrip()
    file.seek(0)
    return "jsonl" if start.startswith(b"{") else "csv"


def read_rows(file: BinaryIO, kind: Format) -> Iterator[Row]:
    """Read the rows of ``file`` from its start; blank lines are none.

    Raises:
        InvalidInput: at once, where the file is UTF-16 or the header of a CSV file does not name the fields.
    """
    if file.read(2) in _UTF16_MARKS:
        raise InvalidInput.field("file", "is UTF-16; save it as UTF-8.")
    file.seek(0)
    lines = _Lines(file)
    return _jsonl_rows(lines) if kind == "jsonl" else _csv_rows(lines)


class _Lines:
    """The lines of a file, none longer than the API takes; counts lines and bytes.

    Args:
        file: read from where it stands.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._limit = file, settings.MAX_BODY_BYTES
        self.count = self.bytes_read = 0

    def next_line(self) -> tuple[bytes, bool] | None:
        """Return the next line and whether it is whole, or None at the end of the file."""
        line = self._read()
        if not line:
            return None
        if self.count == 0:
            line = line.removeprefix(_UTF8_MARK)
        self.count += 1
        whole = len(line) <= self._limit or line.endswith(b"\n")
        return (line, True) if whole else (b'"' if self._skip_rest(line) % 2 else b"", False)

    def _read(self) -> bytes:
        # Line end and mark are no part of what is limited.
        line = self._file.readline(self._limit + 5)
        self.bytes_read += len(line)
        return line

    def _skip_rest(self, part: bytes) -> int:
        """Read to the end of the line; return how many quotes it holds, for CSV goes on after them."""
        quotes = part.count(b'"')
        while part and not part.endswith(b"\n"):
            part = self._read()
            quotes += part.count(b'"')
        return quotes


def _too_long() -> str:
    return f"Is longer than {settings.MAX_BODY_BYTES:,} bytes."


def _jsonl_rows(lines: _Lines) -> Iterator[Row]:
    while (read := lines.next_line()) is not None:
        line, whole = read
        if whole and not line.strip():
            continue
        values, problem = _json_object(line) if whole else (None, _too_long())
        yield Row(lines.count, lines.count, lines.bytes_read, values, problem)


def _json_object(line: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None, "Is not valid JSON." if _is_utf8(line) else "Is not valid UTF-8."
    return (values, "") if isinstance(values, dict) else (None, "Must be a JSON object.")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _csv_rows(lines: _Lines) -> Iterator[Row]:
    records = csv.reader(_texts(lines), strict=True)
    try:
        header = next((cells for cells in records if cells), None)
    except csv.Error:
        header = []
    return iter(()) if header is None else _records_under(_checked_header(header), records, lines)


def _records_under(header: list[str], records: Iterator[list[str]], lines: _Lines) -> Iterator[Row]:
    while True:
        line = lines.count + 1
        try:
            cells = next(records)
            values, problem = _csv_values(header, cells)
        except StopIteration:
            return
        except csv.Error:
            cells, values, problem = [""], None, _NOT_CSV
        if cells:
            yield Row(line, lines.count, lines.bytes_read, values, problem)


def _texts(lines: _Lines) -> Iterator[str]:
    while (read := lines.next_line()) is not None:
        line, whole = read
        # A quote kept from a line too long keeps the reader right about being inside a cell.
        yield line.decode(errors="surrogateescape") if whole else f"{line.decode()}{_TOO_LONG}\n"


def _checked_header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    named = {name for name in names if not name.startswith(METADATA_COLUMN)}
    missing = [name for name in REQUIRED_COLUMNS if name not in named]
    if missing or named - set(FIELDS) or len(set(names)) < len(names) or METADATA_COLUMN in names:
        raise InvalidInput.field(
            "file",
            f"the first line must name the columns, each once: {', '.join(FIELDS)} or metadata.<name>; "
            f"{' and '.join(REQUIRED_COLUMNS)} are required.",
        )
    return names


def _csv_values(header: list[str], cells: list[str]) -> tuple[dict[str, Any] | None, str]:
    """An empty cell is a value left out."""
    if any(_TOO_LONG in cell for cell in cells):
        return None, _too_long()
    if any(_holds_broken_text(cell) for cell in cells):
        return None, "Is not valid UTF-8."
    if len(cells) != len(header):
        return None, f"Has {len(cells)} cells where the header has {len(header)}."
    given = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    values: dict[str, Any] = {name: cell for name, cell in given.items() if not name.startswith(METADATA_COLUMN)}
    single = {name.removeprefix(METADATA_COLUMN): cell for name, cell in given.items() if name not in values}
    return _with_metadata(values, single)


def _with_metadata(values: dict[str, Any], single: Mapping[str, str]) -> tuple[dict[str, Any] | None, str]:
    try:
        metadata = orjson.loads(values.get("metadata", "{}"))
    except orjson.JSONDecodeError:
        return None, "The metadata column is not valid JSON."
    if single and isinstance(metadata, dict):
        metadata = {**metadata, **single}
    return ({**values, "metadata": metadata} if metadata or "metadata" in values else values), ""


def _holds_broken_text(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False
