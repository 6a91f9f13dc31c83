"""What is tried: one row an experiment. `not_run` says what is not, and why."""

from dataclasses import dataclass, field
from typing import Final

from tests.chaos.check import Limits
from tests.chaos.nemesis import Spec
from tests.chaos.stack import Shape

# How long after everything runs again requests may still fail. The breaker of the database tries again after a while.
DATABASE_SECONDS: Final = 65.0
WEB_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """One thing that is tried.

    Args:
        what: in words.
        passes: what has to hold beside the rules that always hold.
        faults: one round of them; repeated while there is time.
        mix: of the clients' operations.
        once: one round only; it cannot be done twice.
        scenario: a function of `scenarios.py` that runs beside the load.
    """

    id: str
    what: str
    passes: str
    faults: tuple[Spec, ...] = ()
    limits: Limits = field(default_factory=Limits)
    shape: Shape = field(default_factory=Shape)
    mix: str = "mixed"
    scenario: str = ""
    once: bool = False


def _kill(target: str, after: float = 4.0) -> Spec:
    return Spec("kill", after, 0.0, {"target": target})


def _freeze(target: str, seconds: float) -> Spec:
    return Spec("freeze", 4.0, seconds, {"target": target})


def _network(target: str, seconds: float, **behaviour: float | bool) -> Spec:
    return Spec("network", 3.0, seconds, {"target": target, **behaviour})


_DATABASE = Limits(recovery_seconds=DATABASE_SECONDS)
_NO_ERROR = Limits(errors="none", recovery_seconds=0.0)
_WEB = Limits(recovery_seconds=WEB_SECONDS)

