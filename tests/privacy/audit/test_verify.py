"""Whatever is changed in the chain behind the product's back is found and named."""

import json
import stat
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import connection

from privacy.keys.keyring import forget_all
from privacy.models import AuditEntry
from privacy.services import audit_verify
from privacy.services.audit_anchors import write_anchor
from privacy.services.audit_links import COLUMNS, GENESIS, hash_of, head
from privacy.services.audit_verify import verify
from privacy.tasks import write_audit_anchor
from tests.privacy.audit.support import chain, tamper, told

pytestmark = pytest.mark.django_db

OTHER_VALUES = {
    "position": "position + 100",
    "at": "at + interval '1 microsecond'",
    "action": "'erasure.undone'",
    "actor": "actor || ' '",
    "creator_id": "creator_id || '2'",
    "subject": "'00000000-0000-0000-0000-0000000000ff'",
    "correlation_id": "'another'",
    "details": """details || '{"rows": 4}'""",
    "hash": "sha256(hash)",
}


@pytest.fixture(autouse=True)
def anchors(settings, tmp_path) -> Path:
    settings.AUDIT_ANCHOR_FILE = tmp_path / "folder" / "anchors.jsonl"
    return settings.AUDIT_ANCHOR_FILE


def fault(**options):
    found = verify(**options).fault
    return found and (found.kind, found.position)


def renewed(values: list[tuple]) -> None:
    """Write the chain anew from its values, with hashes that fit: what the owner of the database can do."""
    previous = GENESIS
    for position, *entry in values:
        previous = hash_of(previous, position, entry)
        tamper("UPDATE audit_entries SET hash = %s WHERE position = %s", [previous, position])


def values() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM audit_entries ORDER BY position")  # noqa: S608 - of the product
        return cursor.fetchall()


# ---- the chain by itself


def test_an_empty_chain_is_right():
    assert verify() == audit_verify.Verified(entries=0, head=0, anchors=0, fault=None)


def test_a_chain_is_right(anchors):
    told(5)
    write_anchor()
    assert verify(anchors=anchors) == audit_verify.Verified(entries=5, head=5, anchors=1, fault=None)


def test_every_column_is_covered():
    assert set(OTHER_VALUES) == {field.attname for field in AuditEntry._meta.concrete_fields}


@pytest.mark.parametrize("position", [1, 3, 5])
@pytest.mark.parametrize("column", OTHER_VALUES)
def test_a_changed_column_is_found(column, position):
    told(5)
    tamper(f"UPDATE audit_entries SET {column} = {OTHER_VALUES[column]} WHERE position = %s", [position])  # noqa: S608 - of this file
    expected = ("changed", position)
    if column == "position":
        # At the end there is a hole before it; elsewhere its place is empty.
        expected = ("missing", position)
    assert fault() == expected


@pytest.mark.parametrize(
    "value", ["subject = NULL", "at = 'infinity'", "at = '-infinity'", "details = '[]'", "hash = ''"]
)
def test_odd_values_are_found(value):
    told(3)
    tamper(f"UPDATE audit_entries SET {value} WHERE position = 2")  # noqa: S608 - of this file
    assert fault() == ("changed", 2)


@pytest.mark.parametrize("position", [1, 3])
def test_a_deleted_row_is_found(position):
    told(4)
    tamper("DELETE FROM audit_entries WHERE position = %s", [position])
    assert fault() == ("missing", position)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 3), (4, 5), (1, 5), (2, 4)])
def test_swapped_rows_are_found(first, second):
    told(5)
    swap = "UPDATE audit_entries SET position = %s WHERE position = %s"
    for pair in ([-1, first], [first, second], [second, -1]):
        tamper(swap, pair)
    found = verify().fault
    assert (found.kind, found.position) == ("reordered", first)
    assert found.explanation.endswith(f"entry {second}")


def test_only_from_a_position_on():
    told(5)
    tamper("UPDATE audit_entries SET actor = 'user:2' WHERE position = 2")
    assert fault() == ("changed", 2)
    assert verify(start=3).entries == 3
    assert fault(start=3) is None
    assert fault(start=2) == ("changed", 2)
    assert fault(start=6) is None
    assert fault(start=8) == ("missing", 7)


def test_more_than_a_page(monkeypatch):
    told(7)
    monkeypatch.setattr(audit_verify, "_PAGE", audit_verify._PAGE.replace("20000", "3"))
    monkeypatch.setattr(audit_verify, "_HASHES", audit_verify._HASHES.replace("100000", "2"))
    told_of = []
    assert verify(progress=lambda done, total: told_of.append((done, total))).entries == 7
    assert told_of == [(3, 7), (6, 7), (7, 7)]
    tamper("UPDATE audit_entries SET actor = 'user:2' WHERE position = 7")
    assert fault() == ("changed", 7)


# ---- against the anchors


def test_an_anchor_is_a_signed_line(anchors):
    told()
    assert write_audit_anchor() == 3
    told()
    assert write_audit_anchor() == 6
    assert stat.S_IMODE(anchors.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in anchors.read_text().splitlines()]
    assert [line["position"] for line in lines] == [3, 6]
    assert [line["hash"] for line in lines] == [bytes(chain()[n].hash).hex() for n in (2, 5)]
    for line in lines:
        said = orjson.dumps({name: line[name] for name in ("at", "hash", "position")})
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(line["publicKey"]))
        key.verify(bytes.fromhex(line["signature"]), b"ofmemory.audit.anchor\0" + said)
    assert verify(anchors=anchors).anchors == 2


