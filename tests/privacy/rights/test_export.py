"""Exports: whole or not at all, in two bundles, of one instant; whatever was written is text in them."""

import json
import os
import re
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.models import F

from accounts.domain import Role
from memory.models import FanMemory, Interaction
from memory.services.interactions import save_interaction
from ofmemory.errors import Conflict, NotFound
from privacy import tasks
from privacy.domain import Origin, Pair, Purpose
from privacy.errors import ExportIncomplete, Unreadable
from privacy.keys import keyring
from privacy.models import ExportFile, PendingAudit
from privacy.registry import Personal, tables
from privacy.services import audit, audit_chain, erasing, processing
from privacy.services.export_bundle import Bundle
from privacy.services.export_page import visible
from privacy.services.export_parts import parts_of
from privacy.services.exporting import (
    export_pair,
    forget_expired_exports,
    make_export,
    open_export,
)
from tests.privacy.rights.support import CANARY, DPO, GIVEN, OF_PAIR, PAIR, decide, learn, recorded, say

pytestmark = pytest.mark.django_db(transaction=True)

FILES_15 = {
    "data/provided.json",
    "data/observed.json",
    "data/inferred.json",
    "audit.json",
    "index.html",
    "manifest.json",
}
FILES_20 = FILES_15 - {"data/inferred.json", "audit.json"}


