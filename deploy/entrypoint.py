#!/usr/bin/env python3
"""The one door into the image: `entrypoint.py ROLE [ARGUMENTS...]`.

    web | worker | beat      becomes the program that `make run` starts too, under the same process id: signals reach it
    migrate                  the keys database, the main one, then the erasures that a restored backup has not seen
    manage COMMAND ...       manage.py

Every file in /run/secrets (or OFMEMORY_SECRETS) named like a setting, `secret_key` or `SECRET_KEY`, becomes that
setting, so that no secret stands in the environment of the container. What the environment says wins.
"""

import os
import re
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
SECRETS = "/run/secrets"
A_SETTING = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WRONG_USAGE = 2
# What replay_erasures ends with where a legal hold keeps data that was erased before.
HELD = 3
MANAGE = (sys.executable, str(BASE / "manage.py"))
MIGRATIONS = (
    ((*MANAGE, "migrate", "--database", "keys", "--noinput"), (0,)),
    ((*MANAGE, "migrate", "--noinput"), (0,)),
    ((*MANAGE, "replay_erasures"), (0, HELD)),
)


def main(arguments: Sequence[str]) -> int:
    """Returns: an exit code, only where nothing else was become."""
    role, *rest = arguments or ("",)
    read_secrets(os.environ)
    os.environ.setdefault("OFMEMORY_SERVICE", role if role in ("web", "worker", "beat") else "command")
    os.chdir(BASE)
    # `python -P` and PYTHONSAFEPATH leave it out; the product lies here and is not installed.
    sys.path.insert(0, str(BASE))
    if role in ("web", "worker", "beat") and not rest:
        become(command_of(role))
    if role == "manage" and rest:
        become((*MANAGE, *rest))
    if role == "migrate" and not rest:
        return migrate()
    print(__doc__, file=sys.stderr)
    return WRONG_USAGE


def read_secrets(environment: MutableMapping[str, str]) -> None:
    """Add to the environment what lies in files. A file named like no setting (`keyset.json`) is left alone.

    Raises: OSError for a file that cannot be read: better no start than one with a default in its place.
    """
    folder = Path(environment.get("OFMEMORY_SECRETS", SECRETS))
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if A_SETTING.fullmatch(path.name) and path.is_file():
            environment.setdefault(path.name.upper(), path.read_text(encoding="utf-8").strip())


def command_of(role: str) -> Sequence[str]:
    """The command of `make run`, so that there is one way to start each part."""
    from ofmemory.embedded.command_line import plan_from_settings

    plan = plan_from_settings()
    (plan.home / "run").mkdir(parents=True, exist_ok=True)
    os.environ.update(plan.environment)
    commands = plan.commands
    return {"web": commands.web, "worker": commands.worker, "beat": commands.beat}[role]


def become(argv: Sequence[str]) -> None:
    """Turn into the program. Nothing returns from here."""
    sys.stdout.flush()
    os.execv(argv[0], list(argv))  # noqa: S606 - no shell is the point


def migrate() -> int:
    """Returns: the exit code of the first step that fails, else 0."""
    for argv, fine in MIGRATIONS:
        code = subprocess.run(argv, check=False).returncode  # noqa: S603 - the argument lists are our own
        if code not in fine:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
