"""The Makefile on machines unlike ours: no Python, half a Python, a path with spaces."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.embedded.helpers import ROOT

TOOLS = ("sh", "make", "awk", "rm", "touch", "cat", "find", "env")


@pytest.fixture
def checkout(ground: Path) -> Path:
    """A checkout with a space in its path, whose product only says hello."""
    folder = ground / "a checkout"
    package = folder / "ofmemory" / "embedded"
    package.mkdir(parents=True)
    (folder / "ofmemory" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("import sys; print('hello', sys.argv[1:], sys.prefix)")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements.txt").touch()
    (folder / "requirements-dev.txt").touch()
    return folder


@pytest.fixture
def tools(ground: Path) -> Path:
    """A PATH with what every machine has, and no Python."""
    folder = ground / "bin"
    folder.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return folder


def add_python(tools: Path, name: str, refuses: str = "nothing at all") -> None:
    """Put a command there that works, unless its arguments contain what it refuses."""
    script = f'#!/bin/sh\ncase "$*" in *"{refuses}"*) exit 1;; esac\nexec "{sys.executable}" "$@"\n'
    (tools / name).write_text(script)
    (tools / name).chmod(0o755)


def make(checkout: Path, tools: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(tools), "HOME": str(checkout), "PIP_NO_INDEX": "1"}
    return subprocess.run(
        ["make", "-C", str(checkout), *arguments],
        capture_output=True, text=True, env=environment, check=False, timeout=300, cwd="/",
    )  # fmt: skip


def test_help_lists_every_target(checkout: Path, tools: Path) -> None:
    done = make(checkout, tools)
    assert done.returncode == 0
    for target in ("run", "test", "check", "bench", "clean"):
        assert f"  make {target} " in done.stdout


def test_no_python_at_all(checkout: Path, tools: Path) -> None:
    done = make(checkout, tools, "run")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer and found none" in done.stderr


def test_commands_that_exist_without_working_are_passed_over(checkout: Path, tools: Path) -> None:
    for broken in ("python3.13", "python3.12"):
        add_python(tools, broken, refuses="")
    add_python(tools, "python3")
    done = make(checkout, tools, "run")
    assert done.returncode == 0, done.stderr
    assert f"hello ['run'] {checkout / '.venv'}" in done.stdout


def test_installs_only_when_the_requirements_changed(checkout: Path, tools: Path) -> None:
    add_python(tools, "python3")
    assert "installing requirements.txt" in make(checkout, tools, "run").stdout
    assert "installing" not in make(checkout, tools, "run").stdout
    os.utime(checkout / "requirements.txt", (2**32, 2**32))
    assert "installing requirements.txt" in make(checkout, tools, "run").stdout


def test_installs_when_what_the_product_imports_changed(checkout: Path, tools: Path) -> None:
    add_python(tools, "python3")
    (checkout / "requirements.txt").write_text("-r requirements-core.txt\n")
    (checkout / "requirements-core.txt").touch()
    make(checkout, tools, "run")
    assert "installing" not in make(checkout, tools, "run").stdout
    os.utime(checkout / "requirements-core.txt", (2**32, 2**32))
    assert "installing requirements.txt" in make(checkout, tools, "run").stdout


def test_environment_whose_python_has_gone_is_made_anew(checkout: Path, tools: Path) -> None:
    add_python(tools, "python3")
    make(checkout, tools, "run")
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "bin" / "python").symlink_to("/no/such/python")
    done = make(checkout, tools, "run")
    assert "making .venv" in done.stdout
    assert "hello" in done.stdout


def test_debian_python_without_ensurepip_but_with_pip(checkout: Path, tools: Path) -> None:
    add_python(tools, "python3", refuses="ensurepip")
    done = make(checkout, tools, "run")
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout
    assert (checkout / ".venv" / ".pip-from").exists()


def test_debian_python_without_any_pip(checkout: Path, tools: Path) -> None:
    add_python(tools, "python3", refuses="pip")
    done = make(checkout, tools, "run")
    assert done.returncode != 0
    assert "sudo apt install python3-venv" in done.stderr


def test_clean_keeps_the_data(checkout: Path, tools: Path) -> None:
    for folder in (".data/postgres/__pycache__", ".venv/bin", "memory/__pycache__"):
        (checkout / folder).mkdir(parents=True)
    make(checkout, tools, "clean")
    assert (checkout / ".data/postgres/__pycache__").exists()
    assert not (checkout / ".venv").exists()
    assert not (checkout / "memory/__pycache__").exists()
