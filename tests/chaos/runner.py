"""What `make run` runs, with the product's processes behind fault proxies and a second web server and worker beside.

    python -m tests.chaos.runner PLAN.json

Servers are started by the product's own runner and kept alive by its own supervisor: recovery is what is tested.
"""

import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from ofmemory.embedded.banner import say
from ofmemory.embedded.commands import Commands, product_commands
from ofmemory.embedded.lock import HomeLock
from ofmemory.embedded.process import StopAsked, Supervisor
from ofmemory.embedded.runner import TASK_STOP_STEPS, Plan, child, start_everything
from ofmemory.embedded.server import make_home

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"


def main(path: Path) -> int:
    given = orjson.loads(path.read_bytes())
    home = make_home(Path(given["home"]))
    first, *others = given["ports"]
    plan = Plan(
        home=home,
        base=ROOT,
        bind=HOST,
        port=first,
        commands=commands(given, home, first),
        environment=given["environment"],
        free_bytes=lambda _: 2**40,
    )
    try:
        with HomeLock(home, "for chaos"), Supervisor(home / "run" / "processes.json", say) as supervisor:
            start_everything(plan, home, supervisor)
            for number, port in enumerate(others, start=2):
                its = commands(given, home, port)
                # Named as the first while it is made: the name says what kind of service it is.
                web = child(replace(plan, port=port), "web", its.web)
                supervisor.start(replace(web, name=f"web{number}"))
            if given["second_worker"]:
                argv = (*plan.commands.worker, "--hostname=second@%h")
                supervisor.start(replace(child(plan, "worker", argv, TASK_STOP_STEPS), name="worker2"))
            supervisor.wait()
    except StopAsked:
        say("stopped")
    return 0


def commands(given: dict[str, Any], home: Path, port: int) -> Commands:
    return product_commands(
        base=ROOT,
        home=home,
        bind=HOST,
        port=port,
        workers=given["workers"],
        threads=given["threads"],
        concurrency=given["concurrency"],
        demo=False,
    )


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(main(Path(sys.argv[1])))
