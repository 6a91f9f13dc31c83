"""Erasing by age, and what happens when somebody asks for the same fan."""

from datetime import UTC, datetime, timedelta

import pytest

from privacy.domain import RequestKind, RequestStatus
from privacy.errors import Erased, OnHold
from privacy.keys.models import Erasure
from privacy.models import PendingAudit
from privacy.services import erasing, holds, requests
from privacy.services.erasure_steps import RETENTION
from privacy.tasks import resume_erasures
from tests.memory.support import minute
from tests.privacy.erasure.support import DPO, FAN, OTHER, PAIR, erase, fill, rows_of, say
from tests.privacy.erasure.test_leftovers import note

pytestmark = pytest.mark.django_db(transaction=True)
SINCE = minute(1000)


def begun():
    return erasing.begin(PAIR, requested_by=requests.RETENTION_ACTOR, reason=RETENTION, inactive_since=SINCE)


def test_who_is_silent_is_erased_and_may_come_back():
    fill()
    assert erasing.erase_inactive(PAIR, SINCE)
    assert not rows_of(PAIR)
    say()


def test_who_is_not_is_kept():
    fill()
    assert not erasing.erase_inactive(PAIR, minute(3))
    assert not erasing.erase_inactive(OTHER, SINCE)
    assert rows_of(PAIR)


def test_what_a_person_asked_for_goes_its_own_way():
    fill()
    request = requests.open_request(RequestKind.ERASURE, PAIR, DPO)
    assert not erasing.erase_inactive(PAIR, SINCE)
    assert requests.get_request(request.id).status == RequestStatus.RECEIVED


def test_asked_for_meanwhile_it_forbids():
    fill()
    request = begun()
    assert erase(PAIR).id == request.id
    assert Erasure.objects.get().lifted_at is None
    with pytest.raises(Erased):
        say()


def test_no_second_approver_is_needed(settings):
    settings.ERASURE_SECOND_APPROVER = True
    fill()
    assert erasing.erase_inactive(PAIR, SINCE)


def test_what_was_found_again_is_no_reason_to_stop():
    """After the rows are gone the fan is not active, and not inactive either."""
    fill()
    note(FAN)
    request = erasing.execute(begun().id, requests.RETENTION_ACTOR)
    assert request.status == RequestStatus.EXECUTING
    PendingAudit.objects.filter(action="test.noted").delete()
    assert resume_erasures() == 1
    say()


def test_a_hold_that_comes_after_the_rows_went():
    """What is destroyed is destroyed: the ledger goes on forbidding, and the rest waits."""
    fill()
    note(FAN)
    request = erase(PAIR)
    hold = holds.place(
        creator_id=PAIR.creator_id, matter="m", ground="g", review_on=datetime.now(UTC).date(), actor=DPO
    )
    with pytest.raises(OnHold):
        erasing.execute(request.id, DPO)
    assert requests.get_request(request.id).status == RequestStatus.BLOCKED
    assert Erasure.objects.get().lifted_at is None
    with pytest.raises(Erased):
        say(timestamp=datetime.now(UTC) - timedelta(hours=1))
    holds.release(hold.id, actor=DPO)
    PendingAudit.objects.filter(action="test.noted").delete()
    assert resume_erasures() == 1