EXPERIMENTS: Final = {
    one.id: one
    for one in (
        Experiment(
            "S00",
            "a little of everything: kills, freezes, a cut network, a cache that forgets",
            "the rules that always hold",
            (
                _kill("web-worker", 1.0),
                _kill("worker", 1.0),
                _freeze("redis-cache", 1.5),
                Spec("flushall", 1.0, 0.0, {"target": "cache"}),
                _kill("redis-cache", 1.0),
                _kill("redis-broker", 1.0),
                _kill("postgres", 2.0),
                _network("postgres", 2.0, absent=True),
                _freeze("postgres", 2.0),
            ),
            _DATABASE,
        ),
        Experiment(
            "F01", "kill -9 of a web worker", "no error but of what it was answering", (_kill("web-worker", 7.0),), _WEB
        ),
        Experiment(
            "F02", "kill -9 of a web server's master", "the other server answers; back by itself", (_kill("web"),), _WEB
        ),
        Experiment(
            "F03",
            "kill -9 of a Celery child, a whole worker, the scheduler",
            "no request fails; each interaction is learnt from exactly once",
            (_kill("celery-child"), _kill("worker"), _kill("beat")),
            _NO_ERROR,
        ),
        Experiment(
            "F04", "kill -9 of the postmaster", "nothing acknowledged is lost", (_kill("postgres", 6.0),), _DATABASE
        ),
        Experiment(
            "F05", "kill -9 of one backend", "PostgreSQL restarts; requests go on", (_kill("backend", 6.0),), _DATABASE
        ),
        Experiment(
            "F06",
            "SIGSTOP of PostgreSQL for 6 s",
            "every answer by its deadline",
            (_freeze("postgres", 6.0),),
            _DATABASE,
        ),
        Experiment(
            "F06L",
            "SIGSTOP of PostgreSQL for 60 s",
            "every answer by its deadline",
            (_freeze("postgres", 60.0),),
            _DATABASE,
        ),
        Experiment(
            "F07",
            "PostgreSQL slow: 50, 200, 1,000 ms a packet; deaf; absent; connections cut",
            "every answer by its deadline",
            (
                _network("postgres", 6.0, latency_seconds=0.05),
                _network("postgres", 6.0, latency_seconds=0.2),
                _network("postgres", 6.0, latency_seconds=1.0),
                _network("postgres", 6.0, deaf=True),
                _network("postgres", 6.0, absent=True),
                Spec("cut", 3.0, 0.0, {"target": "postgres"}),
            ),
            _DATABASE,
        ),
        Experiment(
            "F08",
            "every connection of PostgreSQL taken",
            "503 with Retry-After, never 500",
            (Spec("no_connections", 4.0, 6.0),),
            _DATABASE,
        ),
        Experiment(
            "F09",
            "a table locked by somebody for 10 s; a transaction forgotten with every row locked",
            "503 or 504 by the deadline",
            (Spec("table_lock", 4.0, 10.0), Spec("forgotten_transaction", 4.0, 10.0)),
            _DATABASE,
        ),
        Experiment(
            "F10",
            "failover: the primary killed, its synchronous standby promoted",
            "nothing acknowledged is lost; no write reaches the old primary",
            (Spec("failover", 4.0, 2.0, {"target": "postgres"}),),
            _DATABASE,
            Shape(second_worker=False, web_servers=1),
            once=True,
        ),
        Experiment(
            "F11",
            "PostgreSQL's disk full for 8 s",
            "nothing acknowledged is lost; back once there is room",
            (Spec("full_disk", 6.0, 8.0),),
            Limits(recovery_seconds=DATABASE_SECONDS),
            Shape(disk_mb=400),
        ),
        Experiment(
            "F13",
            "cache: kill -9, SIGSTOP, +200 ms, absent, FLUSHALL, wrong types, out of memory",
            "no request fails, no answer is wrong",
            (
                _kill("redis-cache"),
                _freeze("redis-cache", 4.0),
                _network("cache", 5.0, latency_seconds=0.2),
                _network("cache", 5.0, absent=True),
                _network("cache", 5.0, deaf=True),
                Spec("flushall", 3.0, 0.0, {"target": "cache"}),
                Spec("wrong_types", 3.0),
                Spec("full_cache", 3.0, 5.0),
            ),
            _NO_ERROR,
        ),
        Experiment(
            "F14",
            "broker: kill -9, SIGSTOP, absent while 1,000 interactions are saved, FLUSHALL",
            "no request fails; everything is learnt from within 60 s",
            (
                _kill("redis-broker"),
                _freeze("redis-broker", 4.0),
                _network("broker", 10.0, absent=True),
                Spec("flushall", 0.5, 0.0, {"target": "broker"}),
            ),
            _NO_ERROR,
            mix="saves",
            scenario="unqueued",
        ),
        Experiment(
            "F18",
            "clock of the product: 2 h ahead, then 2 h behind, under load",
            "no request fails; nothing erased or expired early",
            (Spec("clock", 4.0, 6.0, {"offset_seconds": 7200}), Spec("clock", 4.0, 6.0, {"offset_seconds": -7200})),
            Limits(errors="none", recovery_seconds=0.0, ordered=False),
            Shape(false_clock=True, second_worker=False),
        ),
        Experiment(
            "F19",
            "poison messages: unknown task, wrong arguments, pickle, no JSON, 5 MB, no number",
            "the worker goes on; learning goes on",
            (Spec("poison", 4.0),),
            _NO_ERROR,
        ),
        Experiment(
            "F20",
            "events four times each, shuffled, from four sides, three days late",
            "the same as of a fan whose events came once and in order",
            (),
            _NO_ERROR,
            scenario="replays",
        ),
        Experiment(
            "F21",
            "a fan erased, twice at once, while six write, one calibrates, one exports",
            "after the answer nothing can be read and no row is left",
            (),
            _NO_ERROR,
            scenario="erasing_races",
        ),
        Experiment(
            "F22",
            "a fan calibrated from six sides at once while it is written to",
            "each is done or told when to come back; learnt from once",
            (),
            Limits(errors="any"),
            scenario="calibrating_together",
        ),
        Experiment(
            "F23",
            "no fault at all: writes and reads of two servers with two processes each",
            "nobody reads the past",
            (),
            _NO_ERROR,
        ),
        Experiment(
            "F24",
            "rolling restart: SIGTERM of each web server, worker and scheduler in turn",
            "no request fails that another server could answer",
            (
                Spec("terminate", 4.0, 0.0, {"target": "web"}),
                Spec("terminate", 4.0, 0.0, {"target": "web2"}),
                Spec("terminate", 2.0, 0.0, {"target": "worker"}),
                Spec("terminate", 2.0, 0.0, {"target": "beat"}),
            ),
            _WEB,
        ),
        Experiment(
            "F25",
            "no file descriptors left in the web workers for 6 s",
            "back by themselves",
            (Spec("few_files", 4.0, 6.0),),
            _WEB,
        ),
    )
}

SMOKE: Final = ("S00",)
ALL: Final = tuple(name for name in EXPERIMENTS if name not in SMOKE)
