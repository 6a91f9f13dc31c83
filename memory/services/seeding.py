"""The demo: accounts, personas, a history for forty fans, and a key to try the API with."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from accounts.services.demo import (
    demo_accounts_exist,
    ensure_demo_accounts,
    is_demo_key,
    only_demo_creators,
    replace_demo_key,
)
from memory.demo.cast import CREATORS, FANS, PINNED, PINNED_FAN, DemoCreator
from memory.demo.script import interactions_of
from memory.models import CreatorPersona
from memory.services.import_batches import Report
from memory.services.import_runs import is_finished
from memory.services.importing import digest_of_name, import_reports
from memory.services.personas import set_persona
from memory.services.preferences import get_preferences, update_preferences
from ofmemory.embedded.locations import give_to_keeper
from ofmemory.errors import Forbidden, NotFound

KEY_FILE = "demo-api-key"
HISTORY = "ofmemory demo history"
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many interactions were made; ``skipped`` says why nothing was looked at."""

    created: int = 0
    skipped: str = ""


def seed_demo(*, home: Path, now: datetime, only_if_empty: bool = False) -> Seeded:
    """Make what is missing of the demo; what is there stays as it is.

    Args:
        home: the folder for the file with the key.
        now: the conversations end shortly before.
        only_if_empty: do nothing where somebody has creators of their own, or the demo is complete.

    Raises:
        Forbidden: DEMO_ENABLED is off.
        Conflict: an account of the demo's name exists and is somebody's own; nothing was made.
    """
    if not settings.DEMO_ENABLED:
        raise Forbidden
    if only_if_empty and not only_demo_creators():
        return Seeded(skipped="There are creators already.")
    if only_if_empty and _is_complete(home):
        return Seeded(skipped="The demo is there already.")
    ensure_demo_accounts({creator.id: creator.name for creator in CREATORS})
    for creator in CREATORS:
        _ensure_persona(creator)
    created = sum(_ensure_history(creator.id, now) for creator in CREATORS)
    _ensure_pinned()
    _ensure_key(home)
    return Seeded(created)


def _is_complete(home: Path) -> bool:
    # A history that was finished counts even if a fan was erased since: erased means gone.
    return (
        demo_accounts_exist([creator.id for creator in CREATORS])
        and all(is_finished(creator.id, digest_of_name(HISTORY)) for creator in CREATORS)
        and is_demo_key(_kept_key(home), CREATORS[0].id)
    )


def _ensure_history(creator_id: str, now: datetime) -> int:
    if is_finished(creator_id, digest_of_name(HISTORY)):
        return 0
    return import_reports(creator_id=creator_id, name=HISTORY, reports=_reports(creator_id, now)).created


def _reports(creator_id: str, now: datetime) -> Iterator[Report]:
    line = 0
    for fan in FANS:
        for said in interactions_of(fan, now) if fan.creator_id == creator_id else []:
            line += 1
            yield Report(line, fan.id, said)


def _ensure_persona(creator: DemoCreator) -> None:
    if CreatorPersona.objects.filter(creator_id=creator.id).exists():
        return
    traits = {
        "tone": creator.tone,
        "emoji_frequency": creator.emoji_frequency,
        "message_length_preference": creator.message_length,
        "punctuation_style": creator.punctuation,
        "preferred_emojis": list(creator.emojis),
        "response_speed": creator.response_speed,
    }
    set_persona(creator_id=creator.id, traits=traits)


def _ensure_pinned() -> None:
    creator_id = CREATORS[0].id
    try:
        pinned = get_preferences(fan_id=PINNED_FAN, creator_id=creator_id)["pinned"]
    except NotFound:  # erased since
        return
    if not any(pinned.values()):
        update_preferences(fan_id=PINNED_FAN, creator_id=creator_id, patch=PINNED)


def _ensure_key(home: Path) -> None:
    creator_id = CREATORS[0].id
    if not is_demo_key(_kept_key(home), creator_id):
        _keep_key(home, replace_demo_key(creator_id))


def _kept_key(home: Path) -> str:
    try:
        with (home / KEY_FILE).open(encoding="ascii") as file:
            return file.read(_LONGEST_KEY).strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _keep_key(home: Path, key: str) -> None:
    """Write the key so that the file appears complete or not at all, and is nobody else's to read."""
    home.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=home, prefix=f".{KEY_FILE}-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{key}\n")
            file.flush()
            os.fsync(descriptor)
        give_to_keeper(home, Path(draft))
        Path(draft).replace(home / KEY_FILE)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
