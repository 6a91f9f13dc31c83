"""While a hold stands nothing of the pair is destroyed, by whatever path; and no path was forgotten."""

import ast
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from memory.models import EmotionalState, EngagementMetrics, FanMemory
from memory.services.clearing import clear_memory
from ofmemory.errors import Conflict, InvalidInput, NotFound
from privacy.domain import Pair, Purpose, RequestKind
from privacy.errors import Erased, OnHold
from privacy.models import LegalHold, PendingAudit
from privacy.services import erasing, holds, processing, requests, retention
from tests.privacy.rights.support import DPO, OF_PAIR, PAIR, WITHDRAWN, decide, learn, recorded, say

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
MORE: dict[str, Any] = {"ground": "Art. 17(3)(e)", "review_on": date(2030, 1, 1), "actor": DPO}


def hold(fan_id: str = PAIR.fan_id, matter: str = "Miller v. Creator") -> LegalHold:
    return holds.place(creator_id=PAIR.creator_id, fan_id=fan_id, matter=matter, **MORE)


def test_a_hold_is_placed_and_released():
    assert not holds.is_held(PAIR)
    placed = hold()
    assert holds.is_held(PAIR)
    assert not holds.is_held(Pair("creator-1", "fan-2"))
    assert not holds.is_held(Pair("creator-2", "fan-1"))
    released = holds.release(placed.id, actor="user:8")
    assert (released.released_by, released.released_at is None) == ("user:8", False)
    assert not holds.is_held(PAIR)
    assert recorded() == ["hold.placed", "hold.released"]


def test_a_hold_of_a_creator_holds_every_fan():
    hold(fan_id="")
    assert holds.is_held(PAIR)
    assert holds.is_held(Pair("creator-1", "fan-2"))
    assert not holds.is_held(Pair("creator-2", "fan-1"))


def test_it_is_released_once():
    placed = hold()
    holds.release(placed.id, actor=DPO)
    with pytest.raises(Conflict):
        holds.release(placed.id, actor=DPO)
    with pytest.raises(NotFound):
        holds.release(FanMemory().id, actor=DPO)


def test_two_holds_must_both_be_released():
    first, second = hold(), hold()
    holds.release(first.id, actor=DPO)
    assert holds.is_held(PAIR)
    holds.release(second.id, actor=DPO)
    assert not holds.is_held(PAIR)


def test_a_hold_needs_a_matter():
    with pytest.raises(InvalidInput):
        hold(matter=" ")


def test_its_matter_is_sealed_and_the_log_does_not_hold_it():
    placed = hold(matter="canary-matter")
    with connection.cursor() as cursor:
        cursor.execute("SELECT matter FROM legal_holds")
        assert b"canary" not in bytes(cursor.fetchone()[0])
    assert LegalHold.objects.get(pk=placed.pk).matter == "canary-matter"
    assert "canary" not in str(list(PendingAudit.objects.values()))


def test_whoever_was_erased_can_not_be_held():
    say()
    erasing.erase_now(PAIR, requested_by=DPO, reason="test")
    with pytest.raises(Erased):
        hold()
    assert not EngagementMetrics.objects.exists()


def test_whoever_passed_the_guard_is_waited_for():
    """A hold that is in place binds: it can't be placed beside a destruction that found none."""
    with transaction.atomic():
        holds.guard(PAIR)
        assert not could_place()
    assert could_place()


