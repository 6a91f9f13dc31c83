"""`manage.py evaluate`: the parts there are, a table, a document, and the exit code of a missed target."""

from pathlib import Path

import orjson
import pytest
from django.core.management import CommandError, call_command

SAFETY = Path(__file__).parents[1] / "fixtures" / "safety"


@pytest.fixture
def data(tmp_path):
    """Two people in the shape of the activity data: too few to foretell, enough to run."""
    folder = tmp_path / "data" / "rhythms"
    folder.mkdir(parents=True)
    rows = [f"{person}\t{1_600_000_000 + day * 86_400 + hour * 3600}\t+0000" for person, hour in (("a", 9), ("b", 10),
            ("c", 9), ("d", 11), ("e", 9)) for day in range(70)]  # fmt: skip
    (folder / "activity-dev.tsv").write_text("\n".join(rows), encoding="utf-8")
    return folder.parent


def run(capsys, *arguments):
    code = 0
    try:
        call_command("evaluate", *map(str, arguments), "--format", "json")
    except SystemExit as exit_:
        code = exit_.code
    return code, orjson.loads(capsys.readouterr().out)


def test_measures_the_parts_that_are_asked_for(data, capsys):
    code, facts = run(capsys, data, "--only", "rhythm")
    assert code == 0
    assert list(facts["parts"]) == ["rhythm"]
    first = facts["parts"]["rhythm"][0]
    assert first["name"] == "hour_bits_5"
    assert first["n"] == 5
    assert first["met"] is True
    assert first["verdict"].startswith("met by ")


def test_a_dry_run_names_the_parts(data, capsys):
    assert run(capsys, data, "--dry-run")[1] == {"parts": ["text", "returns", "rhythm", "zones"]}
    facts = run(capsys, data, "--dry-run", "--safety", SAFETY)[1]
    assert facts["parts"][-2:] == ["safety", "safety held out"]
    assert run(capsys, data, "--dry-run", "--only", "safety")[1] == {"parts": []}
    call_command("evaluate", str(data), "--dry-run", "--only", "rhythm,zones")
    assert "would measure rhythm, zones" in capsys.readouterr().out


def test_strict_fails_where_a_target_is_missed(data, tmp_path, capsys):
    (tmp_path / "distress.tsv").write_text("what a lovely day\t1\nI can't cope anymore\t0\n", encoding="utf-8")
    only_safety = (data, "--only", "safety", "--safety", tmp_path)
    code, facts = run(capsys, *only_safety, "--strict")
    assert code == 1
    assert facts["missed"] == 1
    assert facts["parts"]["safety"][1]["verdict"] == "missed by 0.900"
    assert run(capsys, *only_safety)[0] == 0


def test_shows_tables_and_writes_each_part_of_the_document(data, tmp_path, capsys):
    document = tmp_path / "results.md"
    arguments = ("evaluate", str(data), "--only", "rhythm,safety", "--safety", str(SAFETY), "--markdown", str(document))
    call_command(*arguments)
    shown = capsys.readouterr().out
    assert "safety held out" in shown
    assert "targets missed" in shown
    written = document.read_text(encoding="utf-8")
    assert "**Rhythm**" in written
    assert "| hour_bits_5 |" in written
    call_command(*arguments)
    assert document.read_text(encoding="utf-8") == written


def test_data_that_are_not_there_are_wrong_usage(tmp_path):
    for part in ("text", "returns", "rhythm", "zones"):
        with pytest.raises(CommandError, match="There is no ") as error:
            call_command("evaluate", str(tmp_path), "--only", part)
        assert error.value.returncode == 2


def test_an_unknown_part_is_wrong_usage(tmp_path):
    with pytest.raises(CommandError, match="not one of text"):
        call_command("evaluate", str(tmp_path), "--only", "love")


def test_a_document_that_cannot_be_written_is_a_failure(data, tmp_path):
    with pytest.raises(CommandError, match="can't be written") as error:
        call_command("evaluate", str(data), "--only", "rhythm", "--markdown", str(tmp_path / "no" / "where.md"))
    assert error.value.returncode == 1
