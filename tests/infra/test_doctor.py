"""Doctor: finds what is broken, whatever else is broken, and says what to do."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now

from accounts.diagnosis import demo_accounts, second_factors
from accounts.models import User
from calibration.diagnosis import learning
from memory.models import EngagementMetrics
from memory.services.interactions import save_interaction
from ofmemory.embedded.locations import redis_client_url
from ofmemory.embedded.redis import EmbeddedRedis
from ofmemory.infra import diagnosis
from ofmemory.infra.diagnosis import environment, machine
from ofmemory.infra.diagnosis.findings import Examined, Finding, Level, examine, fail, ok, warn
from ofmemory.infra.diagnosis.report import as_text, is_healthy
from ofmemory.settings.names import known_names
from privacy.diagnosis import audit_anchors, audit_log, erasures, key_provider
from privacy.domain import Pair, RequestKind
from privacy.keys.models import Erasure
from privacy.models import AuditCheckpoint, AuditEntry, DataRequest
from privacy.services import audit
from privacy.services.audit_anchors import write_anchor
from privacy.services.audit_chain import take_in
from privacy.services.requests import open_request
from tests.servers import environment_of_a_process

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


def doctor(environment: dict[str, str], *arguments: str) -> tuple[int, Any, str]:
    """Run the command in a process of its own; return its exit code, its findings and everything it printed."""
    command = [sys.executable, "manage.py", "doctor", "--format", "json", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.stdout, done.stderr[-3000:]
    return done.returncode, json.loads(done.stdout), done.stdout + done.stderr


def levels(answer: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in answer["findings"]:
        found.setdefault(finding["check"], set()).add(finding["level"])
    return found


def said(answer: Any, check: str) -> str:
    return " | ".join(f"{f['what']} -> {f['do']}" for f in answer["findings"] if f["check"] == check)


def worst(findings: Any) -> Level:
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index)


@contextmanager
def listening() -> Iterator[int]:
    """A port at which somebody listens and nobody ever answers: what a frozen server looks like."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield int(server.getsockname()[1])


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def addresses(port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": f"postgres://ofmemory:sesame-open@127.0.0.1:{port}/data",
        "KEYS_DATABASE_URL": f"postgres://ofmemory:sesame-open@127.0.0.1:{port}/keys",
        "REDIS_URL": f"redis://:sesame-open@127.0.0.1:{port}/0",
        "BROKER_URL": f"redis://:sesame-open@127.0.0.1:{port}/1",
    }


# ---- whole runs


@pytest.mark.django_db(transaction=True)
def test_on_a_product_without_a_worker():
    """All there but worker and scheduler; the test servers do not write to the disk."""
    with redis.Redis.from_url(redis_client_url(os.environ["BROKER_URL"])) as broker:
        broker.flushdb()
    code, answer, _ = doctor(environment_of_a_process())
    found = levels(answer)
    assert code == 1
    assert not answer["ok"]
    assert {check for check, of in found.items() if "fail" in of} == {"worker", "scheduler", "durability"}
    assert not any("skipped" in of for of in found.values())
    for check in ("database", "keys database", "migrations", "migrations of keys", "cache", "broker", "keys apart"):
        assert found[check] == {"ok"}, said(answer, check)
    assert "role `worker`" in said(answer, "worker")


@pytest.mark.parametrize("frozen", [False, True], ids=["refusing", "frozen"])
def test_with_everything_down(frozen, tmp_path):
    """What hangs is told from the rest; what depends on it is not asked; no password is shown."""
    with listening() as silent:
        environment = {**os.environ, **addresses(silent if frozen else closed_port()), "OFMEMORY_HOME": str(tmp_path)}
        code, answer, printed = doctor(environment)
    found = levels(answer)
    assert code == 1
    assert all(found[check] == {"fail"} for check in ("database", "keys database", "cache", "broker"))
    assert all(
        found[check] == {"skipped"} for check in ("migrations", "clock", "queue", "worker", "audit log", "learning")
    )
    assert found["disk"] <= {"ok", "warn"}
    assert found["text model"] == {"ok"}
    assert "sesame" not in printed


