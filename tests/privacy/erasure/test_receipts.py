"""What a receipt shows: right by the offline checker, about this fan, and naming nobody."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
import time_machine

from ofmemory.errors import NotFound
from ofmemory.infra.ids import uuid7
from privacy.domain import RequestKind
from privacy.models import Receipt
from privacy.services import erasing, receipts, requests
from tests.privacy.erasure.support import DPO, FAN, NAMESAKE, PAIR, SECOND, erase, fill
from tools import verify_receipt

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


def facts_of(request):
    return verify_receipt.check(receipts.file_of(receipts.get_receipt(request.id)), receipts.public_key().hex())


def test_the_checker_reads_it():
    fill()
    facts = facts_of(erase(PAIR))
    assert facts["creatorId"] == PAIR.creator_id
    assert facts["erased"]["rows"]["fan_memories"] == facts["plan"]["rows"]["fan_memories"] == 3
    assert facts["keysDestroyed"] == 1
    assert facts["verification"]["result"] == "nothing found"
    assert facts["verification"]["textSearched"] is True
    assert not any(facts["verification"]["remaining"].values())
    assert {"rows:fan_memories", "text:audit_pending", "redis:memory:context", "queue:celery", "keys:data_keys"} <= set(
        facts["verification"]["remaining"]
    )


def test_it_names_nobody():
    fill()
    assert FAN.encode() not in receipts.file_of(receipts.get_receipt(erase(PAIR).id))


def test_who_has_the_opening_can_show_whom_it_is_about():
    fill()
    request = erase(PAIR)
    opening = receipts.opening_of(request.id, PAIR)
    verify_receipt.check_fan(facts_of(request), opening.hex(), *_ids(PAIR))
    assert receipts.commitment(opening, PAIR).hex() == facts_of(request)["commitment"]
    with pytest.raises(verify_receipt.WrongError):
        verify_receipt.check_fan(facts_of(request), opening.hex(), *_ids(NAMESAKE))
    assert receipts.opening_of(request.id, NAMESAKE) != opening != receipts.opening_of(uuid7(), PAIR)


def _ids(pair):
    return pair.creator_id, pair.fan_id


def test_parts_can_not_be_moved_from_one_id_into_the_other():
    one, other = (receipts.commitment(b"\0" * 32, type(PAIR)(*ids)) for ids in (("ab", "c"), ("a", "bc")))
    assert one != other


def test_who_did_what_and_when():
    fill()
    with time_machine.travel(NOW, tick=False):
        request = requests.open_request(RequestKind.ERASURE, PAIR, DPO, received_at=NOW - timedelta(hours=30))
        requests.confirm_identity(request.id, "e-mail", "fan@example.com", DPO)
        requests.approve(request.id, SECOND)
        facts = facts_of(erasing.execute(request.id, "user:third"))
    people = ("requestedBy", "identifiedBy", "identityMethod", "approvedBy", "executedBy")
    assert [facts[name] for name in people] == [DPO, DPO, "e-mail", SECOND, "user:third"]
    assert datetime.fromisoformat(facts["receivedAt"]) == NOW - timedelta(hours=30)
    assert facts["approvedAt"] <= facts["startedAt"] <= facts["executedAt"] <= facts["verifiedAt"]
    assert b"example.com" not in bytes(Receipt.objects.get().body)


def test_until_when_there_may_be_copies(settings):
    settings.BACKUP_RETENTION_DAYS, settings.KEYS_BACKUP_RETENTION_DAYS, settings.KEYRING_SECONDS = 35, 7, 300
    fill()
    with time_machine.travel(NOW, tick=False):
        copies = facts_of(erase(PAIR))["copies"]
    assert copies["backupsUntil"] == (NOW + timedelta(days=35)).date().isoformat()
    assert copies["keyBackupsUntil"] == (NOW + timedelta(days=7)).date().isoformat()
    assert datetime.fromisoformat(copies["processMemoryUntil"]) == NOW + timedelta(seconds=300)


def test_what_is_kept_is_named():
    fill()
    assert facts_of(erase(PAIR))["preserved"] == [
        {"store": "erasures", "rows": 1, "ground": "Art. 6(1)(c): a keyed digest refuses what comes late."}
    ]


def test_there_is_none_before_it_is_done():
    request = requests.open_request(RequestKind.ERASURE, PAIR, DPO)
    with pytest.raises(NotFound):
        receipts.get_receipt(request.id)


def test_the_bytes_are_those_that_were_signed():
    fill()
    receipt = receipts.get_receipt(erase(PAIR).id)
    assert receipts.canonical(orjson.loads(receipt.body)) == bytes(receipt.body)
    assert verify_receipt.canonical(orjson.loads(receipt.body)) == bytes(receipt.body)
