"""A ZIP in memory that is written in pieces and knows the digest of each of its files."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from typing import IO, Any, Self
from zipfile import ZIP_DEFLATED, ZipFile

from privacy.fields import dumped_json


class Archive:
    """Nothing of it ever stands in a file on disk."""

    def __init__(self) -> None:
        self._bytes = BytesIO()
        self._zip = ZipFile(self._bytes, "w", ZIP_DEFLATED)
        self.files: dict[str, dict[str, Any]] = {}

    @contextmanager
    def file(self, path: str) -> Iterator["Sheet"]:
        """Write one file of it, in pieces."""
        with self._zip.open(path, "w", force_zip64=True) as opened:
            sheet = Sheet(opened)
            yield sheet
        self.files[path] = {"sha256": sheet.digest.hexdigest(), "bytes": sheet.size}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def finished(self) -> bytes:
        self._zip.close()
        return self._bytes.getvalue()


class Sheet:
    """A file being written."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened
        self.digest = sha256()
        self.size = 0

    def write(self, text: str | bytes) -> None:
        raw = text.encode(errors="backslashreplace") if isinstance(text, str) else text
        self._opened.write(raw)
        self.digest.update(raw)
        self.size += len(raw)

    @contextmanager
    def json_object(self) -> Iterator[None]:
        self.write("{")
        yield
        self.write("\n}\n")

    @contextmanager
    def json_list(self, name: str, *, first: bool) -> Iterator["JSONList"]:
        """Write a list as a member of an object, one item a line."""
        self.write(("" if first else ",") + f'\n"{name}": [')
        yield JSONList(self)
        self.write("\n]")


class JSONList:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.count = 0

    def add(self, item: Any) -> None:
        self._sheet.write((b",\n" if self.count else b"\n") + dumped_json(item))
        self.count += 1
