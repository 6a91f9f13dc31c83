"""`manage.py simulate_fans`: tables, pictures and a document, the same for the same seeds."""

import sys

import orjson
import pytest
from django.core.management import CommandError, call_command

FEW = ("--fans", "10", "--days", "30")


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_prints_figures(capsys):
    call_command("simulate_fans", *FEW, "--format", "json")
    figures = orjson.loads(capsys.readouterr().out)["figures"]
    names = {figure["name"] for figure in figures}
    assert {"tone, learnt: the best", "preferences: rank correlation"} <= names
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in figures)


def test_writes_the_same_pictures_and_document_twice(tmp_path, capsys):
    document = tmp_path / "results.md"
    written = ("simulate_fans", *FEW, "--seeds", "2", "--plots", str(tmp_path / "plots"), "--markdown", str(document))
    call_command(*written)
    shown = capsys.readouterr().out
    assert "By interactions with the fan" in shown
    assert str(document) in shown
    first, text = files_of(tmp_path / "plots"), document.read_text(encoding="utf-8")
    assert "tone_best.svg" in first
    assert sum(map(len, first.values())) < 400_000
    assert "![Length of messages](plots/length.svg)" in text
    assert "seeds 1 to 2" in text
    call_command(*written)
    assert files_of(tmp_path / "plots") == first
    assert document.read_text(encoding="utf-8") == text


def test_a_document_without_pictures(tmp_path, capsys):
    call_command("simulate_fans", "--fans", "1", "--days", "20", "--markdown", str(tmp_path / "results.md"))
    assert "![" not in (tmp_path / "results.md").read_text(encoding="utf-8")


def test_a_dry_run_says_what_would_run(capsys):
    call_command("simulate_fans", *FEW, "--dry-run")
    assert "fans: 10" in capsys.readouterr().out


def test_pictures_need_matplotlib_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(CommandError, match="pip install") as error:
        call_command("simulate_fans", "--fans", "1", "--days", "20", "--plots", str(tmp_path / "plots"))
    assert error.value.returncode == 2


def test_a_place_that_cannot_be_written_is_a_failure(tmp_path):
    with pytest.raises(CommandError, match="can't be written") as error:
        call_command("simulate_fans", "--fans=1", "--days=20", "--markdown", str(tmp_path / "no" / "where.md"))
    assert error.value.returncode == 1


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_numbers_are_one_or_more(number):
    with pytest.raises(CommandError, match="1 or more"):
        call_command("simulate_fans", f"--fans={number}")
