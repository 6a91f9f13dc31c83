"""What the tests of the audit log share."""

import importlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from accounts.services.members import create_creator, list_creator_ids
from ofmemory.infra.cache import client as redis_client
from privacy.models import AuditEntry
from privacy.services import audit
from privacy.services.audit_chain import take_in

ACTOR = "user:1"
NOWHERE = "unix:///nowhere/redis.sock"
append_only = importlib.import_module("privacy.migrations.0002_append_only")


def handles(count: int) -> list[uuid.UUID]:
    return [uuid.UUID(int=n + 1) for n in range(count)]


def told(count: int = 3) -> list[AuditEntry]:
    """Have a chain of ``count`` entries: the first of a change, with details; the others of reads."""
    if "creator-1" not in list_creator_ids():
        create_creator(creator_id="creator-1")
    audit.record("erasure.completed", actor=ACTOR, details={"rows": 3, "b": 1.50, "a": [None, "é\U0001f600"]})
    assert take_in() == 1
    audit.note("creator-1", "memory.read", "key:7", [subject.bytes for subject in handles(count - 1)])
    assert take_in() == count - 1
    return chain()


def chain() -> list[AuditEntry]:
    return list(AuditEntry.objects.order_by("position"))


def gaps() -> list[dict]:
    return [entry.details for entry in chain() if entry.action == "audit.gap"]


def tamper(sql: str, params: Sequence[object] = ()) -> None:
    """Do what only the owner of the database can: change the chain with its triggers switched off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        cursor.execute(sql, params)
        cursor.execute("ALTER TABLE audit_entries ENABLE TRIGGER USER")


def without_redis(settings) -> AbstractContextManager[None]:
    """Let the block find no Redis."""
    return _redis_at(NOWHERE, settings)


@contextmanager
def without_command(name: str, settings) -> Iterator[None]:
    """Let the block find a Redis that refuses a command."""
    user = f"without-{name}-{os.getpid()}"
    redis_client.client().acl_setuser(user, enabled=True, nopass=True, keys=["*"], commands=["+@all", f"-{name}"])
    parts = urlsplit(settings.REDIS_URL)
    with _redis_at(urlunsplit(parts._replace(netloc=f"{user}:any@{parts.netloc}")), settings):
        yield
    redis_client.client().acl_deluser(user)


@contextmanager
def _redis_at(url: str, settings) -> Iterator[None]:
    alive = settings.REDIS_URL
    settings.REDIS_URL = url
    redis_client.forget_connections()
    try:
        yield
    finally:
        settings.REDIS_URL = alive
        redis_client.forget_connections()
