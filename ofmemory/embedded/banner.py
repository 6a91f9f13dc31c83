"""What `make run` tells the person in front of the terminal."""

import os
import shlex
import sys
from pathlib import Path
from typing import Final

DEMO_PASSWORD: Final = "ofmemory-demo"  # noqa: S105 - shown to everybody on purpose, demo data only
DEMO_FAN: Final = "fan-001"
DEMO_CREATOR: Final = "creator-1"


def say(line: str) -> None:
    """Show a line at once. When nobody reads any more (`make run | head`), go on in silence."""
    try:
        print(line, flush=True)  # noqa: T201 - the terminal is the interface here
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def banner(home: Path, url: str) -> str:
    """The addresses, how to log in, and a first request; the demo lines only where demo data was made."""
    lines = ["", f"ofmemory is running at {url}", "", f"  API docs   {url}/api/docs/", f"  Admin      {url}/admin/"]
    key = home / "demo-api-key"
    if key.is_file():
        lines += _demo(key, url)
    return "\n".join([*lines, "", f"  Data lies in {home}. Stop with Ctrl-C.", ""])


def _demo(key: Path, url: str) -> list[str]:
    request = f"{url}/api/of-memory/context?fanId={DEMO_FAN}&creatorId={DEMO_CREATOR}"
    return [
        "",
        f"  Demo login alice / {DEMO_PASSWORD}    (admin pages: admin / {DEMO_PASSWORD})",
        "",
        "  Try:",
        f"  curl -s -H \"Authorization: Bearer $(cat {shlex.quote(str(key))})\" '{request}'",
    ]
