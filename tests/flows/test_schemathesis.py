"""What the OpenAPI description promises is what a real server does, whatever it is sent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Api
from tests.flows.conftest import Server

# A longer run with another seed: SCHEMATHESIS_EXAMPLES=200 SCHEMATHESIS_SEED=2 pytest tests/flows/test_schemathesis.py
CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "8")
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")


@pytest.mark.django_db(transaction=True)
def test_server_keeps_its_promises(server: Server, service: Api, tmp_path: Path):
    service.say("fan-1")
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG)),
        *("run", f"{server.url}/api/schema/"),
        *("--header", f"Authorization: Bearer {service.token}"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", EXAMPLES, "--seed", SEED, "--suppress-health-check", "all", "--continue-on-failure"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
