"""The register: what may become of a request, who may decide, and the clock."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from ofmemory.errors import Conflict, Forbidden, InvalidInput, NotFound
from ofmemory.infra.ids import uuid7
from privacy.domain import Pair, RequestKind, RequestStatus
from privacy.errors import OnHold
from privacy.keys import keyring
from privacy.keys.models import Erasure
from privacy.models import DataRequest, PendingAudit
from privacy.services import erasing, holds, requests
from privacy.tasks import resume_erasures, watch_deadlines
from tests.memory.support import at_once
from tests.privacy.erasure.support import DPO, FAN, PAIR, SECOND, actions, erase, fill, rows_of, say

pytestmark = pytest.mark.django_db(transaction=True)
ERASURE, EXPORT = RequestKind.ERASURE, RequestKind.EXPORT
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def opened(kind=ERASURE, **more):
    return requests.open_request(kind, PAIR, DPO, **more)


def place_hold(fan_id=FAN):
    day = datetime.now(UTC).date() + timedelta(days=90)
    return holds.place(
        creator_id=PAIR.creator_id, fan_id=fan_id, matter="a claim", ground="Art. 17(3)(e)", review_on=day, actor=DPO
    )


class TestOpening:
    def test_deadlines(self, settings):
        settings.ERASURE_DEADLINE_HOURS = 72
        received = datetime.now(UTC) - timedelta(days=1)
        assert opened(received_at=received).due_at == received + timedelta(hours=72)
        assert opened(EXPORT, received_at=received).due_at == received + timedelta(days=30)

    def test_one_open_erasure_a_pair(self):
        first = opened()
        assert opened().id == first.id
        assert requests.open_request(ERASURE, Pair("creator-2", FAN), DPO).id != first.id
        requests.deny(first.id, "not the fan", DPO)
        assert opened().id != first.id

    def test_many_exports(self):
        assert opened(EXPORT).id != opened(EXPORT).id

    def test_of_many_at_once_one_is_made(self):
        assert len({request.id for request in at_once(*[opened] * 8)}) == 1
        assert DataRequest.objects.count() == 1

    def test_it_carries_the_pairs_handle(self):
        assert opened(EXPORT).handle is None
        say()
        assert opened(EXPORT).handle.bytes == keyring.find(PAIR).handle

    def test_not_in_the_future(self):
        with pytest.raises(InvalidInput):
            opened(received_at=datetime.now(UTC) + timedelta(hours=1))

    def test_not_of_the_creator(self):
        with pytest.raises(InvalidInput):
            requests.open_request(ERASURE, Pair(PAIR.creator_id, ""), DPO)


class TestMoving:
    def test_identity(self):
        request = requests.confirm_identity(opened().id, "letter", "passport 123", SECOND)
        assert (request.status, request.identified_by) == (RequestStatus.IDENTIFIED, SECOND)
        assert len(request.identity_proof) == 32
        assert b"passport" not in bytes(request.identity_proof)
        with pytest.raises(Conflict):
            requests.confirm_identity(request.id, "letter", "again", SECOND)

    @pytest.mark.parametrize("method", ["", "x" * 33])
    def test_a_method_has_a_name(self, method):
        with pytest.raises(InvalidInput):
            requests.confirm_identity(opened().id, method, "proof", DPO)

    def test_approving_once(self):
        request = requests.approve(opened().id, DPO)
        assert (request.status, request.approved_by) == (RequestStatus.APPROVED, DPO)
        assert request.approved_at
        for decide in (
            lambda: requests.approve(request.id, DPO),
            lambda: requests.confirm_identity(request.id, "x", "y", DPO),
        ):
            with pytest.raises(Conflict):
                decide()

    def test_of_two_deciders_one_decides(self):
        request = opened()

        def tried(work):
            try:
                return bool(work())
            except Conflict:
                return False

        works = [lambda: requests.approve(request.id, DPO)] * 4
        assert sum(at_once(*[lambda work=work: tried(work) for work in works])) == 1

    def test_a_second_approver(self, settings):
        settings.ERASURE_SECOND_APPROVER = True
        request = opened()
        with pytest.raises(Forbidden):
            requests.approve(request.id, DPO)
        assert requests.approve(request.id, SECOND).approved_by == SECOND

    def test_nobody_erases_at_once_where_two_must(self, settings):
        settings.ERASURE_SECOND_APPROVER = True
        fill()
        with pytest.raises(Forbidden):
            erase(PAIR)
        assert rows_of(PAIR)
        assert not DataRequest.objects.exists()

    def test_denying(self):
        fill()
        request = requests.deny(opened().id, "We could not identify you.", DPO)
        assert request.status == RequestStatus.DENIED
        assert request.denied_reason == "We could not identify you."
        with pytest.raises(Conflict):
            requests.approve(request.id, DPO)
        with pytest.raises(Conflict):
            erasing.execute(request.id, DPO)
        with pytest.raises(InvalidInput):
            requests.deny(request.id, " ", DPO)

    def test_denying_for_somebody_erased(self):
        fill()
        erase(PAIR)
        request = requests.deny(opened().id, "There is nothing left.", DPO)
        assert (request.status, request.denied_reason) == (RequestStatus.DENIED, "")

    def test_what_is_not_approved_is_not_carried_out(self):
        fill()
        with pytest.raises(Conflict):
            erasing.execute(opened().id, DPO)
        with pytest.raises(Conflict):
            erasing.execute(requests.approve(opened(EXPORT).id, DPO).id, DPO)
        assert rows_of(PAIR)
        assert not Erasure.objects.exists()

    def test_what_names_nobody_is_not_carried_out(self):
        request = requests.approve(opened().id, DPO)
        DataRequest.objects.update(fan_id="")
        with pytest.raises(Conflict):
            erasing.execute(request.id, DPO)

    def test_no_such_request(self):
        for call in (requests.get_request, requests.plan):
            with pytest.raises(NotFound):
                call(uuid7())

    def test_every_move_is_in_the_audit_log(self):
        fill()
        handle = keyring.find(PAIR).handle
        PendingAudit.objects.all().delete()
        request = opened()
        requests.confirm_identity(request.id, "letter", "x", DPO)
        requests.approve(request.id, DPO)
        erasing.execute(request.id, DPO)
        moves = ["request.opened", "request.identified", "request.approved", "erasure.started", "erasure.completed"]
        assert [action for action in actions() if action.startswith(("request", "erasure"))] == moves
        entries = PendingAudit.objects.filter(action__in=moves)
        assert {entry.subject.bytes for entry in entries} == {handle}
        assert {entry.details["request"] for entry in entries} == {str(request.id)}


class TestPlan:
    def test_it_counts(self):
        fill()
        request = opened()
        plan = requests.plan(request.id)
        assert plan["keys"] == 1
        assert plan["rows"]["fan_memories"] == 3
        # The request that is to be carried out does not count itself.
        assert plan["rows"]["privacy_requests"] == 0
        assert DataRequest.objects.get().plan == plan

    def test_of_what_is_done_it_stays(self):
        fill()
        request = erase(PAIR)
        assert request.plan["rows"]["fan_memories"] == 3
        assert requests.plan(request.id) == request.plan


class TestHolds:
    def test_a_hold_forbids(self):
        fill()
        before = rows_of(PAIR)
        place_hold()
        with pytest.raises(OnHold):
            erase(PAIR)
        assert not DataRequest.objects.exists()
        assert rows_of(PAIR) == before | {"legal_holds": 1}
        say(content="still stored")

    def test_an_approved_request_waits_for_its_release(self):
        fill()
        request = requests.approve(opened().id, DPO)
        hold = place_hold("")
        with pytest.raises(OnHold):
            erasing.execute(request.id, DPO)
        assert requests.get_request(request.id).status == RequestStatus.BLOCKED
        assert resume_erasures() == 0
        assert not Erasure.objects.exists()
        say(content="still stored")
        holds.release(hold.id, actor=DPO)
        assert resume_erasures() == 1
        assert actions().count("erasure.blocked") == 1
        assert requests.get_request(request.id).status == RequestStatus.COMPLETED

    def test_a_hold_that_comes_between(self):
        """After the erasure began, before the rows went: nothing is destroyed, and the fan may be spoken with."""
        fill()
        request = erasing.begin(PAIR, requested_by=DPO, reason="test")
        place_hold()
        with pytest.raises(OnHold):
            erasing.execute(request.id, DPO)
        assert requests.get_request(request.id).status == RequestStatus.BLOCKED
        assert not Erasure.objects.exists()
        say(content="still stored")


class TestClock:
    def test_overdue(self, caplog):
        with time_machine.travel(NOW, tick=False):
            late, slow = opened(), requests.open_request(ERASURE, Pair(PAIR.creator_id, "slow"), DPO)
            requests.open_request(ERASURE, Pair(PAIR.creator_id, "done"), DPO)
            requests.deny(requests.find_open_erasure(Pair(PAIR.creator_id, "done")).id, "no", DPO)
        DataRequest.objects.filter(id=slow.id).update(due_at=NOW + timedelta(days=9))
        with time_machine.travel(NOW + timedelta(hours=73), tick=False), caplog.at_level(logging.WARNING):
            assert [request.id for request in requests.list_overdue(72)] == [late.id, slow.id]
            assert [watch_deadlines(), watch_deadlines()] == [1, 1]
        told = [(record.levelname, record.requests) for record in caplog.records if record.message == "erasure_overdue"]
        assert told == [("ERROR", [str(late.id)]), ("WARNING", [str(slow.id)])] * 2
        assert actions().count("request.overdue") == 1
        assert FAN not in caplog.text

    def test_in_time(self):
        opened()
        assert watch_deadlines() == 0
        assert requests.list_overdue(1) == []