def unpacked(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def exported(bundle: str, pair: Pair = PAIR) -> dict[str, Any]:
    """Return what stands in the files of an export: JSON as values, the page as text."""
    files = unpacked(make_export(pair, bundle))
    return {name: raw.decode() if name.endswith(".html") else json.loads(raw) for name, raw in files.items()}


@pytest.fixture
def known(creator_1: Any) -> None:
    """The fan said something, we answered, a purchase was made, and something was learnt."""
    say("canary-of-the-fan", metadata={"device": "canary-metadata"})
    say("canary-of-the-ai", sender="ai")
    save_interaction(**OF_PAIR, type="purchase", amount=Decimal("24.50"), content="canary-note")
    learn()
    decide(Purpose.MEMORY, GIVEN)
    processing.object_to_profiling(PAIR, reason="canary-reason", actor=DPO)


# ---- the two bundles


def test_art_15_holds_everything(known):
    files = exported("art15")
    assert files.keys() == FILES_15
    provided, observed = files["data/provided.json"], files["data/observed.json"]
    inferred = files["data/inferred.json"]
    assert [row["content"] for row in provided["messages"]] == ["canary-of-the-fan"]
    assert "canary-of-the-ai" in str(observed["messages"])
    assert observed["interactions"][0]["amount"] == 24.5
    assert provided["processingChoices"][0]["reason"] == "canary-reason"
    assert [(row["purpose"], row["action"]) for row in provided["consents"]] == [("memory", "given")]
    assert inferred["preferences"][0]["topicInterests"] == {CANARY: 0.9}
    assert inferred["personalityProfile"][0]["confidenceScore"] == 0.8
    assert "tone" in inferred["logic"]["personalityProfile"]
    assert inferred["preferences"][0]["contentPreferences"][CANARY]["evidence_count"] == 4
    page = files["index.html"]
    for canary in ("fan", "the-ai", "metadata", "note", "reason", "inferred"):
        assert f"canary-{canary}" in page or f"canary-of-{canary}" in page or f"canary-of-the-{canary}" in page


def test_art_20_holds_what_was_provided_or_observed_and_no_inference(known):
    files = exported("art20")
    assert files.keys() == FILES_20
    text = str(files)
    assert "canary-of-the-fan" in text
    assert "canary-metadata" in text
    assert CANARY not in text
    assert "canary-of-the-ai" not in text
    assert "logic" not in text
    counts = files["manifest.json"]["tables"]["messages"]
    assert (counts["stored"], counts["exported"], counts["leftOut"]) == (2, 1, 1)


def test_no_inferred_column_is_in_art_20():
    """From the registry, for every column there will ever be."""
    for part in parts_of("art20"):
        assert Origin.INFERRED not in {part.declared(column).origin for column in part.labels}
    inferring = {part.name for part in parts_of("art15") if part.may_hold(Origin.INFERRED)}
    assert {"preferences", "personalityProfile", "personalityHistory", "emotionalState", "messages"} <= inferring


def test_every_exported_column_is_in_art_15():
    labels = {(part.name, label) for part in parts_of("art15") for label in part.labels.values()}
    declared = {
        (table.name, it.label)
        for table in tables()
        for it in table.fields.values()
        if table.name and isinstance(it, Personal) and it.label
    }
    assert labels == declared


@pytest.mark.parametrize("bundle", ["art15", "art20"])
def test_the_manifest_is_true(known, bundle):
    content = make_export(PAIR, bundle)
    files = unpacked(content)
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {
        name: {"sha256": sha256(raw).hexdigest(), "bytes": len(raw)} for name, raw in files.items()
    }
    assert manifest["bundle"] == bundle
    assert (manifest["fanId"], manifest["creatorId"]) == ("fan-1", "creator-1")
    for table in tables():
        if table.name in manifest["tables"]:
            said = manifest["tables"][table.name]
            assert said["stored"] == table.of_pair(PAIR).count()
            assert said["stored"] == said["exported"] + said["leftOut"]
            assert said["retention"]
            assert said["basis"]
    for words in ("recipients", "rights", "source", "purposes", "automatedDecisions", "leftOut", "productVersion"):
        assert manifest[words]


def test_another_fan_is_not_in_it(known):
    say("canary-of-another", pair=Pair("creator-1", "fan-2"))
    say("canary-of-another", pair=Pair("creator-2", "fan-1"))
    assert "canary-of-another" not in str(exported("art15"))


def test_a_fan_never_seen():
    for bundle in ("art15", "art20"):
        with pytest.raises(NotFound):
            export_pair(PAIR, bundle, DPO)
    assert not ExportFile.objects.exists()


def test_a_bundle_there_is_not(known):
    with pytest.raises(ValueError, match="art99"):
        export_pair(PAIR, "art99", DPO)


def test_who_only_decided_about_consent_gets_that():
    decide(Purpose.EMOTION_ANALYSIS, GIVEN)
    assert exported("art20")["data/provided.json"]["consents"]
    assert exported("art15")["audit.json"] == {"entries": []}, "without a key the log has no name for the pair"


def test_a_restricted_fan_gets_an_export(known):
    processing.restrict(PAIR, reason="contested", actor=DPO)
    assert exported("art15")["data/provided.json"]["messages"]


# ---- the audit extract


def test_it_says_who_looked_by_role_and_not_by_name(known, make_user, creator_1):
    user = make_user("zoe", (creator_1, Role.CHATTER))
    handle = keyring.ensure(PAIR).handle
    for actor in (f"user:{user.id}", "key:0198f0c0", "system:retention", "user:999999"):
        audit.note("creator-1", "context.read", actor, [handle])
    audit_chain.take_in()
    audit.note("creator-1", "context.read", "key:1", [keyring.ensure(Pair("creator-1", "fan-2")).handle])
    entries = [entry for entry in exported("art15")["audit.json"]["entries"] if entry["action"] == "context.read"]
    assert [entry["by"] for entry in entries] == ["chatter", "service", "system", "staff"]
    assert "zoe" not in str(exported("art15"))


# ---- in one snapshot, without a hole


def test_what_is_written_meanwhile_is_in_all_of_it_or_in_none(known, monkeypatch):
    """Between two files another connection says something: no file knows it."""
    original = Bundle._write_data
    monkeypatch.setattr(Bundle, "_write_data", lambda self, origin: (_elsewhere(), original(self, origin))[1])
    files = exported("art15")
    assert FanMemory.objects.count() > 2
    assert "said meanwhile" not in str(files)
    assert files["manifest.json"]["tables"]["messages"]["stored"] == 2


def _elsewhere() -> None:
    def work() -> None:
        say("said meanwhile")
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_hole_is_an_error_and_not_a_smaller_export(known, monkeypatch):
    from privacy.services.export_parts import Part

    whole = Part.rows

    def holed(self: Part, pair: Pair) -> Iterator[Any]:
        yield from list(whole(self, pair))[: -1 if self.name == "messages" else None]

    monkeypatch.setattr(Part, "rows", holed)
    with pytest.raises(ExportIncomplete, match="messages"):
        export_pair(PAIR, "art15", DPO)
    assert not ExportFile.objects.exists()


def test_what_can_not_be_opened_is_an_error(known):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fan_memories SET message_content = set_byte(message_content, 40, 7)")
    with pytest.raises(Unreadable):
        export_pair(PAIR, "art15", DPO)
    assert not ExportFile.objects.exists()


def test_one_export_of_a_fan_at_a_time(known):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            from privacy.services.exporting import number_of

            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number_of(PAIR)])
            with pytest.raises(Conflict, match="being made"):
                export_pair(PAIR, "art15", DPO)
            # The server notices the end of a connection later than we do.
            cursor.execute("COMMIT")
    finally:
        other.close()
    export_pair(PAIR, "art15", DPO)


