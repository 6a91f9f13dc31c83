"""Where everything of one data folder ("home") lies, and the addresses that follow from it.

Pure arithmetic on paths plus reading small files: nothing is started here, and the only thing ever
written is a secret (`ensure_secret`). Standard library only, because the settings import this module.

    <home>/postgres/      the database cluster          <home>/secrets/   passwords, one file each
    <home>/redis-cache/   nothing is ever saved         <home>/logs/      one log a server
    <home>/redis-broker/  append-only file              <home>/run/       sockets, process list, beat schedule
"""

import hashlib
import os
import pwd
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from ofmemory.embedded.errors import EmbeddedError

Role = Literal["cache", "broker"]

DATABASE_USER: Final = "ofmemory"
DATABASE_PASSWORD: Final = "postgres-password"  # noqa: S105 - the name of the secret, not the secret
# Said in the URL although it is the default: a PGPORT of the user's shell must not lead elsewhere.
DATABASE_PORT: Final = 5432

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
SOCKET_PATH_LIMIT: Final = 103
LONGEST_SOCKET: Final = "/redis-broker/redis.sock"
PRIVATE_FOLDER: Final = 0o700


def database_url(home: Path, name: str = "ofmemory") -> str:
    """The address of database `name` in the embedded PostgreSQL of `home`.

    The socket folder travels as a query parameter, the one spelling that libpq and django-environ both
    understand (django-environ puts it into OPTIONS). Without a password while the home has none yet.
    """
    password = secret(home, DATABASE_PASSWORD)
    login = f"{DATABASE_USER}:{password}" if password else DATABASE_USER
    folder = quote(str(socket_folder(home, "postgres")))
    return f"postgres://{login}@/{quote(name)}?host={folder}&port={DATABASE_PORT}"


def redis_url(home: Path, role: Role) -> str:
    """The address of one embedded Redis, as redis-py's `from_url` and django-redis read it."""
    return f"unix://{quote(str(redis_socket(home, role)))}?db=0"


def broker_url(home: Path) -> str:
    """The address of the embedded broker, as Celery spells it."""
    return celery_url(redis_url(home, "broker"))


def celery_url(url: str) -> str:
    """`url` as Celery understands it: redis-py's unix:// becomes redis+socket://, all else stays."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    query = parts.query.replace("db=", "virtual_host=")
    return f"redis+socket://{parts.path}" + (f"?{query}" if query else "")


def redis_client_url(url: str) -> str:
    """The reverse of `celery_url`: an address that redis-py understands."""
    parts = urlsplit(url)
    if parts.scheme != "redis+socket":
        return url
    query = parts.query.replace("virtual_host=", "db=")
    return f"unix://{parts.path}" + (f"?{query}" if query else "")


def redis_socket(home: Path, role: Role) -> Path:
    """The socket file of one embedded Redis."""
    return socket_folder(home, f"redis-{role}") / "redis.sock"


def socket_folder(home: Path, server: str) -> Path:
    """The folder that holds the socket of one server (0700, its server's own)."""
    return sockets_root(home) / server


def sockets_root(home: Path) -> Path:
    """The folder above the socket folders: in the home where that is possible.

    Elsewhere in three cases: the path would not fit into a socket address; it has a comma, at which libpq
    would split it; or the home is root's, since the servers then run as another user, who may not be able
    to enter the home at all.

    Raises: EmbeddedError when somebody else has put something in that place.
    """
    home, owner = home.resolve(), keeper(home)
    inside = home / "run"
    fits = len(os.fsencode(f"{inside}{LONGEST_SOCKET}")) <= SOCKET_PATH_LIMIT and "," not in str(inside)
    if owner != 0 and fits:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    # /run is root's alone; a user's folder in /tmp is protected by the check of owner and mode.
    base = next((base for base in (Path("/run"), Path("/var/run")) if base.is_dir()), Path("/tmp"))  # noqa: S108
    outside = (base if owner == 0 else Path("/tmp")) / f"ofmemory-{owner}-{digest}"  # noqa: S108
    refuse_foreign_folder(outside, owner)
    return outside


def keeper(home: Path) -> int:
    """The user id to whom `home` belongs, or would belong; root's where that id has no name.

    PostgreSQL refuses to run under an id without a name, so root then uses a service user.
    """
    try:
        uid = home.stat().st_uid
    except FileNotFoundError:
        uid = os.geteuid()
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return os.geteuid()
    return uid


def refuse_foreign_folder(folder: Path, owner: int) -> None:
    """Raise EmbeddedError unless `folder` is absent or a real folder that only `owner` can write to."""
    try:
        info = folder.lstat()
    except FileNotFoundError:
        return
    writable_by_others = info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid not in {owner, 0} or writable_by_others:
        raise EmbeddedError(f"{folder} is not a private folder of user id {owner}: remove it and start again")


def metrics(home: Path) -> Path:
    """Where the processes of this home keep what they count."""
    return home / "run" / "metrics"


def secret(home: Path, name: str) -> str | None:
    """The secret `name` of this home, None where there is none (or it is another user's)."""
    try:
        return (home / "secrets" / name).read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None


def ensure_secret(home: Path, name: str) -> str:
    """The secret `name` of this home, made on first use: 0600 in a 0700 folder, url-safe.

    Two processes that ask at once get the same answer: the file appears complete (a link to a finished
    temporary file) or not at all, and the later one reads the earlier one's.
    """
    folder = home / "secrets"
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    folder.chmod(PRIVATE_FOLDER)
    give_to_keeper(home, folder)
    if (known := secret(home, name)) is not None:
        return known
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f".{name}-", encoding="ascii") as draft:
        draft.write(secrets.token_urlsafe(32))
        draft.flush()
        os.fsync(draft.fileno())
        give_to_keeper(home, Path(draft.name))
        _publish(Path(draft.name), folder / name)
    return (folder / name).read_text(encoding="ascii").strip()


def give_to_keeper(home: Path, path: Path) -> None:
    """What root makes inside another user's home shall be that user's."""
    if os.geteuid() == 0 and path.lstat().st_uid != keeper(home):
        os.chown(path, keeper(home), -1, follow_symlinks=False)


def _publish(draft: Path, place: Path) -> None:
    # An empty file is what a full disk once left behind; it is no secret.
    if place.exists() and not place.stat().st_size:
        place.unlink()
    try:
        os.link(draft, place)
    except FileExistsError:
        return  # another process was quicker: its secret is the one
