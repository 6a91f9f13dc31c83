"""Pytest plugin: the embedded PostgreSQL and Redis behind the whole run.

Loaded with ``-p`` so that it comes before pytest-django reads the settings. The run's first process starts the servers;
parallel workers find their addresses in the environment and take a Redis database each. Servers given by
``DATABASE_URL`` and ``REDIS_URL`` are used instead.
"""

import os
import re
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from ofmemory.embedded.servers import temporary_servers

_running = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, Any, Any]:
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _take_database_of_worker(int(worker.removeprefix("gw")))
    elif not os.environ.get("DATABASE_URL"):
        _start()
    return (yield)


def pytest_unconfigure() -> None:
    _running.close()


def environment_of_a_process() -> dict[str, str]:
    """Return what a process of the product must see to share the databases of this test process."""
    from django.db import connections

    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ofmemory.settings.test"}
    for name, alias in (("DATABASE_URL", "default"), ("KEYS_DATABASE_URL", "keys")):
        parts = urlsplit(os.environ[name])
        environment[name] = urlunsplit(parts._replace(path=f"/{connections[alias].settings_dict['NAME']}"))
    return environment


def _start() -> None:
    servers = _running.enter_context(temporary_servers())
    os.environ |= {
        "OFMEMORY_HOME": str(servers.home),
        "DATABASE_URL": servers.database_url,
        "KEYS_DATABASE_URL": servers.keys_database_url,
        "REDIS_URL": servers.redis_url,
        "BROKER_URL": servers.broker_url,
    }


def _take_database_of_worker(number: int) -> None:
    for name in ("REDIS_URL", "BROKER_URL"):
        address, found = re.subn(r"(db=|virtual_host=|:\d+/)\d+", rf"\g<1>{number % 16}", os.environ[name])
        assert found, f"{name} must say which database, as in redis://host:6379/0"
        os.environ[name] = address
