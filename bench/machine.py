"""What the figures were measured on."""

import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import django
import redis

from ofmemory.embedded.binaries import postgres_programs
from ofmemory.settings.env import BASE_DIR

PAGE: Final = b"\0" * 8192


def facts_before() -> dict[str, Any]:
    """Return what is known before anything runs; the load is then that of others."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgres": _output(str(postgres_programs(None) / "postgres"), "--version").split()[-1],
        "commit": commit(),
    }


def facts_of_servers(home: Path, cache: "redis.Redis") -> dict[str, Any]:
    info = cache.info("server")
    name = "valkey" if "valkey_version" in info else "redis"
    return {"cache_server": f"{name} {info[f'{name}_version']}", "fsyncs_per_second": fsyncs_per_second(home)}


def commit() -> str:
    """Return the commit, with a + where files differ from it; empty outside a checkout."""
    if not shutil.which("git"):
        return ""
    found = _output("git", "-C", str(BASE_DIR), "rev-parse", "--short=12", "HEAD")
    changed = _output("git", "-C", str(BASE_DIR), "status", "--porcelain")
    return found + "+" * bool(found and changed)


def fsyncs_per_second(folder: Path, seconds: float = 0.5) -> int:
    """Return how often a second an 8 KB page can be written and made safe, one after the other."""
    sync = getattr(os, "fdatasync", os.fsync)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(PAGE)
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            os.pwrite(file.fileno(), PAGE, 0)
            sync(file.fileno())
            count += 1
        return round(count / (time.perf_counter() - start))


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return re.sub(r"\s*\(.*\)", "", done.stdout).strip() if done.returncode == 0 else ""
