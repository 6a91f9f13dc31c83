"""The machine: room on disks, open files, time zones, and files that must be there."""

import os
import resource
import shutil
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok, warn
from ofmemory.infra.text.model import ModelUnavailable, check_files
from ofmemory.settings import env

_LEAST_BYTES, _FEW_BYTES, _FEW = 300_000_000, 2_000_000_000, 0.1
_FEW_FILES: Final = 4096
_LEAST_FILES: Final = 1024
# Asked for of every fan with a known place; the oldest systems bring none at all.
_ZONE: Final = "Europe/Paris"


@examines("disk")
def disk() -> Iterator[Finding]:
    """Where the home is: secrets, anchors of the audit log, logs, the embedded servers."""
    home = env.OFMEMORY_HOME
    if not home.is_dir():
        yield fail(
            "the data folder is missing",
            "Anchors of the audit log and the scheduler's notes are written there.",
            "Make it, or correct OFMEMORY_HOME.",
        )
        return
    for name, folder in (("the data folder", home), ("the logs", home / "logs")):
        if folder.is_dir():
            yield _of_room(name, folder)
    if not os.access(home, os.W_OK | os.X_OK):
        yield fail(
            "the data folder can't be written to",
            "Anchors of the audit log and the scheduler's notes are written there.",
            f"Give it to the user with id {os.geteuid()}, or mount it writable.",
        )


def _of_room(name: str, folder: Path) -> Finding:
    usage = shutil.disk_usage(folder)
    said = f"{usage.free / 1e9:.1f} GB are free for {name} ({usage.free / usage.total:.0%})"
    why = "A full disk stops the database first, and then everything else."
    if usage.free < _LEAST_BYTES:
        return fail(said, why, "Make room now; docs/troubleshooting.md says where to look.")
    if usage.free < _FEW_BYTES or usage.free < _FEW * usage.total:
        return warn(said, why, "Make room, or give it a larger disk.")
    return ok(said)


@examines("open files")
def open_files() -> Iterator[Finding]:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    unlimited = soft == resource.RLIM_INFINITY
    said = "no limit of open files" if unlimited else f"up to {soft} open files a process"
    if unlimited or soft >= _FEW_FILES:
        yield ok(said)
        return
    level = fail if soft < _LEAST_FILES else warn
    yield level(
        said,
        "Every waiting client takes one; at the limit new ones are turned away.",
        "ulimit -n 65536; LimitNOFILE=65536 in systemd; `ulimits` in compose.",
    )


@examines("time zones")
def time_zones() -> Iterator[Finding]:
    try:
        zoneinfo.ZoneInfo(_ZONE)
    except zoneinfo.ZoneInfoNotFoundError:
        yield fail("there is no time zone data", "Fans' local hours can't be computed.", "pip install tzdata")
        return
    yield ok(f"{len(zoneinfo.available_timezones())} zones are known")


@examines("text model")
def text_model() -> Iterator[Finding]:
    try:
        check_files(settings.TEXT_MODEL_DIR)
    except ModelUnavailable as error:
        yield warn(
            str(error),
            "Messages are read by word lists instead, which are right less often.",
            "Install the product anew, or point TEXT_MODEL_DIR to a whole model.",
        )
        return
    yield ok("its files are those of its manifest")


@examines("static files")
def static_files() -> Iterator[Finding]:
    if settings.WHITENOISE_USE_FINDERS:
        yield ok("served from the packages")
        return
    root = Path(str(settings.STATIC_ROOT))
    if (root / "admin").is_dir():
        yield ok("collected")
        return
    yield fail(
        "they were not collected",
        "Admin pages have no styles and no scripts.",
        "Run `manage.py collectstatic --noinput` once a release; the image has done so.",
    )


@examines("metrics")
def metrics() -> Iterator[Finding]:
    folder = settings.METRICS_DIR
    if not folder:
        yield ok("this command counts for itself; servers started by `make run` or the image share a folder")
    elif Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
        yield ok("the folder of counters can be written to")
    else:
        yield fail(
            "the folder of counters is missing or can't be written to",
            "Nothing is counted, and alerts stay silent.",
            f"Make {folder}, and give it to the user with id {os.geteuid()}.",
        )