def could_place() -> bool:
    """Return whether another session would get the lock that placing a hold takes."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [holds.number_of(PAIR.creator_id)])
            return bool(cursor.fetchone()[0])
    finally:
        other.close()


# ---- every path that destroys


def _age() -> None:
    EngagementMetrics.objects.update(last_interaction="2001-01-01T00:00:00Z")


def _cleanup() -> None:
    _age()
    done = retention.cleanup()
    assert (done.erased, done.held) == ([], [PAIR])


def _cleanup_command() -> None:
    _age()
    call_command("cleanup_memories")


def _execute_request() -> None:
    request = requests.open_request(RequestKind.ERASURE, PAIR, DPO)
    requests.approve(request.id, "user:8")
    with pytest.raises(OnHold):
        erasing.execute(request.id, DPO)
    assert erasing.resume() == 0


def _api_clear(service: Any, path: str) -> None:
    answer = service.delete(path)
    assert (answer.status_code, answer.json()["details"]) == (409, {"reason": "legal_hold"})


def _refused(destroy: Callable[[], Any]) -> None:
    with pytest.raises(OnHold):
        destroy()


def _withdraw() -> None:
    for purpose in processing.DERIVING:
        decide(purpose, WITHDRAWN)
    assert processing.carry_out_late() == 0


PATHS: dict[str, Callable[[Any], None]] = {
    "API family A": lambda service: _api_clear(service, "/api/onlyfans/memory/fan-1"),
    "API family B": lambda service: _api_clear(service, "/api/of-memory/clear?fanId=fan-1"),
    "clear_memory": lambda _: _refused(lambda: clear_memory(**OF_PAIR)),
    "erase_now": lambda _: _refused(lambda: erasing.erase_now(PAIR, requested_by=DPO, reason="test")),
    "request, and its sweep": lambda _: _execute_request(),
    "withdrawal of memory": lambda _: decide(Purpose.MEMORY, WITHDRAWN) and None,
    "withdrawal of purposes": lambda _: _withdraw(),
    "retention": lambda _: _cleanup(),
    "cleanup_memories": lambda _: _cleanup_command(),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fan_id", [PAIR.fan_id, ""], ids=["fan", "creator"])
def test_nothing_is_destroyed_under_a_hold(path, fan_id, service):
    say("kept")
    learn()
    hold(fan_id)
    PATHS[path](service)
    assert FanMemory.objects.get().message_content == "kept"
    assert EmotionalState.objects.exists()
    assert EngagementMetrics.objects.exists()


def test_erase_fan_is_refused(service):
    say("kept")
    hold()
    with pytest.raises((CommandError, SystemExit)) as refused:
        call_command("erase_fan", creator="creator-1", fan="fan-1", yes=True)
    assert getattr(refused.value, "returncode", None) == 3 or refused.value.args == (3,)
    assert FanMemory.objects.exists()


# Every place that deletes rows or removes keys, and why it needs no guard of its own; whatever is missing here must
# either call `holds.guard` or be added with its reason.
GUARDED = "behind holds.guard"
NOT_OF_FANS = "rows of nobody, or of staff"
COPIES = "copies whose time is over; what they were made of stays"
PLACES = {
    "privacy/services/pair_rows.py": GUARDED + ": erasing calls it after the guard, in the same transaction",
    "privacy/services/processing.py": GUARDED,
    "privacy/services/exporting.py": COPIES,
    "privacy/services/ledger.py": "takes back an entry whose erasure destroyed nothing",
    "privacy/keys/rows.py": GUARDED + ": erasing; retired keys seal nothing any more",
    "privacy/services/audit_chain.py": "entries on their way into the chain",
    "memory/store.py": "a row of counters, made anew from the rows that are there",
    "memory/services/idempotency.py": COPIES,
    "accounts/services/members.py": NOT_OF_FANS,
    "accounts/services/sessions.py": NOT_OF_FANS,
    "accounts/services/lost_devices.py": NOT_OF_FANS,
}
_CALLS = ("delete", "_raw_delete", "adelete")
_WORDS = ("DELETE FROM", "TRUNCATE ")


def _destroys(path: Path) -> bool:
    """Return whether the file calls ``.delete()`` or ``._raw_delete()``, or spells such SQL."""
    return any(_is_deleting_call(node) or _is_deleting_sql(node) for node in ast.walk(ast.parse(path.read_text())))


def _is_deleting_call(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr in _CALLS and not ast.unparse(node).startswith(("client(", "broker("))


def _is_deleting_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and any(w in node.value for w in _WORDS)


def _sources() -> Iterator[Path]:
    for room in ("accounts", "privacy", "memory", "ofmemory"):
        yield from (path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


def test_no_destructive_path_was_forgotten():
    found = {str(path.relative_to(ROOT)) for path in _sources() if _destroys(path)}
    assert found - PLACES.keys() == set(), "call holds.guard there, and say so in PLACES"
    assert PLACES.keys() - found == set(), "no longer there"


def test_what_says_it_is_guarded_is():
    for name, why in PLACES.items():
        if why == GUARDED:
            assert "holds.guard(" in (ROOT / name).read_text(), name
    assert "guard(pair)" in (ROOT / "privacy/services/erasing.py").read_text()


def test_the_admin_deletes_nothing_of_a_fan(db, make_user):
    from django.contrib import admin

    from accounts.models import User
    from privacy.registry import tables

    root = User.objects.create_superuser("root", password="x")
    request: Any = type("Request", (), {"user": root})()
    fans = {table.model for table in tables() if table.subject == "fan" and table.model._meta.app_label != "accounts"}
    allowed = [m for m, page in admin.site._registry.items() if m in fans and page.has_delete_permission(request)]
    assert allowed == []
