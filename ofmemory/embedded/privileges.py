"""As which user the servers run, and where their folders and programs lie so that this user gets there.

PostgreSQL refuses to run as root. A container or a root shell therefore starts it as another user, who
may not be able to enter root's folders. Nothing here ever changes the mode of a folder that the user
made: what cannot be reached is kept or copied below /var/lib/ofmemory instead.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from ofmemory.embedded import locations
from ofmemory.embedded.errors import EmbeddedError

ELSEWHERE: Final = Path("/var/lib/ofmemory")
SERVICE_USERS: Final = ("postgres", "nobody")
# The other PostgreSQL of the package, and what only compilers read: half of its size.
NOT_COPIED: Final = shutil.ignore_patterns("pginstall", "include", "__pycache__")


@dataclass(frozen=True)
class Account:
    """A user to become; only root has one."""

    name: str
    uid: int
    gid: int


def service_account(home: Path) -> Account | None:
    """The user the servers of `home` run as, None for "as I am": whoever is not root stays themselves.

    Root becomes the owner of the home, where that is somebody else with a name, so that the data can
    still be used by them afterwards; else a service user.
    """
    if os.geteuid() != 0:
        return None
    owner = locations.keeper(home)
    if owner != 0:
        return _account(pwd.getpwuid(owner))
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in SERVICE_USERS:
        if name in known:
            return _account(known[name])
    raise EmbeddedError("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody")


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that change the user."""

    user: int
    group: int
    extra_groups: list[int]


def identity(account: Account | None) -> Identity:
    """How to start a process as `account`, without any group of ours."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def can_reach(path: Path, account: Account | None) -> bool:
    """Whether `account` can enter (or run) `path`, found out by trying: modes do not tell about ACLs."""
    if account is None:
        return os.access(path, os.X_OK)
    command = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]
    tried = subprocess.run(  # noqa: S603 - fixed command, the path is an argument
        command, cwd="/", check=False, **identity(account)
    )
    return tried.returncode == 0


def private_folder(path: Path, account: Account | None) -> Path:
    """Make `path` a 0700 folder of `account`, with all that is in it."""
    path.mkdir(mode=locations.PRIVATE_FOLDER, parents=True, exist_ok=True)
    path.chmod(locations.PRIVATE_FOLDER)
    if account is not None and path.stat().st_uid != account.uid:
        _give(path, account)
    return path


def _give(path: Path, account: Account) -> None:
    # Another service user than last time, or root took over: without this the server cannot read its data.
    for place in (path, *path.rglob("*")):
        os.chown(place, account.uid, account.gid, follow_symlinks=False)


def data_folder(home: Path, name: str, account: Account | None) -> Path:
    """The folder `<home>/<name>`, private to `account`; a link to a reachable place where need be."""
    place = home / name
    if account is None or can_reach(home, account):
        return private_folder(place, account).resolve()
    if not place.exists():
        place.unlink(missing_ok=True)
        place.symlink_to(_folder_elsewhere(home, name))
    if can_reach(place.resolve().parent, account):
        return private_folder(place.resolve(), account)
    raise EmbeddedError(
        f"{place} cannot be reached by the user {account.name}, as whom the server has to run: "
        "move the data folder to a reachable place and name it in OFMEMORY_HOME"
    )


def _folder_elsewhere(home: Path, name: str) -> Path:
    # A fresh name each time: a home that was moved still points to the folder made for its old path.
    _public_folder(ELSEWHERE)
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    return Path(tempfile.mkdtemp(prefix=f"{digest}-{name}-", dir=ELSEWHERE))


def socket_folder(home: Path, server: str, account: Account | None) -> Path:
    """Make and return the folder for the socket of `server`: private to `account`."""
    root = locations.sockets_root(home)
    root.mkdir(mode=locations.PRIVATE_FOLDER, parents=True, exist_ok=True)
    # Looked at again: between the check and the mkdir somebody may have been quicker.
    locations.refuse_foreign_folder(root, locations.keeper(home))
    # The service user has to pass through root's folder; it can neither list nor change it.
    root.chmod(0o711 if account is not None else locations.PRIVATE_FOLDER)
    return private_folder(root / server, account)


def reachable_copy(program: Path, parts: Iterable[Path], account: Account | None) -> Path:
    """`program`, or its copy where `account` cannot reach it.

    Args:
        program: the file to run, below one of the parts.
        parts: files and folders to copy along, all from one folder, so that what the program finds by
            relative paths (libraries, share files) is found again.
    """
    if account is None or can_reach(program, account):
        return program
    parts = tuple(parts)
    root = parts[0].parent
    copy = ELSEWHERE / f"programs-{_fingerprint(parts)}"
    if not copy.exists():
        _copy_parts(parts, copy)
    return copy / program.relative_to(root)


def _fingerprint(parts: Iterable[Path]) -> str:
    seen = (f"{part}:{part.stat().st_mtime_ns}" for part in parts)
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:12]


def _copy_parts(parts: Iterable[Path], copy: Path) -> None:
    _public_folder(ELSEWHERE)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=ELSEWHERE))
    draft.chmod(0o755)
    for part in parts:
        if part.is_dir():
            shutil.copytree(part, draft / part.name, ignore=NOT_COPIED)
        else:
            shutil.copy2(part, draft / part.name)
    _open_to_all(draft)
    try:
        draft.rename(copy)
    except OSError:
        # Another process finished the same copy first; anything else shows when the program is started.
        shutil.rmtree(draft)
        if not copy.exists():
            raise


def _open_to_all(folder: Path) -> None:
    # An umask of 077 may have installed them for root's eyes only.
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))


def _public_folder(path: Path) -> None:
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    locations.refuse_foreign_folder(path, 0)
