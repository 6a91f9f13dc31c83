"""The real runner with a made-up product: `python -m tests.embedded.fake_runner HOME PORT [key=value ...]`.

Keys: migrate_keys, migrate, replay, seed, worker = shell commands in place of the quiet ones; database, keys, redis,
broker = addresses from outside; free = bytes of room on the disk.
"""

import sys
from pathlib import Path

from ofmemory.embedded.commands import Commands
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.runner import Plan, run
from tests.embedded.helpers import environment

# Answers 503 to the first question, as a server does that is still warming up.
WEB = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        self.send_response(200 if Handler.asked > 1 and self.path == "/health/ready" else 503)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def main(home: str, port: str, *options: str) -> int:
    given = dict(option.split("=", 1) for option in options)
    quiet = ("sleep", "600")
    commands = Commands(
        migrate_keys=("sh", "-c", given.get("migrate_keys", "echo keys migrated")),
        migrate=("sh", "-c", given.get("migrate", "echo migrated")),
        replay=("sh", "-c", given.get("replay", "echo replayed")),
        seed=("sh", "-c", given["seed"]) if "seed" in given else None,
        web=(sys.executable, "-c", WEB, port),
        worker=("sh", "-c", given["worker"]) if "worker" in given else quiet,
        beat=quiet,
    )
    plan = Plan(
        home=Path(home),
        base=Path("/"),
        bind="127.0.0.1",
        port=int(port),
        commands=commands,
        environment=environment(),
        database_url=given.get("database", ""),
        keys_database_url=given.get("keys", ""),
        redis_url=given.get("redis", ""),
        broker_url=given.get("broker", ""),
        free_bytes=lambda _: int(given.get("free", 10**10)),
    )
    try:
        return run(plan)
    except EmbeddedError as error:
        sys.stderr.write(f"ofmemory: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
