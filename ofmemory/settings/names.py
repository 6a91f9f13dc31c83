"""Which names the settings read from the environment, and whether they can be read at all.

Imports no other file of the settings: it is also asked why they can't be imported.
"""

import ast
import os
import re
import traceback
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# Read by others than the settings: Django, the image's entrypoint, Vault's own client.
READ_ELSEWHERE = frozenset({"DJANGO_SETTINGS_MODULE", "OFMEMORY_SECRETS", "VAULT_CACERT", "VAULT_NAMESPACE"})
_NAME = re.compile(r"[A-Z][A-Z0-9_]{3,}")
_FOLDER = Path(__file__).resolve().parent


@cache
def known_names() -> frozenset[str]:
    """Return every name that a file of the settings reads, whichever of them are loaded now."""
    found = set(READ_ELSEWHERE)
    for path in _FOLDER.glob("*.py"):
        found |= set(_names_in(ast.parse(path.read_text(encoding="utf-8"))))
    return frozenset(found)


def present_names() -> frozenset[str]:
    """Return the names that have a value: in the environment, or in .env, which is in it once settings are loaded."""
    return frozenset(name for name, value in os.environ.items() if value)


def why_unreadable() -> str:
    """Return where the settings can't be read, in one line; empty where they can.

    Never the value: it may be a secret, or an address with one.
    """
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return _described(error)
    return ""


def _described(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent == _FOLDER]
    if ours and frames[-1] == ours[-1] and isinstance(error, ImproperlyConfigured):
        # Raised by a file of the settings itself, in words that name the setting. Other errors quote the value.
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    place = f" in {Path(ours[-1].filename).name}, line {ours[-1].lineno}: {ours[-1].line}" if ours else ""
    return f"{type(error).__name__}{place}"


def _names_in(tree: ast.AST) -> Iterator[str]:
    """Yield what stands first in a call and is spelled like a name: `env.str("PORT")`, or a helper that reads it."""
    for node in ast.walk(tree):
        first = node.args[0] if isinstance(node, ast.Call) and node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and _NAME.fullmatch(first.value):
            yield first.value
