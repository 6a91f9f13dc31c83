"""The house is in order: migrations, and settings that are read are settings that are documented."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "ofmemory" / "settings"
SCRATCH = "ofmemory_scratch"


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# ---- migrations there and back


@pytest.fixture
def scratch(db: None) -> Iterator[str]:
    """The address of an empty database of this test alone."""
    name = f"{SCRATCH}_{os.getpid()}"
    parts = urlsplit(os.environ["DATABASE_URL"])
    _administer(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    yield urlunsplit(parts._replace(path=f"/{name}"))
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(*statements: str) -> None:
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def manage(url: str, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ofmemory.settings.test"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


SCHEMA = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
)


def schema(url: str) -> str:
    """Return every column, constraint and index, as the database itself spells them."""
    import psycopg

    parts = urlsplit(url)
    with psycopg.connect(urlunsplit(parts._replace(scheme="postgresql"))) as database:
        rows: list[Any] = []
        for query in SCHEMA:
            rows += database.execute(query).fetchall()
    return "\n".join(sorted(map(str, rows)))


def test_migrations_go_back_to_nothing_and_forward_again(scratch):
    manage(scratch, "migrate", "--verbosity=0")
    whole = schema(scratch)
    assert "fan_memory_instant" in whole
    assert "membership_role_known" in whole
    manage(scratch, "migrate", "memory", "zero", "--verbosity=0")
    manage(scratch, "migrate", "accounts", "zero", "--verbosity=0")
    assert not re.search(r"fan_memories|accounts_", schema(scratch))
    manage(scratch, "migrate", "--verbosity=0")
    assert schema(scratch) == whole


# ---- settings


def read_settings() -> dict[str, str]:
    """Return what the settings read from the environment: name → default as one would write it in .env."""
    found: dict[str, str] = {}
    for path in SETTINGS.glob("*.py"):
        for node in _calls(ast.parse(path.read_text())):
            if _reads_environment(node):
                default = next((word.value for word in node.keywords if word.arg == "default"), None)
                name = ast.literal_eval(node.args[0])
                found[name] = max(found.get(name, ""), _written(default))
    return found


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _reads_environment(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value).split(".")[-1] == "env"
        and node.func.attr in ("str", "int", "float", "bool", "list", "json", "url", "dict")
    )


def _written(default: Any) -> str:
    if default is None:
        return ""
    value = _constant(default)
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)


def _constant(node: Any) -> Any:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _constant(node.left) * _constant(node.right)
    return ast.literal_eval(node)


def documented_settings() -> dict[str, str]:
    """Return the rows of the tables in docs/configuration.md: name → default."""
    rows = re.findall(
        r"^\| `([A-Z0-9_]+)` \| (.*?) \| (.+) \|$", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE
    )
    assert all(meaning.strip() for _, _, meaning in rows)
    assert len(rows) == len({name for name, _, _ in rows})
    return {name: default for name, default, _ in rows}


def exemplary_settings() -> dict[str, str]:
    """Return what .env.example shows, all of it commented out: name → value."""
    text = (ROOT / ".env.example").read_text()
    assert not re.search(r"^[A-Z0-9_]+=", text, re.MULTILINE), "an example sets nothing by itself"
    return dict(re.findall(r"^#([A-Z0-9_]+)=(.*)$", text, re.MULTILINE))


def test_every_setting_is_documented_and_no_other():
    names = set(read_settings())
    assert len(names) > 20
    assert set(documented_settings()) == names
    assert set(exemplary_settings()) == names


def test_documented_defaults_are_the_real_ones():
    real = {name: default for name, default in read_settings().items() if default}
    documented, shown = documented_settings(), exemplary_settings()
    assert {name: documented[name] for name in real} == {name: f"`{default}`" for name, default in real.items()}
    assert {name: shown[name] for name in real} == real


def test_the_environment_is_read_in_the_settings_only():
    for room in ("accounts", "memory", "ofmemory"):
        for path in (ROOT / room).rglob("*.py"):
            if SETTINGS not in path.parents:
                read = re.findall(r"os\.(?:environ|getenv)\b.*", path.read_text())
                assert all(line.startswith('os.environ.setdefault("DJANGO_SETTINGS_MODULE"') for line in read), path
