"""Is what was set what was meant? Names, secrets, and what must hold before a server goes live."""

import difflib
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok, warn
from ofmemory.settings import env
from ofmemory.settings.names import known_names, present_names

# Names that begin like ours, and what others put there: Kubernetes says where services are, boto3 and Vault have many.
_OURS: Final = (
    "OFMEMORY_",
    "RATE_LIMIT_",
    "JWT_",
    "KEYRING_",
    "ERASURE_",
    "AUDIT_",
    "LEARNING_",
    "DATABASE_",
    "REDIS_",
)
_OF_OTHERS: Final = re.compile(r"^(AWS|VAULT|OTEL|PROMETHEUS)_|_SERVICE_(HOST|PORT)|_PORT(_\d+_.*)?$")
_SIMILAR: Final = 0.84
_SHORTEST: Final = 6
_LEAST_SECRET, _LEAST_PASSWORD, _LEAST_DIFFERENT = 50, 12, 8
_GUESSED: Final = frozenset({"password", "postgres", "ofmemory", "secret", "changeme", "admin", "redis"})


@examines("settings")
def names() -> Iterator[Finding]:
    """A name that nobody reads is a setting that silently has its default."""
    found = list(_misspelt(known_names(), present_names()))
    yield from found or [ok(f"{len(known_names() & present_names())} of ours are set, none is misspelt")]


def _misspelt(known: frozenset[str], present: frozenset[str]) -> Iterator[Finding]:
    for name in sorted(present - known):
        if len(name) < _SHORTEST or _OF_OTHERS.search(name):
            continue
        near = difflib.get_close_matches(name.upper(), known - present, n=1, cutoff=_SIMILAR)
        if near or name.startswith(_OURS):
            meant = f"Did you mean {near[0]}? " if near else ""
            yield warn(
                f"{name} is set, and nobody reads a setting of that name",
                "The setting that was meant has its default instead.",
                f"{meant}docs/configuration.md lists all of them.",
            )


@examines("production")
def production() -> Iterator[Finding]:
    """Everything that Django and the rooms check before a deployment."""
    if settings.DEMO_ENABLED:
        yield warn(
            "these are not the settings of production",
            "Cookies go over plain HTTP, and demo accounts with a published password can be made and used.",
            "In production set DJANGO_SETTINGS_MODULE=ofmemory.settings.production.",
        )
        yield from map(_from_django, checks.run_checks(tags=[checks.Tags.security]))
        return
    problems = checks.run_checks(include_deployment_checks=True)
    yield from map(_from_django, problems)
    if not problems:
        yield ok("the settings of production, and nothing to say against them")


def _from_django(message: CheckMessage) -> Finding:
    level = fail if message.level >= checks.ERROR else warn
    why = f"manage.py check --deploy says so ({message.id})."
    return level(" ".join(str(message.msg).split()), why, str(message.hint or "See docs/deployment.md."))


@examines("secrets")
def secrets() -> Iterator[Finding]:
    """Secrets that can be guessed. None is shown."""
    found = [*_secret_key(), *_passwords()]
    yield from found or [ok("long enough, and none that is often tried")]


def _secret_key() -> Iterator[Finding]:
    key = settings.SECRET_KEY
    # The one that `make run` makes is random and has 43 characters.
    if "SECRET_KEY" in present_names() and (len(key) < _LEAST_SECRET or len(set(key)) < _LEAST_DIFFERENT):
        yield fail(
            f"SECRET_KEY has {len(key)} characters, {len(set(key))} of them different",
            "Whoever guesses it signs sessions and tokens as anybody.",
            'python -c "import secrets; print(secrets.token_urlsafe(50))" makes one; changing it logs everybody out.',
        )


def _passwords() -> Iterator[Finding]:
    for name, url in (
        ("DATABASE_URL", env.DATABASE_URL),
        ("KEYS_DATABASE_URL", env.KEYS_DATABASE_URL),
        ("REDIS_URL", env.REDIS_URL),
        ("BROKER_URL", env.BROKER_URL),
    ):
        parts = urlsplit(url)
        if not parts.hostname:
            continue  # a socket in a folder: who may open it is a matter of the folder
        password = parts.password or ""
        if not password and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            yield warn(
                f"{name} has no password",
                "Whoever reaches the port reads and writes everything, unless certificates or the network forbid it.",
                "Give the server a password and put it into the address, or restrict who reaches it.",
            )
        elif password and (len(password) < _LEAST_PASSWORD or password.lower() in _GUESSED):
            yield warn(
                f"the password in {name} has {len(password)} characters",
                "Short passwords of databases are guessed in minutes.",
                "Set a random one of 20 or more characters, at the server and here.",
            )
