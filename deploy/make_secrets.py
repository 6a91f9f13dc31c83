#!/usr/bin/env python3
"""Make the secrets of compose.yaml, once: `python3 deploy/make_secrets.py [FOLDER]` (default: deploy/secrets).

What is there already stays as it is, so it can be run again after an upgrade. Standard library only. Keep the folder
out of the backups of the databases: it opens both.

The folder is closed to others (0700); the files in it are readable, because a container reads them under another user
id than the one that made them.
"""

import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"
BYTES = 48


def main(arguments: list[str]) -> int:
    """Returns: the exit code of the process."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print(__doc__)
        return 0 if "--help" in arguments or "-h" in arguments else 2
    folder = Path(arguments[0]) if arguments else FOLDER
    made = make(folder)
    print(f"{folder}: made {', '.join(made)}" if made else f"{folder}: nothing was missing")
    return 0


def make(folder: Path) -> list[str]:
    """Make what is missing in `folder`; return the names of what was made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made: list[str] = []

    def keep(name: str, value: str) -> str:
        path = folder / name
        if not path.exists():
            # Never there with half of its content.
            draft = folder / f".{name}.draft"
            draft.write_text(value + "\n", encoding="ascii")
            draft.chmod(0o444)
            draft.replace(path)
            made.append(name)
        return path.read_text(encoding="ascii").strip()

    for name in ("secret_key", "metrics_token", "grafana_password"):
        keep(name, secrets.token_urlsafe(BYTES))
    for role, database in (("database", "ofmemory"), ("keys_database", "ofmemory_keys")):
        password = keep(f"{role}_password", secrets.token_urlsafe(BYTES))
        keep(f"{role}_url", f"postgres://ofmemory:{password}@{role.replace('_', '-')}:5432/{database}")
    for role, setting in (("cache", "redis_url"), ("broker", "broker_url")):
        line = keep(f"{role}_auth.conf", f"requirepass {secrets.token_urlsafe(BYTES)}")
        keep(setting, f"redis://:{line.removeprefix('requirepass ')}@{role}:6379/0")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
