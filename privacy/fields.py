"""Columns that are sealed with the pair's data key: plain values in Python, ciphertext in the database.

Sealed for one place: table, column, row and pair. A value that is moved anywhere else does not open. Opening happens at
the first access of the attribute, so that pages and queries that never look at content never decrypt it. An empty value
is stored as no bytes at all.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from privacy.domain import Pair
from privacy.keys import keyring
from privacy.keys.envelope import Tampered


class Sealed(bytes):
    """A value as it is stored."""

    __slots__ = ()


class _OpenedAtFirstAccess(DeferredAttribute):
    field: "SealedField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__.get(self.field.attname)
        if value is None:
            value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = self.field.opened(instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.BinaryField):  # type: ignore[type-arg]  # parametrised in the stubs only
    """Base of the sealed columns; the model must have ``creator_id`` and ``fan_id``.

    The row is named by its primary key where that is a UUID. Tables with one row a pair have no other row to confuse
    it with. ``row_field`` names another column that tells rows apart.
    """

    descriptor_class = _OpenedAtFirstAccess

    def __init__(self, *args: Any, row_field: str = "", **kwargs: Any) -> None:
        self.row_field = row_field
        kwargs.setdefault("db_default", b"")
        kwargs.setdefault("default", self.empty)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        if kwargs.get("db_default") == b"":
            del kwargs["db_default"]
        if self.row_field:
            kwargs["row_field"] = self.row_field
        return name, path, args, kwargs

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            self.place = keyring.place_of(cls._meta.db_table, str(self.column))
            pk = cls._meta.pk
            self._row_name = self.row_field or (pk.attname if isinstance(pk, models.UUIDField) else "")

    def get_default(self) -> Any:
        # BinaryField makes bytes of an empty text.
        return self.empty()

    @staticmethod
    def empty() -> Any:
        raise NotImplementedError

    @staticmethod
    def dumped(value: Any) -> bytes:
        raise NotImplementedError

    @staticmethod
    def loaded(text: bytes) -> Any:
        raise NotImplementedError

    def sealed(self, instance: Any, value: Any) -> Sealed:
        """Return the value sealed for this column of the instance's row; for ``queryset.update`` too.

        Raises:
            Erased, KeysUnavailable: see ``keyring.ensure``.
        """
        if value is None or value == self.empty():
            return Sealed()
        keys = keyring.ensure(Pair(instance.creator_id, instance.fan_id))
        return Sealed(keys.seal(self.dumped(value), self.place, self._row(instance)))

    def opened(self, instance: Any, sealed: bytes) -> Any:
        """Return the value of this column of the instance's row.

        Raises:
            Unreadable, KeysUnavailable: see ``keyring.open_sealed``.
        """
        pair = Pair(instance.creator_id, instance.fan_id)
        return self._opened(pair, self._row(instance), sealed)

    @staticmethod
    def row_reader(fields: "Mapping[int, SealedField]", names: Sequence[str]) -> Callable[[list[Any]], None]:
        """Return what opens these columns, by their place, of a raw row (see ``ofmemory.infra.db.Columns``).

        Args:
            names: of all columns of the row; creator_id and fan_id are among them.
        """
        creator, fan = names.index("creator_id"), names.index("fan_id")
        # Columns of one table tell its rows apart by the same column, or not at all.
        (row_name,) = {field._row_name for field in fields.values()}
        row = names.index(row_name) if row_name else None
        columns = [(i, field.empty, field.loaded, field.place) for i, field in fields.items()]

        def read(values: list[Any]) -> None:
            pair = Pair(values[creator], values[fan])
            keys, name = keyring.find(pair), b"" if row is None else _bytes(values[row])
            for i, empty, loaded, place in columns:
                if not values[i]:
                    values[i] = empty()
                    continue
                try:
                    text = keys.unseal(values[i], place, name)  # type: ignore[union-attr]  # None is what follows
                except (AttributeError, KeyError, Tampered):
                    # The key may be newer than what is held; and if it is gone, that is for this to say.
                    text = keyring.open_sealed(pair, values[i], place, name)
                values[i] = loaded(text)

        return read

    def _opened(self, pair: Pair, row: bytes, sealed: bytes) -> Any:
        return self.loaded(keyring.open_sealed(pair, sealed, self.place, row)) if sealed else self.empty()

    def _row(self, instance: Any) -> bytes:
        return _bytes(getattr(instance, self._row_name)) if self._row_name else b""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - Django's
        value = model_instance.__dict__.get(self.attname, self.empty())
        return value if isinstance(value, Sealed) else self.sealed(model_instance, value)

    def get_prep_value(self, value: Any) -> Any:
        # A value that is not sealed can only come from a lookup or an update that bypassed pre_save.
        if value is None or isinstance(value, Sealed) or value == b"":
            return value
        raise FieldError(f"{self.name} is sealed: it can be neither searched nor updated without its row.")

    def from_db_value(self, value: Any, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self.name} is sealed: it is exported by the privacy room and by nothing else.")

    def formfield(self, *_: Any, **__: Any) -> None:
        return None


class SealedText(SealedField):
    """Text."""

    @staticmethod
    def empty() -> str:
        return ""

    @staticmethod
    def dumped(value: str) -> bytes:
        return value.encode()

    @staticmethod
    def loaded(text: bytes) -> str:
        return text.decode()


class SealedList(SealedField):
    """A list of JSON values."""

    @staticmethod
    def empty() -> list[Any]:
        return []

    @staticmethod
    def dumped(value: Any) -> bytes:
        return dumped_json(value)

    @staticmethod
    def loaded(text: bytes) -> Any:
        return orjson.loads(text)


class SealedDict(SealedList):
    """A JSON object."""

    @staticmethod
    def empty() -> Any:
        return {}


class SealedBytes(SealedField):
    """Bytes."""

    @staticmethod
    def empty() -> bytes:
        return b""

    @staticmethod
    def dumped(value: bytes) -> bytes:
        return value

    @staticmethod
    def loaded(text: bytes) -> bytes:
        return text


def dumped_json(value: Any) -> bytes:
    """Return ``value`` as JSON; an integer beyond 64 bits, which orjson refuses, comes back as a float."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(value).encode()


def _bytes(value: Any) -> bytes:
    return value.bytes if isinstance(value, UUID) else bytes(value)