def test_a_long_history_is_read_a_few_rows_at_a_time(known, monkeypatch):
    """Counted at the seam: never more than two pieces of a history are fetched at once."""
    say("again")
    from privacy.services import export_parts

    monkeypatch.setattr(export_parts, "ROWS_AT_ONCE", 1)
    assert exported("art15")["manifest.json"]["tables"]["messages"]["stored"] == 3


# ---- what was written is text


NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ 7|add:7 }} {% debug %}",
    '" onmouseover="x',
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "\x1b[31mred",
    "line\nbreak\r\n",
    "gn\u202eirts\u2066",
    "e\u0301\u0327 zalgo",
    "\U0001f600",
    "'; DROP TABLE fan_memories; --",
    "%s %(x)s",
]


class Page(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_whatever_was_written_comes_back_as_it_was_and_runs_nowhere(creator_1):
    for text in NASTY:
        say(text, metadata={"key": text})
    files = exported("art15")
    assert [row["content"] for row in files["data/provided.json"]["messages"]] == NASTY
    page = Page()
    page.feed(files["index.html"])
    page.close()
    assert not {"script", "img", "iframe", "link", "object", "a", "form"} & set(page.tags)
    assert not {name for name in page.names if name.startswith("on")} | {"src", "href"} & page.names
    assert "default-src 'none'" in files["index.html"]
    for text in NASTY:
        assert visible(text) in page.text.replace("\r\n", "\n") or visible(text).replace("\r", "") in page.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b]", files["index.html"])


@pytest.mark.parametrize("fan_id", ["<b>fan", "fan\u202e1", "../../etc/passwd", "ünïcode"])
def test_whatever_the_fan_is_called(creator_1, fan_id):
    pair = Pair("creator-1", fan_id)
    say("hi", pair=pair)
    files = exported("art15", pair)
    assert files.keys() == FILES_15
    assert files["manifest.json"]["fanId"] == fan_id
    assert "<b>fan" not in files["index.html"]


