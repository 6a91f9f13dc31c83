"""`python -m ofmemory.embedded`: settings read once, failures told in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from ofmemory.embedded.banner import banner
from ofmemory.embedded.commands import product_commands
from tests.embedded.helpers import ROOT, environment


def command_line(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ofmemory.embedded", "run"],
        env={**environment(), "OFMEMORY_HOME": str(home), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PORT": "eighty"}, "a value in the environment or in .env is wrong"),
        ({"PORT": "99999"}, "PORT=99999 is no port"),
        ({"OFMEMORY_BIND": "no.such.host.invalid"}, "is no address to listen on"),
        ({"REDIS_URL": "memcached://h"}, "REDIS_URL has to be"),
        ({"DATABASE_URL": "postgres://u@127.0.0.1:1/x"}, "DATABASE_URL is set and KEYS_DATABASE_URL is not"),
        ({"DATABASE_URL": "postgres://u@h/x", "KEYS_DATABASE_URL": "postgres://u@h/x"}, "name the same database"),
        (
            {"DATABASE_URL": "postgres://u@127.0.0.1:1/x", "KEYS_DATABASE_URL": "postgres://u@127.0.0.1:1/y"},
            "of DATABASE_URL does not answer",
        ),
        ({"KEYS_DATABASE_URL": "postgres://u@127.0.0.1:1/y"}, "of KEYS_DATABASE_URL does not answer"),
    ],
)
def test_wrong_values_are_told_in_one_line(home: Path, variables: dict[str, str], words: str) -> None:
    done = command_line(home, **variables)
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_old_python_is_told_first() -> None:
    text = (ROOT / "ofmemory" / "embedded" / "__main__.py").read_text()
    assert text.index("sys.version_info") < text.index("from ofmemory")


def test_commands_follow_the_settings(home: Path) -> None:
    commands = product_commands(
        base=ROOT, home=home, bind="::1", port=8123, workers=3, threads=5, concurrency=7, demo=False
    )
    text = " ".join(commands.web)
    assert "--host ::1 --port 8123 --workers 3 --blocking-threads 80" in text
    assert "--concurrency=7" in commands.worker
    assert commands.seed is None
    assert commands.migrate_keys[2:5] == ("migrate", "--database", "keys")
    assert commands.replay[-3:] == ("replay_erasures", "--format", "json")


def test_banner_without_demo_data(home: Path) -> None:
    assert "alice" not in banner(home, "http://h:1")
    (home / "demo-api-key").touch()
    assert "alice / ofmemory-demo" in banner(home, "http://h:1")
