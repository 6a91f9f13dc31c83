"""Erasing while others write, export, import and erase the same fan (experiment F21)."""

from functools import partial

import orjson
import pytest
from django.db import connections

from accounts.models import Creator
from memory import cache
from memory.services.exporting import export_memory
from memory.services.importing import import_history
from ofmemory.errors import NotFound
from privacy.domain import RequestStatus
from privacy.errors import Erased
from privacy.keys import keyring
from privacy.models import DataRequest
from privacy.services.requests import find_open_erasure
from tests.memory.support import CREATOR, at_once, minute
from tests.privacy.erasure.support import FAN, OTHER, PAIR, erase, fill, rows_of, say

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, BATCH = 50, 25


def closing(work):
    """Close this thread's connection to the keys database too."""
    try:
        return work()
    finally:
        connections.close_all()


def outcome(work):
    try:
        work()
    except Erased:
        return "erased"
    return "stored"


def nothing_is_left():
    keyring.forget_all()
    return not rows_of(PAIR) and keyring.count(PAIR) == 0 and not cache.find_keys(PAIR)


@pytest.mark.parametrize("known", [True, False], ids=["known fan", "new fan"])
def test_fifty_writers(known):
    if known:
        fill()
    writers = [partial(closing, partial(outcome, partial(say, timestamp=minute(100 + n)))) for n in range(WRITERS)]
    works = [*writers[:BATCH], partial(closing, partial(erase, PAIR)), *writers[BATCH:]]
    outcomes = at_once(*works)
    request = outcomes.pop(BATCH)
    assert request.status == RequestStatus.COMPLETED
    assert set(outcomes) <= {"erased", "stored"}
    assert nothing_is_left()
    with pytest.raises(Erased):
        say()


def test_four_at_once_are_one():
    fill()
    requests = at_once(*[partial(closing, partial(erase, PAIR))] * 4)
    assert {request.status for request in requests} == {RequestStatus.COMPLETED}
    assert nothing_is_left()
    # Who came while it was under way was told of the same request; who came after it had one of their own.
    assert DataRequest.objects.count() == len({request.id for request in requests})
    assert find_open_erasure(PAIR) is None


def test_while_it_is_exported():
    fill()

    def exported():
        try:
            return len(export_memory(fan_id=FAN, creator_id=CREATOR)["messages"])
        except NotFound:
            return 0

    *counts, _ = at_once(*[partial(closing, exported)] * 4, partial(closing, partial(erase, PAIR)))
    # All of one instant, or nothing; never a half.
    assert set(counts) <= {0, 3}
    assert nothing_is_left()


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_import_leaves_out_who_was_erased(tmp_path, dry_run):
    Creator.objects.create(id=CREATOR)
    fill()
    erase(PAIR)
    file = tmp_path / "history.jsonl"
    row = {"type": "message", "content": "hi", "sender": "fan"}
    fans = [OTHER.fan_id, FAN, OTHER.fan_id, FAN]
    rows = [{**row, "fanId": fan, "timestamp": minute(n).isoformat()} for n, fan in enumerate(fans)]
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    told = []
    imported = import_history(creator_id=CREATOR, path=file, on_rejected=told.append, dry_run=dry_run)
    assert (imported.created, imported.rejected) == (2, 2)
    assert [(said.line, said.field) for said in told] == [(2, "fanId"), (4, "fanId")]
    assert "erased" in told[0].reason
    assert nothing_is_left()
