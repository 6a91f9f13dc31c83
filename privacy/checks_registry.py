"""The build fails on data that nobody declared: every column of every table stands in the registry of personal data."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.checks import CheckMessage, Error, register
from django.db import models

from privacy.domain import OnErasure, Origin
from privacy.fields import SealedField
from privacy.registry import Personal, Table, table_of

# What can hold any text at all. Labels, numbers and times stay in the clear, so that the database can check them.
_FREE_FORM = (models.TextField, models.JSONField, models.BinaryField, ArrayField)

Model = type[models.Model]


@register()
def everything_is_declared(**_: Any) -> list[CheckMessage]:
    """Compare the registry with the models of every installed app, Django's own among them."""
    return list(problems(apps.get_models(include_auto_created=True), table_of))


def problems(declared: Iterable[Model], find: Callable[[Model], Table | None]) -> Iterator[Error]:
    """Yield what is wrong with the declarations of these models."""
    for model in declared:
        table = find(model)
        if table is None:
            yield _error(model, "is not declared", "Add it to personal_data.py of its app.", "E001")
            continue
        yield from _of_columns(table)
        yield from _of_erasure(table)


def _of_columns(table: Table) -> Iterator[Error]:
    columns = {field.name: field for field in table.model._meta.concrete_fields}
    for name in columns.keys() - table.fields.keys():
        yield _error(table.model, f"has the column {name}, which is not declared", "Say what it holds.", "E002")
    for name in table.fields.keys() - columns.keys():
        yield _error(table.model, f"has no column {name}, but it is declared", "Remove the declaration.", "E003")
    for name in columns.keys() & table.fields.keys():
        yield from _of_content(table, columns[name], table.fields[name])


def _of_content(table: Table, column: "models.Field[Any, Any]", declared: Any) -> Iterator[Error]:
    if not isinstance(declared, Personal):
        return
    if isinstance(column, _FREE_FORM) and not isinstance(column, SealedField) and not declared.note:
        hint = "Use a field of privacy.fields, or say in `note` why it need not be sealed."
        yield _error(table.model, f"keeps {column.name}, which is personal, in the clear", hint, "E004")
    if table.name and not declared.label and not declared.note:
        hint = "Give it a `label`, or say in `note` why it is left out."
        yield _error(table.model, f"leaves {column.name} out of exports without a reason", hint, "E005")
    if table.name and declared.label and declared.origin is Origin.INFERRED and not declared.logic:
        hint = "Say in `logic` how it comes about (Art. 15(1)(h))."
        yield _error(table.model, f"does not explain {column.name}, which is inferred", hint, "E007")


def _of_erasure(table: Table) -> Iterator[Error]:
    names = {field.attname for field in table.model._meta.concrete_fields}
    found = table.rows_of is not None or {"creator_id", "fan_id"} <= names
    if not found and (table.on_erasure is OnErasure.DELETE or table.name):
        hint = "Add the columns creator_id and fan_id, or say with `rows_of` which rows are a pair's."
        yield _error(table.model, "is erased or exported by pair, but has no rows of a pair", hint, "E006")


def _error(model: Model, what: str, hint: str, number: str) -> Error:
    return Error(f"{model._meta.label} {what}.", hint=hint, id=f"privacy.{number}")
