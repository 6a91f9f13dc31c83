"""``kill -9`` at every point of an erasure; the sweep finishes it, and the result is the same."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connections

from memory import cache
from privacy.domain import ErasureStep, RequestStatus
from privacy.errors import Erased
from privacy.keys import keyring
from privacy.keys.models import Erasure
from privacy.models import AppliedErasure, DataRequest, Receipt
from privacy.services import receipts
from privacy.tasks import resume_erasures
from tests.privacy.erasure.support import FAN, PAIR, fill, rows_of, say
from tools import verify_receipt

pytestmark = pytest.mark.django_db(transaction=True)

BASE = Path(__file__).resolve().parents[3]
CHILD = Path(__file__).with_name("child.py")
PATIENCE_SECONDS = 60
POINTS = [
    *("approved", "tombstone", "in-rows", "receipt-uncommitted"),
    *(f"{when}:{step}" for step in ErasureStep for when in ("before", "after")),
]


def environment() -> dict[str, str]:
    """What a process must see to share this test's databases."""
    found = {**os.environ, "DJANGO_SETTINGS_MODULE": "ofmemory.settings.test", "PYTHONPATH": str(BASE)}
    for name, alias in (("DATABASE_URL", "default"), ("KEYS_DATABASE_URL", "keys")):
        parts = urlsplit(os.environ[name])
        found[name] = urlunsplit(parts._replace(path=f"/{connections[alias].settings_dict['NAME']}"))
    return found


@pytest.mark.parametrize("point", POINTS)
def test_killed_at(point):
    fill()
    command = [sys.executable, str(CHILD), point, PAIR.creator_id, PAIR.fan_id]
    process = subprocess.run(command, cwd=BASE, env=environment(), timeout=PATIENCE_SECONDS, check=False)
    assert process.returncode == -signal.SIGKILL

    finished = point == f"after:{ErasureStep.RECEIPT}"
    assert resume_erasures() == (0 if finished else 1)

    request = DataRequest.objects.get()
    assert (request.status, request.fan_id) == (RequestStatus.COMPLETED, "")
    assert not rows_of(PAIR)
    assert not cache.find_keys(PAIR)
    keyring.forget_all()
    assert keyring.count(PAIR) == 0
    entry = Erasure.objects.get()
    assert entry.id == request.id
    assert entry.completed_at
    assert AppliedErasure.objects.get().id == request.id
    facts = verify_receipt.check(receipts.file_of(Receipt.objects.get()))
    assert facts["erased"]["rows"]["fan_memories"] == 3
    verify_receipt.check_fan(facts, receipts.opening_of(request.id, PAIR).hex(), PAIR.creator_id, FAN)
    with pytest.raises(Erased):
        say()
    assert resume_erasures() == 0
