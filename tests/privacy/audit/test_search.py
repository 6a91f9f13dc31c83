"""What the data-protection officer asks the log; asking is in the log too."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from accounts.services.members import create_creator
from ofmemory.errors import InvalidInput
from ofmemory.infra.cache.client import client
from privacy.domain import Pair
from privacy.keys import keyring
from privacy.keys.models import DataKey
from privacy.models import AuditEntry, PendingAudit
from privacy.services.audit_chain import take_in
from privacy.services.audit_search import Accessed, Criteria, handle_of, list_accessed, search
from tests.privacy.audit.support import chain

pytestmark = pytest.mark.django_db

DPO = "user:9"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANNA, BEN, CARA = Pair("creator-1", "anna"), Pair("creator-1", "ben"), Pair("creator-2", "anna")
ALWAYS = {"since": NOON - timedelta(days=1), "until": NOON + timedelta(days=1)}


@pytest.fixture(autouse=True)
def _creators(db):
    for creator_id in ("creator-1", "creator-2"):
        create_creator(creator_id=creator_id)
    for pair in (ANNA, BEN, CARA):
        keyring.ensure(pair)
    # Without what the keyring told of that.
    client().flushdb()


def handle(pair: Pair) -> UUID:
    return UUID(bytes=keyring.ensure(pair).handle)


def access(*pairs: Pair, minute: int, actor: str = "user:1", action: str = "memory.read") -> None:
    """Have the log hold that somebody accessed fans of one creator some minutes after noon."""
    for pair in pairs:
        told = {"action": action, "actor": actor, "creator_id": pair.creator_id, "subject": handle(pair)}
        PendingAudit.objects.create(at=NOON + timedelta(minutes=minute), **told)
    take_in()


def minutes(**criteria) -> list[int]:
    """Return the minutes after noon of what is found, latest first."""
    page = search(by=DPO, criteria=Criteria(**criteria))
    return [round((entry.at - NOON).total_seconds() / 60) for entry in page.entries]


@pytest.fixture
def log():
    access(ANNA, minute=1)
    access(ANNA, BEN, minute=2)
    access(CARA, minute=3, actor="user:2")
    access(BEN, minute=4, actor="key:7", action="memory.written")


def test_by_fan(log):
    assert minutes(pair=ANNA) == [2, 1]
    assert minutes(pair=BEN) == [4, 2]
    assert minutes(pair=CARA) == [3]


def test_the_same_fan_id_at_another_creator_is_another_fan(log):
    assert handle_of(ANNA) != handle_of(CARA)


def test_a_fan_who_was_never_seen_or_was_erased(log):
    assert minutes(pair=Pair("creator-1", "nobody")) == []
    DataKey.objects.filter(handle=handle(ANNA)).delete()
    assert minutes(pair=ANNA) == []
    assert minutes(creator_id="creator-1") == [4, 2, 2, 1]


def test_by_actor_action_creator_and_period(log):
    assert minutes(actor="user:1") == [2, 2, 1]
    assert minutes(creator_id="creator-1", action="memory.written") == [4]
    assert minutes(creator_id="creator-2") == [3]
    assert minutes(pair=BEN, actor="user:1") == [2]
    period = {"since": NOON + timedelta(minutes=2), "until": NOON + timedelta(minutes=4)}
    assert minutes(**period) == [3, 2, 2]
    assert minutes(**period, actor="user:2") == [3]


@pytest.mark.parametrize("criteria", [{}, {"action": "memory.read"}, {"since": NOON}, {"until": NOON}])
def test_it_is_not_read_from_end_to_end(criteria):
    with pytest.raises(InvalidInput):
        search(by=DPO, criteria=Criteria(**criteria))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_show_each_entry_once(limit):
    access(ANNA, ANNA, ANNA, minute=1)
    access(BEN, ANNA, minute=2)
    access(ANNA, BEN, minute=3)
    seen, after = [], None
    while True:
        page = search(by=DPO, criteria=Criteria(actor="user:1"), after=after, limit=limit)
        assert 0 < len(page.entries) <= limit
        seen += page.entries
        after = page.after
        if after is None:
            break
    assert [entry.position for entry in seen] == [7, 6, 5, 4, 3, 2, 1]


def test_a_page_has_bounds(log):
    assert len(search(by=DPO, criteria=Criteria(actor="user:1"), limit=0).entries) == 1
    assert len(search(by=DPO, criteria=Criteria(actor="user:1"), limit=10**9).entries) == 3


def test_a_search_is_in_the_log(log):
    minutes(pair=BEN, actor="user:1", since=NOON)
    take_in()
    told = chain()[-1]
    assert (told.action, told.actor, told.creator_id, told.subject) == ("audit.searched", DPO, "creator-1", handle(BEN))
    assert told.details == {"ofActor": "user:1", "since": NOON.isoformat(), "byFan": True, "count": 1}


def test_a_search_for_an_unknown_fan_is_in_the_log_without_their_id():
    minutes(pair=Pair("creator-1", "nobody"))
    take_in()
    told = chain()[-1]
    assert (told.subject, told.details) == (None, {"byFan": True, "count": 0})


# ---- after a breach


def test_whose_data_an_actor_accessed(log):
    found = list_accessed(by=DPO, actor="user:1", candidates=[ANNA, CARA, Pair("creator-1", "nobody")], **ALWAYS)
    one, two = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
    assert sorted(found, key=lambda item: -item.count) == [
        Accessed("creator-1", handle(ANNA), ANNA, 2, one, two),
        Accessed("creator-1", handle(BEN), None, 1, two, two),
    ]


def test_whose_data_anybody_accessed(log):
    def found(**asked):
        return {item.handle for item in list_accessed(by=DPO, **{**ALWAYS, **asked})}

    assert found() == {handle(ANNA), handle(BEN), handle(CARA)}
    assert found(creator_id="creator-2") == {handle(CARA)}
    assert found(actions=["memory.written"]) == {handle(BEN)}
    assert found(since=NOON + timedelta(minutes=3)) == {handle(BEN), handle(CARA)}
    assert found(until=NOON + timedelta(minutes=2)) == {handle(ANNA)}
    assert found(until=NOON) == set()


def test_the_question_after_a_breach_is_in_the_log(log):
    list_accessed(by=DPO, actor="user:1", **ALWAYS)
    take_in()
    told = AuditEntry.objects.get(action="audit.accesses_listed")
    period = {name: at.isoformat() for name, at in ALWAYS.items()}
    assert (told.actor, told.details) == (DPO, {"ofActor": "user:1", **period, "byFan": False, "count": 2})
