"""A web server run by the very command of `make run`: how many threads it has matters here."""

import subprocess
from collections.abc import Iterator

import pytest

from ofmemory.embedded.commands import product_commands
from tests.flows.conftest import BASE, PATIENCE_SECONDS, Server, _answers, _free_port, environment, wait_until

__all__ = ["environment"]


@pytest.fixture(scope="module")
def server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("web") / "log"
    serving = Server("127.0.0.1", _free_port(), log)
    command = product_commands(
        base=BASE,
        home=log.parent,
        bind=serving.host,
        port=serving.port,
        workers=2,
        threads=4,
        concurrency=1,
        demo=False,
    ).web
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=BASE, env=environment, stdout=output, stderr=output)
        try:
            wait_until(lambda: process.poll() is not None or _answers(serving))
            assert process.poll() is None, log.read_text()
            yield serving
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
