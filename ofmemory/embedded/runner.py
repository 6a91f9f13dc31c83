"""`make run`: servers, migrations, demo data, web server, worker and scheduler, until Ctrl-C."""

import http.client
import signal
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ofmemory.embedded import leftovers, locations, preflight
from ofmemory.embedded.banner import banner, say
from ofmemory.embedded.child import Child
from ofmemory.embedded.commands import Argv, Commands
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.leftovers import StopSteps
from ofmemory.embedded.lock import HomeLock
from ofmemory.embedded.process import StopAsked, Supervisor
from ofmemory.embedded.server import make_home
from ofmemory.embedded.servers import needed_servers

READY_PATH: Final = "/health/ready"
ANSWER_SECONDS: Final = 5.0
WEB_READY_SECONDS: Final = 120.0
# What processes are called in logs and metrics; all others are commands.
SERVICES: Final = ("web", "worker", "beat")
STOP_STEPS: Final[StopSteps] = ((signal.SIGTERM, 15.0),)
# What replay_erasures ends with where a legal hold keeps data that was erased before.
HELD: Final = 3
# SIGTERM lets a Celery worker finish its tasks, SIGQUIT makes it hand them back to the queue.
TASK_STOP_STEPS: Final[StopSteps] = ((signal.SIGTERM, 15.0), (signal.SIGQUIT, 5.0))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything the runner needs to know; the environment is read by who makes it.

    Args:
        home: the data folder.
        base: the working directory of the product's processes.
        environment: what they see.
        database_url: a PostgreSQL from outside, empty for the embedded one; likewise the others. The keys come from
            outside where the data does.
    """

    home: Path
    base: Path
    bind: str
    port: int
    commands: Commands
    environment: Mapping[str, str]
    database_url: str = ""
    keys_database_url: str = ""
    redis_url: str = ""
    broker_url: str = ""
    free_bytes: Callable[[Path], int] = preflight.free_bytes

    @property
    def host(self) -> str:
        """Where we reach the web server ourselves."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bind, self.bind)  # noqa: S104 - translated, not bound

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def run(plan: Plan) -> int:
    """Run the product in the foreground until it is told to stop.

    Returns: 0 after a stop that was asked for.
    Raises: EmbeddedError when it cannot start.
    """
    home = make_home(plan.home)
    with HomeLock(home, f"at {plan.url}"):
        process_list = home / "run" / "processes.json"
        for name in leftovers.stop_noted(process_list):
            say(f"stopped {name}, left over from a runner that was killed")
        check(plan, home)
        forget_metrics(home)
        # Whoever sets up what scrapes wants it before anything was scraped.
        locations.ensure_secret(home, "metrics-token")
        try:
            with Supervisor(process_list, say) as supervisor:
                start_everything(plan, home, supervisor)
                supervisor.wait()
        except StopAsked:
            say("stopped")
    return 0


def forget_metrics(home: Path) -> None:
    """Begin to count anew. Nobody else writes there: the home is locked, and what was left over is stopped."""
    for file in locations.metrics(home).glob("*.db"):
        file.unlink(missing_ok=True)


def check(plan: Plan, home: Path) -> None:
    """Raises: EmbeddedError for what would only fail later and less clearly."""
    preflight.check_disk(home, plan.free_bytes)
    preflight.check_port(plan.bind, plan.port)
    preflight.check_both_databases(plan.database_url, plan.keys_database_url)
    if plan.database_url:
        preflight.check_database(plan.database_url, "DATABASE_URL")
    if plan.keys_database_url:
        preflight.check_database(plan.keys_database_url, "KEYS_DATABASE_URL")
    if plan.redis_url:
        preflight.check_redis(plan.redis_url, "REDIS_URL")
    if plan.broker_url:
        preflight.check_redis(plan.broker_url, "BROKER_URL" if plan.broker_url != plan.redis_url else "REDIS_URL")


def start_everything(plan: Plan, home: Path, supervisor: Supervisor) -> None:
    """Start in the order of need: servers, schema and data, web, worker, scheduler."""
    for server in needed_servers(home, plan.database_url, plan.redis_url, plan.broker_url):
        say(f"starting {server.name}")
        supervisor.start(server.child())
    # The keys first: migrating the data may seal with them.
    once(plan, supervisor, "migrate keys", plan.commands.migrate_keys)
    once(plan, supervisor, "migrate", plan.commands.migrate)
    # A database restored from a backup may hold who was erased since: nobody is served before they are gone again.
    once(plan, supervisor, "replay erasures", plan.commands.replay, fine=(0, HELD))
    if plan.commands.seed is not None:
        once(plan, supervisor, "seed", plan.commands.seed)
    say("starting web server, worker and scheduler")
    supervisor.start(child(plan, "worker", plan.commands.worker, TASK_STOP_STEPS))
    supervisor.start(child(plan, "beat", plan.commands.beat))
    web = child(plan, "web", plan.commands.web)
    supervisor.start(replace(web, is_ready=lambda: is_web_ready(plan), ready_seconds=WEB_READY_SECONDS))
    say(banner(home, plan.url))


def once(plan: Plan, supervisor: Supervisor, name: str, argv: Argv, fine: Collection[int] = (0,)) -> None:
    """Raises: EmbeddedError when the command fails."""
    say(f"running {name}")
    code = supervisor.run(child(plan, name, argv))
    if code not in fine:
        raise EmbeddedError(f"{name} failed (exit code {code}); its last lines stand above")


def child(plan: Plan, name: str, argv: Argv, stop_steps: StopSteps = STOP_STEPS) -> Child:
    """A process of the product, in its folder and environment."""
    service = name if name in SERVICES else "command"
    environment = {**plan.environment, "OFMEMORY_SERVICE": service}
    return Child(name=name, argv=argv, env=environment, cwd=plan.base, stop_steps=stop_steps)


def is_web_ready(plan: Plan) -> bool:
    """Whether /health/ready answers 200. No proxy is asked, whatever the environment says."""
    connection = http.client.HTTPConnection(plan.host, plan.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
