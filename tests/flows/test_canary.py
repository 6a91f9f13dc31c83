"""What a fan says is found nowhere but in answers to who may ask, and after the erasure nowhere at all.

The whole product runs as `make run` starts it. A canary goes into every field that takes text; then every file of the
data folder, a dump of the main database, a snapshot of each Redis and every log is searched for it. A dump from before
the erasure is restored beside: it can't be read, and the replay removes the rows.
"""

import base64
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit
from urllib.request import HTTPCookieProcessor, build_opener

import psycopg
import pytest
import redis

from ofmemory.embedded import binaries, locations
from ofmemory.embedded.servers import remove_home
from tests.accounts.pages.support import code_of

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary7f3a9c"
FAN, OTHER = "fan-canary", "fan-other"
PATIENCE_SECONDS = 120
PROGRAMS = binaries.postgres_programs(None)


@dataclass
class Product:
    """A product of its own, running."""

    home: Path
    port: int
    log: Path
    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    key: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, json.dumps(body).encode() if body is not None else None, given)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def must(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        status, answer = self.send(method, path, body, **headers)
        assert status in (200, 201), (status, answer)
        return answer

    def manage(self, *arguments: str, code: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (arguments[0], done.returncode, done.stderr[-2000:], done.stdout[-2000:])
        return done.stdout

    def url(self, database: str = "ofmemory") -> str:
        return locations.database_url(self.home, database)

    def dump(self) -> bytes:
        """A dump of the main database, as an operator makes one."""
        command = [PROGRAMS / "pg_dump", "--no-owner", "--inserts", "--dbname", _for_libpq(self.url())]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def redis(self, role: str) -> "redis.Redis":
        return redis.Redis.from_url(locations.redis_url(self.home, role))  # type: ignore[arg-type]


def _for_libpq(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql"))


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home, port = Path(tempfile.mkdtemp(prefix="ofm-", dir="/tmp")), _free_port()
    log = tmp_path_factory.mktemp("run") / "log"
    outside = ("DATABASE_URL", "KEYS_DATABASE_URL", "REDIS_URL", "BROKER_URL", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    environment |= {"OFMEMORY_HOME": str(home), "PORT": str(port), "OFMEMORY_DEMO": "false", "WEB_WORKERS": "1"}
    environment |= {"LOG_LEVEL": "DEBUG", "WORKER_CONCURRENCY": "1", "DJANGO_SETTINGS_MODULE": "ofmemory.settings.base"}
    with log.open("wb") as out:
        command = [sys.executable, "-m", "ofmemory.embedded", "run"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    started = Product(home, port, log, process, environment)
    try:
        _wait_until_ready(started)
        started.manage("create_creator", "creator-1")
        made = json.loads(started.manage("create_api_key", "creator-1", "--name", "test", "--format", "json"))
        started.key = made["key"]
        yield started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
        remove_home(home)


def _wait_until_ready(product: Product) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert product.process.poll() is None, product.log.read_text()[-3000:]
        try:
            if product.send("GET", "/health/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)  # a server that starts tells nobody when it is ready
    raise AssertionError(product.log.read_text()[-3000:])


def plant(product: Product, tmp_path: Path) -> None:
    """Put the canary wherever a client can put text, in requests that are taken and in some that are refused."""
    api, note = "/api/of-memory", {"note": CANARY, CANARY: [CANARY], "externalId": f"id-{CANARY}"}
    about = {"fanId": FAN, "content": f"I say {CANARY}", "metadata": note}
    product.must("POST", f"{api}/interaction", about, Idempotency_Key=f"key-{CANARY}")
    product.must("POST", f"/api/onlyfans/memory/{FAN}", {"content": CANARY}, Idempotency_Key=CANARY)
    for kind in ("purchase", "tip", "like", "view", "offer_declined"):
        paid = {"amount": 5} if kind in ("purchase", "tip") else {}
        product.must("POST", f"{api}/interaction", {**about, "type": kind, **paid, "metadata": {"category": CANARY}})
    liked = {"contentPreferences": {CANARY: 0.5}, "topicInterests": {CANARY: 1}}
    liked["communicationPreferences"] = {CANARY: CANARY}  # type: ignore[dict-item]
    product.must("PATCH", f"{api}/preferences", {"fanId": FAN, **liked})
    product.must("PATCH", f"/api/onlyfans/memory/{FAN}/preferences", {"topicInterests": {f"more {CANARY}": 1}})
    product.must(
        "PATCH", f"{api}/preferences/bulk", {"updates": [{"fanId": FAN, "topicInterests": {f"b {CANARY}": 1}}]}
    )
    product.must("PATCH", f"{api}/personality", {"fanId": FAN, "tone": "playful", "preferredEmojis": [CANARY]})
    history = tmp_path / "history.jsonl"
    row = {"fanId": FAN, "timestamp": "2026-01-01T12:00:00Z", "content": f"old {CANARY}", "metadata": {"a": CANARY}}
    history.write_text(json.dumps(row) + "\n")
    product.manage("import_history", str(history), "--creator", "creator-1")
    for refused in ({"fanId": FAN, CANARY: CANARY}, {"fanId": FAN, "type": CANARY}, {**about, "amount": CANARY}):
        assert product.send("POST", f"{api}/interaction", refused)[0] == 400
    product.send("GET", f"{api}/messages?fanId={FAN}&cursor={CANARY}")
    # The other fan's data must outlive it all.
    product.must("POST", f"{api}/interaction", {"fanId": OTHER, "content": "quite another matter"})


def recall(product: Product) -> None:
    """Have everything in the caches, and every kind of answer given once."""
    for _ in range(2):
        assert CANARY in json.dumps(product.must("GET", f"/api/of-memory/context?fanId={FAN}"))
        product.must("POST", "/api/of-memory/bulk", {"fanIds": [FAN, OTHER]})
        product.must("GET", f"/api/of-memory/engagement-score?fanId={FAN}")
    for part in ("messages", "preferences", "personality", "personality/history"):
        product.must("GET", f"/api/of-memory/{part}?fanId={FAN}")
    assert CANARY in json.dumps(product.must("POST", "/api/of-memory/export", {"fanId": FAN}))


def places_with(product: Product, text: str) -> list[str]:
    """Search everything that is kept: every file after everything was written out, the dump, both Redis, the logs."""
    wanted = text.encode()
    with psycopg.connect(_for_libpq(product.url()), autocommit=True) as database:
        database.execute("CHECKPOINT")
    for role in ("cache", "broker"):
        product.redis(role).save()
    found = [str(path) for path in _files(product.home) if wanted in path.read_bytes()]
    found += ["dump"] * (wanted in product.dump())
    found += ["log"] * (wanted in product.log.read_bytes())
    for role in ("cache", "broker"):
        held = product.redis(role)
        found += [f"{role} {key!r}" for key in held.scan_iter() if wanted in key or wanted in (held.dump(key) or b"")]
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def test_the_canary_is_nowhere(product, tmp_path):
    plant(product, tmp_path)
    recall(product)
    exported = tmp_path / "export.zip"
    product.manage("export_fan", "--creator", "creator-1", "--fan", FAN, "--bundle", "art15", "--out", str(exported))
    with zipfile.ZipFile(io.BytesIO(exported.read_bytes())) as bundle:
        assert CANARY in bundle.read("data/provided.json").decode()
    assert places_with(product, CANARY) == []
    before = product.dump()
    assert FAN.encode() in before

    receipt = tmp_path / "receipt.json"
    erase = ("erase_fan", "--creator", "creator-1", "--fan", FAN, "--yes", "--receipt", str(receipt))
    erased = json.loads(product.manage(*erase, "--format", "json"))
    assert product.send("GET", f"/api/of-memory/context?fanId={FAN}")[0] == 404
    status, answer = product.send("POST", "/api/of-memory/interaction", {"fanId": FAN, "content": CANARY})
    assert (status, answer["details"]["reason"]) == (409, "erased")
    assert places_with(product, CANARY) == []
    after = product.dump()
    assert FAN.encode() not in after
    assert OTHER.encode() in after
    verify = [sys.executable, "-I", "-S", "tools/verify_receipt.py", str(receipt), "--creator", "creator-1"]
    verify += ["--opening", erased["opening"]]
    assert subprocess.run([*verify, "--fan", FAN], cwd=ROOT, check=False).returncode == 0
    assert subprocess.run([*verify, "--fan", OTHER], cwd=ROOT, check=False).returncode == 1
    product.manage("verify_audit")
    _restored_it_is_unreadable_and_replay_removes_it(product, before)


def _restored_it_is_unreadable_and_replay_removes_it(product: Product, dump: bytes) -> None:
    with psycopg.connect(_for_libpq(product.url("postgres")), autocommit=True) as database:
        database.execute("CREATE DATABASE restored")
    restored = product.url("restored")
    command = [PROGRAMS / "psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", _for_libpq(restored)]
    subprocess.run(command, input=dump, stdout=subprocess.DEVNULL, check=True)
    # A machine of its own, but for the keys: they are not in the dump.
    given = {"DATABASE_URL": restored, "KEYS_DATABASE_URL": product.url("ofmemory_keys")}
    product.redis("cache").flushall()
    read = "from memory.services.context import get_memory_context as get\n"
    read += f"print(get(fan_id='{FAN}', creator_id='creator-1'))"
    context = product.manage("shell", "--verbosity=0", "-c", read, **given)
    assert "'recentMessages': []" in context
    assert "recentMessages" in context.partition("'degraded':")[2]
    assert CANARY not in context
    would = json.loads(product.manage("replay_erasures", "--dry-run", "--format", "json", **given))
    assert would
    product.manage("replay_erasures", "--format", "json", **given)
    with psycopg.connect(_for_libpq(restored)) as database:
        left = database.execute("SELECT fan_id, count(*) FROM fan_memories GROUP BY fan_id").fetchall()
    assert left == [(OTHER, 1)]


# ---- what people log in with

MAIL, WORD, WRONG_WORD = "canary-mail-77@example.test", "canary-password-77", "canary-wrong-77"
WRONG_TOKEN, WRONG_KEY = f"{CANARY}.token.of-nobody", f"ofm_{CANARY}_of-nobody"


class Browser:
    """Forms and cookies, without a window."""

    def __init__(self, product: Product) -> None:
        self._base = f"http://127.0.0.1:{product.port}"
        self._opener = build_opener(HTTPCookieProcessor())

    def get(self, path: str) -> str:
        return str(self._opener.open(self._base + path, timeout=30).read().decode())

    def post(self, path: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert token, path
        form = urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return str(self._opener.open(self._base + path, form, timeout=30).read().decode())


def log_in_everywhere(product: Product) -> dict[str, str]:
    """Use every kind of credential, good and bad; return the secrets by name."""
    user = f"User.objects.create_superuser('sam', '{MAIL}', '{WORD}')"
    product.manage("shell", "--verbosity=0", "-c", f"from accounts.models import User; {user}")
    browser = Browser(product)
    browser.post("/admin/login/", username="sam", password=WRONG_WORD)
    browser.post("/admin/login/", username="sam", password=WORD, next="/admin/")
    page = browser.get("/admin/second-factor/app/add/")
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    # The form's own GET would make another secret: post with the token of this page.
    pending = places_with_any(product, {"pending secret": secret})
    assert pending == {}
    csrf = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    form = urlencode({"csrfmiddlewaretoken": csrf, "code": code_of(secret)}).encode()
    shown = browser._opener.open(f"{browser._base}/admin/second-factor/app/add/", form, timeout=30).read().decode()
    codes = re.findall(r"<li><code>(\d{8})</code></li>", shown)
    assert len(codes) == 10
    given = {"username": "sam", "password": WORD}
    assert product.send("POST", "/api/auth/token", given)[0] == 401
    assert product.send("POST", "/api/auth/token", {**given, "code": WRONG_WORD})[0] == 401
    tokens = product.must("POST", "/api/auth/token", {**given, "code": codes[0]})["data"]
    newer = product.must("POST", "/api/auth/token/refresh", {"refreshToken": tokens["refreshToken"]})["data"]
    for bad in (WRONG_TOKEN, WRONG_KEY):
        assert product.send("GET", "/api/of-memory/stats", Authorization=f"Bearer {bad}")[0] == 401
    product.must("GET", "/api/of-memory/stats")
    return {
        "API key": product.key,
        "its secret half": product.key.split("_", 2)[2],
        "app's secret": secret,
        "app's secret, decoded": base64.b32decode(secret).hex(),
        "access token": tokens["accessToken"],
        "its signature": tokens["accessToken"].rpartition(".")[2],
        "refresh token": tokens["refreshToken"],
        "newer refresh token": newer["refreshToken"],
        "password": WORD,
        "wrong password": WRONG_WORD,
        "wrong token": WRONG_TOKEN,
        "wrong key": WRONG_KEY,
    }


def places_with_any(product: Product, secrets: dict[str, str]) -> dict[str, list[str]]:
    """Search everything that is kept, once, for all of them; return where each was found."""
    with psycopg.connect(_for_libpq(product.url()), autocommit=True) as database:
        database.execute("CHECKPOINT")
    held = {"dump": product.dump(), "log": product.log.read_bytes()}
    for role in ("cache", "broker"):
        store = product.redis(role)
        store.save()
        held[role] = b"".join(bytes(key) + (store.dump(key) or b"") for key in store.scan_iter())
    found: dict[str, list[str]] = {}
    kept = ((str(path), path.read_bytes()) for path in _files(product.home) if path.name != "demo-api-key")
    for where, content in chain(held.items(), kept):
        for name, secret in secrets.items():
            if secret.encode() in content:
                found.setdefault(name, []).append(where)
    return found


@pytest.fixture(scope="module")
def secrets(product: Product) -> dict[str, str]:
    return log_in_everywhere(product)


def test_what_people_log_in_with_is_nowhere(product, secrets):
    assert places_with_any(product, secrets) == {}


def test_an_address_of_mail_is_with_its_account_and_nowhere_else(product, secrets):
    """The column of the account holds it in the clear (docs/ropa.md); logs, metrics and Redis do not."""
    found = places_with_any(product, {"mail": MAIL}).get("mail", [])
    assert "dump" in found
    elsewhere = [place for place in found if place != "dump" and "/postgres" not in place and "/pg" not in place]
    assert elsewhere == []