def test_the_page_closes_what_it_opens(known):
    page = exported("art15")["index.html"]
    for tag in ("html", "body", "section", "table", "tbody", "tr", "td", "bdi", "ul", "p"):
        assert len(re.findall(f"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag


# ---- kept sealed, for a while, and logged


def test_it_is_kept_sealed_and_named_in_the_log(known):
    export = export_pair(PAIR, "art15", DPO)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM export_files")
        stored = bytes(cursor.fetchone()[0])
    assert b"PK\x03\x04" not in stored[:64]
    content = open_export(export.id, "user:8")
    assert sha256(content).digest() == bytes(export.digest)
    assert len(content) == export.size_bytes
    assert unpacked(content).keys() == FILES_15
    assert ExportFile.objects.get().download_count == 1
    told = PendingAudit.objects.filter(action__startswith="export.").order_by("id")
    assert [(entry.action, entry.actor) for entry in told] == [("export.created", DPO), ("export.downloaded", "user:8")]
    assert {entry.subject.bytes for entry in told} == {keyring.ensure(PAIR).handle}


def test_it_expires(known, settings):
    export = export_pair(PAIR, "art20", DPO)
    assert export.expires_at - export.created_at == timedelta(hours=settings.EXPORT_HOURS)
    assert tasks.forget_expired_exports() == 0
    ExportFile.objects.update(expires_at=F("created_at"))
    with pytest.raises(NotFound):
        open_export(export.id, DPO)
    assert "export.downloaded" not in recorded()
    assert forget_expired_exports() == 1
    assert not ExportFile.objects.exists()


def test_only_its_creator_opens_it(known):
    export = export_pair(PAIR, "art20", DPO)
    with pytest.raises(NotFound):
        open_export(export.id, DPO, creator_id="creator-2")
    assert open_export(export.id, DPO, creator_id="creator-1")


def test_an_erasure_takes_it_with_it(known):
    export = export_pair(PAIR, "art15", DPO)
    erasing.erase_now(PAIR, requested_by=DPO, reason="test")
    with pytest.raises(NotFound):
        open_export(export.id, DPO)
    with pytest.raises(NotFound):
        export_pair(PAIR, "art15", DPO)
    assert not ExportFile.objects.exists()


def test_an_export_that_an_erasure_overtakes_is_not_kept(known, monkeypatch):
    original = Bundle.write

    def overtaken(self: Bundle) -> bytes:
        content = original(self)
        thread = threading.Thread(target=_erase_elsewhere)
        thread.start()
        thread.join()
        return content

    monkeypatch.setattr(Bundle, "write", overtaken)
    with pytest.raises(NotFound):
        export_pair(PAIR, "art15", DPO)
    assert not ExportFile.objects.exists()


def _erase_elsewhere() -> None:
    erasing.erase_now(PAIR, requested_by=DPO, reason="test")
    connections.close_all()


def test_earlier_exports_are_listed_and_not_packed_again(known):
    first = export_pair(PAIR, "art15", DPO)
    listed = exported("art15")["data/observed.json"]["exports"]
    assert [row["id"] for row in listed] == [str(first.id)]
    assert "content" not in listed[0]


# ---- the command


def run(*arguments: str) -> Any:
    out = StringIO()
    call_command("export_fan", "--creator", "creator-1", "--fan", "fan-1", *arguments, stdout=out)
    return json.loads(out.getvalue()) if "json" in arguments else out.getvalue()


def test_the_command_writes_a_file_for_its_owner_alone(known, tmp_path: Path):
    out = tmp_path / "fan.zip"
    old = os.umask(0)
    try:
        said = run("--out", str(out), "--bundle", "art20", "--format", "json")
    finally:
        os.umask(old)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert said["sha256"] == sha256(out.read_bytes()).hexdigest()
    assert unpacked(out.read_bytes()).keys() == FILES_20


def test_the_command_writes_over_nothing(known, tmp_path: Path):
    out, link = tmp_path / "fan.zip", tmp_path / "link.zip"
    out.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for path in (out, link, tmp_path / "no" / "folder.zip"):
        with pytest.raises(CommandError) as refused:
            run("--out", str(path))
        assert refused.value.returncode == 2
    assert out.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_dry_run_writes_nothing(known, tmp_path: Path):
    said = run("--out", str(tmp_path / "fan.zip"), "--dry-run", "--format", "json")
    assert said["rows"]["messages"] == FanMemory.objects.count() == 2
    assert said["rows"]["interactions"] == Interaction.objects.count() == 1
    assert list(tmp_path.iterdir()) == []
    assert not ExportFile.objects.exists()


def test_only_a_dry_run_needs_no_file(known):
    assert run("--dry-run", "--format", "json")["rows"]["messages"] == 2
    with pytest.raises(CommandError, match="--out says where") as refused:
        run()
    assert refused.value.returncode == 2


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_the_command_knows_no_such_fan(more, tmp_path: Path):
    with pytest.raises(CommandError) as refused:
        run("--out", str(tmp_path / "fan.zip"), *more)
    assert refused.value.returncode == 2
    assert "fan-1" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_not_be_written_whole_is_removed(known, tmp_path: Path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(CommandError, match="could not be written whole"):
            run("--out", str(tmp_path / "fan.zip"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
