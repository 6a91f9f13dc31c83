"""The build fails on data that nobody declared: each rule is shown to fire, on throw-away models."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import models
from django.test.utils import isolate_apps

from privacy.checks_registry import everything_is_declared, problems
from privacy.domain import Category, OnErasure, Origin, Pair, Purpose
from privacy.fields import SealedText
from privacy.registry import NotPersonal, Personal, Table, all_columns, table_of, tables

NAME = Personal(Category.IDENTIFIER, label="name")
NOTHING = NotPersonal("nothing")


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with isolate_apps("memory"):
        yield


def made(**columns: Any) -> type[models.Model]:
    """Return a model with the columns of a pair and these."""
    of_pair = {"creator_id": models.CharField(max_length=9), "fan_id": models.CharField(max_length=9)}
    meta = type("Meta", (), {"app_label": "memory"})
    body = {"__module__": __name__, "Meta": meta, **of_pair, **columns}
    return type("Thing", (models.Model,), body)


def declared(model: type[models.Model], *left_out: str, **columns: Any) -> Table:
    held = {"id": NOTHING, "creator_id": NOTHING, "fan_id": NOTHING, **columns}
    return Table(
        model,
        {name: it for name, it in held.items() if name not in left_out},
        basis="Art. 6",
        retention="long",
        on_erasure=OnErasure.DELETE,
        name="things",
    )


def faults(table: Table) -> list[str]:
    return [str(fault.id) for fault in problems([table.model], lambda _: table)]


def test_all_that_is_there_is_declared():
    assert everything_is_declared() == []


def test_it_is_one_of_the_checks_that_every_command_runs():
    assert run_checks() == []
    call_command("check")


def test_a_whole_declaration_is_right():
    assert faults(declared(made(word=models.CharField(max_length=9)), word=NAME)) == []


def test_a_model_that_is_not_declared():
    assert [fault.id for fault in problems([made()], lambda _: None)] == ["privacy.E001"]


def test_a_column_that_is_not_declared():
    assert faults(declared(made(word=models.CharField(max_length=9)))) == ["privacy.E002"]


def test_a_column_that_does_not_exist():
    assert faults(declared(made(), word=NAME)) == ["privacy.E003"]


@pytest.mark.parametrize("column", [models.TextField(), models.JSONField(), models.BinaryField()])
def test_free_text_in_the_clear(column):
    model = made(word=column)
    assert faults(declared(model, word=NAME)) == ["privacy.E004"]
    excused = Personal(Category.TECHNICAL, label="word", note="the same for all")
    assert faults(declared(model, word=excused)) == []
    assert faults(declared(model, word=NOTHING)) == []


def test_sealed_text_is_right():
    assert faults(declared(made(word=SealedText()), word=NAME)) == []


def test_a_column_left_out_of_exports_without_a_reason():
    model = made(word=models.CharField(max_length=9))
    assert faults(declared(model, word=Personal(Category.PROFILE))) == ["privacy.E005"]
    assert faults(declared(model, word=Personal(Category.PROFILE, note="why"))) == []


def test_an_inference_that_is_not_explained():
    model = made(word=models.CharField(max_length=9))
    inferred = Personal(Category.PROFILE, Origin.INFERRED, "word")
    assert faults(declared(model, word=inferred)) == ["privacy.E007"]


def test_rows_that_an_erasure_could_not_find():
    meta = type("Meta", (), {"app_label": "memory"})
    model = type("Thing", (models.Model,), {"__module__": __name__, "Meta": meta})
    table = declared(model, "creator_id", "fan_id")
    assert faults(table) == ["privacy.E006"]


def test_rows_may_be_found_another_way():
    table = replace(declared(made()), rows_of=lambda pair: [pair])
    assert table.of_pair(Pair("creator-1", "fan-1")) == [Pair("creator-1", "fan-1")]


def test_ours_are_declared_column_by_column():
    with pytest.raises(ValueError, match="one by one"):
        all_columns(made(), NOTHING)


# ---- what the declarations say


def test_locks_of_pairs_come_last():
    assert [table.lock for table in tables()][-1] is True
    assert sum(table.lock for table in tables()) == 1


def test_every_table_with_a_fans_id_is_erased():
    kept = [t.model for t in tables() if "fan_id" in t.fields and t.on_erasure is OnErasure.PRESERVE]
    assert kept == []
    assert all("fan_id" in table.fields for table in tables() if table.subject == "fan")


def test_names_in_exports_are_unique():
    names = [table.name for table in tables() if table.name]
    assert len(names) == len(set(names))
    for table in tables():
        labels = [it.label for it in table.fields.values() if isinstance(it, Personal) and it.label]
        assert len(labels) == len(set(labels)), table.model


def test_every_purpose_infers_something_that_can_be_removed():
    inferred = {
        it.purpose
        for table in tables()
        for it in table.fields.values()
        if isinstance(it, Personal) and it.origin is Origin.INFERRED
    }
    # What is inferred for memory itself protects the fan, and goes with the memory.
    assert inferred == set(Purpose)


def test_a_model_can_be_asked_for_its_table():
    assert all(table_of(model) is not None for model in apps.get_models(include_auto_created=True))