@pytest.fixture
def empty(db: None) -> Iterator[str]:
    """The address of a database without a table."""
    name, parts = f"ofmemory_empty_{os.getpid()}", urlsplit(os.environ["DATABASE_URL"])
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(parts._replace(path=f"/{name}"))
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def wrong_redis(short_folder: Path) -> Iterator[str]:
    """One Redis for everything, which evicts whatever it likes and may use next to no memory."""
    with EmbeddedRedis(short_folder, "cache", durable=False) as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("maxmemory", client.info("memory")["used_memory"] + 50_000)
        yield server.url


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name leaves room for a socket."""
    with tempfile.TemporaryDirectory(prefix="ofm-", dir="/tmp") as folder:
        yield Path(folder)


def test_a_wrong_installation(empty, wrong_redis):
    """No table, the keys beside the data, one Redis that evicts for both, a name misspelt."""
    environment = {
        **os.environ,
        "DATABASE_URL": empty,
        "KEYS_DATABASE_URL": empty,
        "REDIS_URL": wrong_redis,
        "BROKER_URL": wrong_redis,
        "WEB_WORKRES": "8",
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "REDIS_PORT_6379_TCP": "tcp://10.0.0.2:6379",
        "AWS_ACCESS_KEY_ID": "none of ours",
    }
    code, answer, _ = doctor(environment)
    found = levels(answer)
    assert code == 1
    assert "Did you mean WEB_WORKERS?" in said(answer, "settings")
    assert "TCP" not in said(answer, "settings")
    assert "AWS" not in said(answer, "settings")
    assert "manage.py migrate" in said(answer, "migrations")
    assert "manage.py migrate --database keys" in said(answer, "migrations of keys")
    assert found["audit log"] == {"skipped"}
    assert "the keys lie in the database that they open" in said(answer, "keys apart")
    assert "privacy.E101" in json.dumps(answer)
    assert "volatile-lru" in said(answer, "cache memory")
    assert "nearly full" in json.dumps(answer)
    assert "noeviction" in said(answer, "broker memory")
    assert found["broker apart"] == {"warn"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"PORT": "eighty"}, 'PORT: Final = env.int("PORT"'),
        ({"REDIS_BREAKER": "eighty/5/30"}, "resilience.py"),
        (
            {"DATABASE_URL": "postgres://ofmemory:sesame/open@db/x", "KEYS_DATABASE_URL": "postgres://k/k"},
            "database.py",
        ),
        ({"DJANGO_SETTINGS_MODULE": "ofmemory.settings.production", "SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({"DJANGO_SETTINGS_MODULE": "ofmemory.settings.prodution"}, "ModuleNotFoundError"),
    ],
    ids=["no number", "no breaker", "no address", "nothing set", "no such settings"],
)
def test_settings_that_cannot_be_read(given, told):
    code, answer, printed = doctor({**os.environ, **given})
    assert code == 1
    assert levels(answer) == {"settings": {"fail"}}
    assert told in said(answer, "settings")
    assert "sesame" not in printed
    assert "eighty" not in printed


def test_wrong_usage():
    command = [sys.executable, "manage.py", "doctor", "--fromat", "json"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE_SECONDS, check=False).returncode == 2


# ---- running checks


@pytest.fixture
def only(monkeypatch):
    """Let these be the only checks."""
    from ofmemory.infra.diagnosis import findings

    def register(**checks: Any) -> None:
        monkeypatch.setattr(findings, "_checks", {})
        monkeypatch.setattr(diagnosis, "_modules", [])
        for name, (check, *needs) in checks.items():
            findings.examines(name, needs=needs)(check)

    return register


def test_a_check_that_fails_keeps_nobody_from_speaking(only):
    def broken() -> Iterator[Finding]:
        yield ok("so far")
        raise ValueError("with a secret in it")

    only(broken=(broken,), well=(lambda: [ok("fine")],))
    found = {part.check: part.findings for part in examine()}
    assert found["well"] == (ok("fine"),)
    assert found["broken"][0].level is Level.FAIL
    assert "ValueError" in found["broken"][0].what
    assert "secret" not in found["broken"][0].what


def test_a_check_that_hangs_is_left_behind(only):
    never = threading.Event()
    only(hanging=(lambda: [ok(str(never.wait()))],), well=(lambda: [ok("fine")],))
    found = {part.check: part.findings[0] for part in examine(seconds=0.05)}
    never.set()
    assert found["hanging"].level is Level.FAIL
    assert "no answer within 0.05 s" in found["hanging"].what


def test_what_depends_on_what_is_broken_is_not_asked(only):
    asked = []

    def ask() -> list[Finding]:
        asked.append(1)
        return []

    only(
        third=(ask, "second"),
        second=(ask, "first"),
        first=(lambda: [fail("down", "why", "do")],),
        other=(ask,),
        after=(ask, "other"),
    )
    found = {part.check: part.findings[0] for part in examine()}
    assert (found["second"].level, found["third"].level) == (Level.SKIPPED, Level.SKIPPED)
    assert found["second"].what == "not looked at: see first"
    assert found["after"].level is Level.OK
    assert len(asked) == 2


# ---- reporting

SEEN = [Examined("disk", (ok("much room"), warn("[red]little[/red] room", "it fills", "make room")))]


def test_plain_text():
    text = as_text(SEEN, terminal=False)
    assert "OK      disk: much room\n" in text
    assert "WARN    disk: [red]little[/red] room\n        why: it fills\n        do:  make room" in text
    assert text.endswith("nothing failed: 1 ok, 1 warn, 0 fail, 0 skipped")


def test_a_table_on_a_terminal():
    text = as_text(SEEN, terminal=True)
    assert "make room" in text
    assert "\x1b[" in text
    assert "[red]little[/red]" in text, "what was found is not markup"


def test_what_counts_as_a_problem():
    assert is_healthy(SEEN)
    assert not is_healthy(SEEN, strict=True)
    assert not is_healthy([Examined("x", (fail("a", "b", "c"),))])


def test_the_command_prints_text(only):
    only(one=(lambda: [warn("small", "why", "do")],))
    out = StringIO()
    call_command("doctor", stdout=out)
    assert out.getvalue().startswith("WARN    one: small")
    with pytest.raises(SystemExit) as left:
        call_command("doctor", "--strict", stdout=out)
    assert left.value.code == 1


# ---- settings


def test_known_names_are_those_of_the_documentation():
    documented = set(
        re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    )
    assert documented <= known_names()
    assert {"SECRET_KEY", "SECURE_SSL_REDIRECT", "KEYSET_FILE", "RETENTION_DAYS", "VAULT_CACERT"} <= known_names()


@pytest.mark.parametrize("key", ["short", "a" * 60])
def test_a_secret_key_that_can_be_guessed(settings, monkeypatch, key):
    monkeypatch.setenv("SECRET_KEY", key)
    settings.SECRET_KEY = key
    found = list(environment.secrets())
    assert found[0].level is Level.FAIL
    assert key not in found[0].what


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("postgres://u:password@db.example/x", Level.WARN),
        ("postgres://u:short@db.example/x", Level.WARN),
        ("postgres://u@db.example/x", Level.WARN),
        ("postgres://u@127.0.0.1/x", Level.OK),
        ("postgres://u:jk3Xn9q-Lw8e7Rt@db.example/x", Level.OK),
    ],
)
def test_passwords_of_servers(monkeypatch, url, level):
    monkeypatch.setattr("ofmemory.settings.env.DATABASE_URL", url)
    found = [
        finding for finding in environment.secrets() if "DATABASE_URL" in finding.what or finding.level is Level.OK
    ]
    assert worst(found) is level


def test_settings_of_production(settings):
    settings.DEMO_ENABLED = False
    settings.DEBUG = True
    found = list(environment.production())
    assert any("security.W018" in finding.why for finding in found)


# ---- the machine


def test_a_model_that_was_changed(settings, tmp_path):
    for file in Path(settings.TEXT_MODEL_DIR).iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    settings.TEXT_MODEL_DIR = tmp_path
    assert worst(machine.text_model()) is Level.OK
    with (tmp_path / "tokenizer.json").open("ab") as file:
        file.write(b" ")
    assert worst(machine.text_model()) is Level.WARN
    settings.TEXT_MODEL_DIR = tmp_path / "nothing"
    assert worst(machine.text_model()) is Level.WARN


def test_static_files_that_were_not_collected(settings, tmp_path):
    settings.WHITENOISE_USE_FINDERS, settings.STATIC_ROOT = False, tmp_path
    assert worst(machine.static_files()) is Level.FAIL
    (tmp_path / "admin").mkdir()
    assert worst(machine.static_files()) is Level.OK


def test_a_home_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr("ofmemory.settings.env.OFMEMORY_HOME", tmp_path / "nothing")
    assert worst(machine.disk()) is Level.FAIL


def test_the_folder_of_counters(settings, tmp_path):
    settings.METRICS_DIR = str(tmp_path)
    assert worst(machine.metrics()) is Level.OK
    settings.METRICS_DIR = str(tmp_path / "nothing")
    assert worst(machine.metrics()) is Level.FAIL


def test_few_open_files(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 256))
    assert worst(machine.open_files()) is Level.FAIL
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 4096))
    assert worst(machine.open_files()) is Level.WARN


# ---- the rooms

PAIR = Pair("creator-1", "fan-1")


def test_demo_accounts(db, settings):
    assert worst(demo_accounts()) is Level.OK
    User.objects.create_user("alice", password="x", is_demo=True)
    assert worst(demo_accounts()) is Level.OK
    settings.DEMO_ENABLED = False
    assert worst(demo_accounts()) is Level.FAIL


def test_staff_without_a_second_factor(db):
    User.objects.create_user("chatter", password="x")
    assert worst(second_factors()) is Level.OK
    User.objects.create_user("root", password="x", is_staff=True)
    (finding,) = second_factors()
    assert (finding.level, finding.what) == (Level.WARN, "1 of 1 staff have no second factor")


@pytest.mark.parametrize(("waits", "level"), [(1, Level.OK), (10, Level.WARN), (90, Level.FAIL)])
def test_learning_that_lags(db, creator_1, waits, level):
    save_interaction(creator_id="creator-1", fan_id="fan-1", type="message", content="hi")
    EngagementMetrics.objects.update(updated_at=Now() - timedelta(minutes=waits))
    assert worst(learning()) is level


def test_a_keyset_that_is_missing(settings, tmp_path):
    from privacy.keys.providers import forget_all

    settings.KEYSET_FILE, settings.KEYSET_MAY_BE_MADE = tmp_path / "keyset.json", False
    forget_all()
    (finding,) = key_provider()
    assert finding.level is Level.FAIL
    assert "make_keyset" in finding.remedy
    assert not settings.KEYSET_FILE.exists()
    settings.KEYSET_MAY_BE_MADE = True
    assert worst(key_provider()) is Level.OK
    assert not settings.KEYSET_FILE.exists(), "looking changes nothing"
    settings.KEYSET_FILE.write_text("{}")
    assert worst(key_provider()) is Level.FAIL
    forget_all()


@pytest.mark.parametrize(("hours", "level"), [(1, Level.OK), (50, Level.WARN), (100, Level.FAIL)])
def test_erasures_that_wait(db, hours, level):
    open_request(RequestKind.ERASURE, PAIR, "user:dpo")
    DataRequest.objects.update(received_at=Now() - timedelta(hours=hours), due_at=Now() + timedelta(hours=72 - hours))
    assert worst(erasures()) is level


def test_a_restored_database(db):
    Erasure.objects.create(id="00000000-0000-0000-0000-000000000001", subject=b"x" * 32, completed_at=Now())
    assert "replay_erasures" in next(iter(erasures())).remedy


@pytest.mark.django_db(transaction=True)
def test_the_audit_log(settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors"
    assert worst(audit_log()) is Level.OK
    assert worst(audit_anchors()) is Level.OK
    for number in range(3):
        audit.record("memory.read", actor=f"user:{number}", creator_id="creator-1")
    take_in()
    assert worst(audit_log()) is Level.OK
    assert worst(audit_anchors()) is Level.OK, "there was no hour yet"
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=4)):
        assert worst(audit_anchors()) is Level.WARN
    write_anchor()
    assert worst(audit_anchors()) is Level.OK
    os.utime(settings.AUDIT_ANCHOR_FILE, (0, 0))
    assert worst(audit_anchors()) is Level.WARN
    settings.AUDIT_ANCHOR_FILE.write_text("{}\n")
    assert worst(audit_anchors()) is Level.FAIL
    AuditCheckpoint.objects.update_or_create(stream="", defaults={"mark": "ab"})
    AuditCheckpoint.objects.update(updated_at=Now() - timedelta(minutes=5))
    assert worst(audit_log()) is Level.WARN
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE audit_entries SET actor = 'user:9' WHERE position = (SELECT max(position) FROM audit_entries)"
        )
        cursor.execute("ALTER TABLE audit_entries ENABLE TRIGGER USER")
    assert worst(audit_log()) is Level.FAIL
    assert AuditEntry.objects.count() >= 3