def test_an_empty_chain_has_no_anchor(anchors):
    assert write_anchor() == 0
    assert not anchors.exists()


def test_a_chain_written_anew_is_found(anchors):
    told(5)
    write_anchor()
    told(2)
    tamper("UPDATE audit_entries SET actor = 'user:innocent' WHERE position = 2")
    renewed(values())
    assert fault() is None
    assert fault(anchors=anchors) == ("rewritten", 5)


@pytest.mark.parametrize("kept", [0, 3])
def test_an_end_that_was_cut_off_is_found(anchors, kept):
    told(5)
    write_anchor()
    tamper("DELETE FROM audit_entries WHERE position > %s", [kept])
    assert fault() is None
    assert fault(anchors=anchors) == ("truncated", kept + 1)


def test_an_end_that_was_written_anew_is_found(anchors):
    told(3)
    write_anchor()
    tamper("DELETE FROM audit_entries WHERE position > 1")
    told(5)
    assert head()[0] == 6
    assert fault() is None
    assert fault(anchors=anchors) == ("rewritten", 3)


def test_every_anchor_of_a_position_counts(anchors):
    told()
    write_anchor()
    tamper("UPDATE audit_entries SET actor = 'user:innocent' WHERE position = 3")
    renewed(values())
    write_anchor()
    assert fault(anchors=anchors) == ("rewritten", 3)


def test_anchors_before_the_start_do_not_count(anchors):
    told()
    write_anchor()
    told()
    write_anchor()
    assert verify(start=4, anchors=anchors).anchors == 1


def changed_line(**changes) -> str:
    return lambda line: json.dumps({**json.loads(line), **changes})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed_line(position=1), "does not fit"),
        (changed_line(hash=sha256().hexdigest()), "does not fit"),
        (changed_line(at="2020-01-01T00:00:00+00:00"), "does not fit"),
        (changed_line(more=1), "does not fit"),
        (changed_line(signature="00" * 64), "does not fit"),
        (changed_line(publicKey="00" * 32), "another key"),
        (changed_line(signature=1), "not an anchor"),
        (lambda line: line[:50], "not an anchor"),
        (lambda _: "[]", "not an anchor"),
        (lambda _: "1", "not an anchor"),
        (lambda _: "\udcff", "not an anchor"),
    ],
)
def test_a_changed_anchor_is_found(anchors, change, reason):
    told()
    write_anchor()
    write_anchor()
    first, second = anchors.read_text().splitlines()
    anchors.write_bytes(f"{first}\n{change(second)}\n".encode(errors="surrogateescape"))
    found = verify(anchors=anchors)
    assert found.fault.kind == "anchor"
    assert found.fault.explanation.startswith("line 2 of the anchors: ")
    assert reason in found.fault.explanation


def test_half_a_line_does_not_spoil_the_next(anchors):
    told()
    write_anchor()
    anchors.write_text(anchors.read_text()[:50])
    write_anchor()
    half, whole = anchors.read_text().splitlines()
    assert (len(half), json.loads(whole)["position"]) == (50, 3)


# ---- the command


def run(capsys, *arguments: str) -> tuple[int, str]:
    code = 0
    try:
        call_command("verify_audit", *arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, capsys.readouterr().out


def test_command_says_that_all_is_right(capsys):
    told()
    assert run(capsys) == (0, "3 entries are right; held against 0 anchors\n")
    write_anchor()
    assert run(capsys, "--dry-run") == (0, "3 entries are right; held against 1 anchors\n")


def test_command_names_the_first_bad_entry(capsys):
    told()
    tamper("UPDATE audit_entries SET actor = 'user:2' WHERE position = 2")
    code, text = run(capsys)
    assert (code, text.splitlines()[1]) == (1, "changed: entry 2 is not what was recorded")
    assert run(capsys, "--from", "3")[0] == 0
    code, text = run(capsys, "--format", "json")
    assert json.loads(text) == {
        "ok": False,
        "entries": 1,
        "head": 3,
        "anchors": 0,
        "fault": {"position": 2, "kind": "changed", "explanation": "entry 2 is not what was recorded"},
    }


def test_command_with_a_named_file_of_anchors(capsys, tmp_path, anchors):
    told()
    write_anchor()
    copy = anchors.rename(tmp_path / "copy")
    assert run(capsys, "--anchors", str(copy))[0] == 0
    with pytest.raises(CommandError, match="can't be read") as failed:
        call_command("verify_audit", "--anchors", str(tmp_path / "none"))
    assert failed.value.returncode == 2


def test_command_without_the_key_of_the_anchors(anchors, settings, tmp_path):
    told()
    write_anchor()
    settings.KEYSET_FILE, settings.KEYSET_MAY_BE_MADE = tmp_path / "none", False
    forget_all()
    with pytest.raises(CommandError, match="keyset file") as failed:
        call_command("verify_audit")
    assert failed.value.returncode == 1


@pytest.mark.parametrize("start", ["0", "-1", "x"])
def test_command_wants_a_position(start):
    with pytest.raises(CommandError, match="not a position"):
        call_command("verify_audit", "--from", start)
