"""The product as its users meet it: real processes on the test database."""

import http.client
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from privacy.keys.models import ServiceKey
from tests.servers import environment_of_a_process

BASE = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    """A web server of the product, and the log it writes."""

    host: str
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@pytest.fixture(scope="session")
def environment(django_db_setup: None) -> dict[str, str]:
    """What a process of the product must see to share the databases of this test process."""
    return environment_of_a_process()


@pytest.fixture(scope="session")
def server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A granian with two processes, as `make run` starts it."""
    log = tmp_path_factory.mktemp("web") / "log"
    serving = Server("127.0.0.1", _free_port(), log)
    command = [
        *(sys.executable, "-m", "granian", "ofmemory.wsgi:application", "--interface", "wsgi"),
        *("--host", serving.host, "--port", str(serving.port), "--workers", "2", "--blocking-threads", "4"),
        *("--no-ws", "--no-access-log", "--log-level", "warning"),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=BASE, env=environment, stdout=output, stderr=output)
        try:
            wait_until(lambda: process.poll() is not None or _answers(serving))
            assert process.poll() is None, log.read_text()
            yield serving
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again until ``condition`` holds; give up after a time that is far beyond any that it should take."""
    pause, patience = threading.Event(), int(PATIENCE_SECONDS / 0.02)
    assert any(condition() or pause.wait(0.02) for _ in range(patience)), "it never came true"


def _answers(serving: Server) -> bool:
    connection = http.client.HTTPConnection(serving.host, serving.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_service_keys: "list[ServiceKey]" = []


@pytest.fixture(autouse=True)
def _same_service_keys(transactional_db: None) -> Iterator[None]:
    """Servers of the session keep service keys for good, which a test's clean-up removes: put the same ones back."""
    ServiceKey.objects.bulk_create(_service_keys, ignore_conflicts=True)
    yield
    _service_keys[:] = ServiceKey.objects.all()
