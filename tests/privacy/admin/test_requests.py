"""The register of requests: opened, identified, approved, denied, carried out, with words for what is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.admin.models import LogEntry
from django.db import connection, connections, transaction
from django.utils import timezone

from memory.models import FanMemory
from ofmemory.errors import Conflict
from privacy.admin.words import countdown, span
from privacy.domain import RequestKind
from privacy.keys.models import Erasure
from privacy.models import DataRequest, ExportFile, LegalHold, Receipt
from privacy.registry import store
from privacy.services import answering, holds, receipts, requests
from tests.flows.conftest import wait_until
from tests.privacy.admin.support import FAN, OF_PAIR, PAIR, add, messages_of, recorded, say, text, url
from tests.privacy.audit.support import without_redis
from tools import verify_receipt

PROOF = "passport-X123"
commits = pytest.mark.django_db(transaction=True)


def opened(kind=RequestKind.ERASURE, actor="user:0", **more):
    return requests.open_request(kind, PAIR, actor, **more)


def do(client, what, row, **given):
    return client.post(url(f"datarequest_{what}", row.pk), given, follow=True)


# ---- opening


def test_support_opens_a_request(support, creator_1):
    say()
    received = (timezone.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    page = add(support, "datarequest", **OF_PAIR, kind="erasure", received_at=received)
    row = DataRequest.objects.get()
    assert page.redirect_chain == [(url("datarequest_change", row.pk), 302)]
    assert row.received_at.strftime("%Y-%m-%dT%H:%M") == received
    assert row.requested_by == f"user:{support.user.pk}"
    assert f"sam (user:{support.user.pk})" in text(page)
    assert "in 68 h" in text(page)
    assert "request.opened" in recorded()
    # It decides nothing.
    assert "Approve</button>" not in text(page)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"creator_id": "creator-9"}, "There is no such creator."),
        ({"fan_id": ""}, "This field is required."),
        ({"received_at": "2999-01-01T00:00"}, "Must not lie in the future."),
        ({"received_at": "yesterday"}, "Enter a valid date/time."),
        ({"kind": "everything"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(support, creator_1, changed, said):
    page = add(support, "datarequest", **{**OF_PAIR, "kind": "erasure", **changed})
    assert page.status_code == 200
    assert said in text(page)
    assert not DataRequest.objects.exists()


def test_a_second_request_for_the_same_erasure_leads_to_the_first(support, creator_1):
    for _ in range(2):
        page = add(support, "datarequest", **OF_PAIR, kind="erasure")
    assert page.redirect_chain[0][0] == url("datarequest_change", DataRequest.objects.get().pk)


# ---- the list


def test_the_list_counts_down(dpo, creator_1):
    requests.open_request(RequestKind.ERASURE, PAIR, "user:0", received_at=timezone.now() - timedelta(hours=100))
    page = text(dpo.get(url("datarequest_changelist")))
    assert 'class="mark mark-bad">overdue by 28 h<' in page
    assert FAN not in page


def test_the_list_is_filtered_and_searched(dpo, creator_1):
    late = opened(received_at=timezone.now() - timedelta(hours=100))
    fresh = opened(RequestKind.EXPORT)
    closed = opened(RequestKind.EXPORT)
    requests.deny(closed.pk, "twice", "user:0")
    for query, rows in {
        "state=open": {late, fresh},
        "state=overdue": {late},
        "state=closed": {closed},
        "kind__exact=export": {fresh, closed},
        "status__exact=denied": {closed},
        f"q={FAN}": {late, fresh, closed},
        "q=fan-0001": set(),
    }.items():
        assert set(dpo.get(url("datarequest_changelist") + f"?{query}").context["cl"].queryset) == rows, query


@pytest.mark.parametrize(
    ("left", "said", "kind"),
    [
        (timedelta(hours=13, minutes=30), "in 13 h", "good"),
        (timedelta(minutes=59), "in 58 min", "warn"),
        (-timedelta(hours=2, minutes=5), "overdue by 2 h", "bad"),
        (timedelta(days=20, hours=1), "in 20 days", "good"),
    ],
)
def test_countdown(left, said, kind):
    shown = countdown(timezone.now() + left, is_open=True, warn=timedelta(hours=2))
    assert said in shown
    assert f"mark-{kind}" in shown
    assert "closed" in countdown(timezone.now() + left, is_open=False)


def test_span_of_nothing():
    assert span(timedelta()) == "0 min"


# ---- deciding


def test_identity_is_confirmed_and_the_proof_not_kept(dpo, creator_1):
    row = opened()
    page = do(dpo, "identify", row, method="platform message", proof=PROOF)
    assert messages_of(page) == "Identity confirmed."
    row.refresh_from_db()
    assert (row.status, len(row.identity_proof)) == ("identified", 32)
    assert PROOF not in text(page)
    assert not LogEntry.objects.filter(change_message__contains=PROOF).exists()


def test_a_form_that_is_not_filled_in_changes_nothing(dpo, creator_1):
    row = opened()
    for what in ("identify", "deny"):
        page = do(dpo, what, row)
        assert "This field is required." in text(page)
        assert "Nothing was done." in text(page)
    row.refresh_from_db()
    assert row.status == "received"


def test_a_denial_keeps_its_reason_sealed(dpo, creator_1):
    say()
    row = opened()
    page = do(dpo, "deny", row, reason="not the same person")
    assert "not the same person" in text(page)
    assert "not the same person" not in str(LogEntry.objects.values_list("change_message", flat=True))


@pytest.mark.parametrize("what", ["identify", "approve", "deny", "execute"])
def test_an_illegal_move_is_refused_in_words(dpo, creator_1, what):
    row = opened()
    requests.deny(row.pk, "no", "user:0")
    given = {"method": "x", "proof": "y", "reason": "z", "typed": FAN}
    page = do(dpo, what, row, **given)
    assert page.status_code == 200
    assert "The request is denied; " in messages_of(page)


def test_with_a_second_approver_who_opened_it_may_not_approve(dpo, staff, creator_1, settings):
    settings.ERASURE_SECOND_APPROVER = True
    row = opened(actor=f"user:{dpo.user.pk}")
    assert "A second person must approve" in text(dpo.get(url("datarequest_change", row.pk)))
    assert "A second person must approve" in messages_of(do(dpo, "approve", row))
    row.refresh_from_db()
    assert row.status == "received"
    assert messages_of(do(staff("second", "DPO"), "approve", row)) == "Approved."


# ---- what is there


def test_the_plan_is_counted_anew(dpo, creator_1):
    row = opened()
    assert "Nothing is stored about this fan." in text(dpo.get(url("datarequest_change", row.pk)))
    say("one")
    say("two")
    page = text(dpo.get(url("datarequest_change", row.pk)))
    assert "<td>fan_memories</td><td>2</td>" in page
    assert "<td>data keys</td><td>1</td>" in page


def test_what_was_left_over_is_shown(dpo, creator_1):
    row = opened()
    DataRequest.objects.update(
        steps={"rows": {"at": "2026-01-01T00:00:00.000+00:00", "counts": {"fan_memories": 3}},
               "found": {"at": "2026-01-01T00:00:01.000+00:00", "counts": {"text:notes": 2}}},
        failures=2,
    )  # fmt: skip
    page = text(dpo.get(url("datarequest_change", row.pk)))
    assert "<td>text:notes</td><td>2</td>" in page
    assert "fan_memories: 3" in page


# ---- erasing


@commits
def test_an_erasure_is_carried_out_and_proven(dpo, creator_1):
    say("hello")
    row = opened()
    do(dpo, "identify", row, method="letter", proof=PROOF)
    do(dpo, "approve", row)
    page = do(dpo, "execute", row, typed=FAN)
    assert page.status_code == 200
    row.refresh_from_db()
    assert (row.status, row.fan_id, FanMemory.objects.count()) == ("completed", "", 0)
    assert "no-store" in page.headers["Cache-Control"]
    opening = receipts.opening_of(row.pk, PAIR).hex()
    assert opening in text(page)
    # Once: no page shows it again, nothing keeps it.
    after = text(dpo.get(url("datarequest_change", row.pk)))
    assert opening not in after
    assert FAN not in after
    assert "removed: nothing names the fan any more" in after
    file = dpo.get(url("receipt_download", row.pk)).content
    facts = verify_receipt.check(file, receipts.public_key().hex())
    verify_receipt.check_fan(facts, opening, *OF_PAIR.values())
    assert b"def check(" in dpo.get(url("receipt_verifier")).content
    again = do(dpo, "execute", row, typed=FAN)
    assert "The request is completed; only an approved one can be carried out." in messages_of(again)


@commits
def test_the_receipt_page_verifies_and_tells_whom_it_is_about(dpo, creator_1):
    say()
    row = opened()
    requests.approve(row.pk, "user:0")
    do(dpo, "execute", row, typed=FAN)
    page = text(dpo.get(url("receipt_change", row.pk)))
    assert "right, and made with this installation" in page
    assert FAN not in page
    about = url("receipt_about", row.pk)
    opening = receipts.opening_of(row.pk, PAIR).hex()
    assert opening in text(dpo.post(about, {"fan_id": FAN}))
    other = text(dpo.post(about, {"fan_id": "fan-000124"}))
    assert "The receipt is not about this fan." in other
    assert "This field is required." not in other


@commits
def test_a_receipt_that_is_not_right_is_called_so(dpo, creator_1):
    say()
    row = opened()
    requests.approve(row.pk, "user:0")
    do(dpo, "execute", row, typed=FAN)
    receipt, signer = Receipt.objects.get(), Ed25519PrivateKey.generate()
    body = bytes(receipt.body).replace(b"nothing found", b"nothing at all")
    of_another = {"public_key": signer.public_key().public_bytes_raw(), "signature": signer.sign(body)}
    for change, said in (({}, "WRONG: the receipt is not what was signed"), (of_another, "another installation")):
        was_signed = {"signature": receipt.signature, "public_key": receipt.public_key}
        wrong = Receipt.objects.create(request_id=uuid4(), creator_id="creator-1", body=body, **was_signed | change)
        assert said in text(dpo.get(url("receipt_change", wrong.pk)))


@pytest.mark.parametrize("typed", ["", "fan-000124", FAN.upper(), f" {FAN}"])
def test_nothing_is_erased_unless_the_fan_is_typed(dpo, creator_1, typed):
    say()
    row = opened()
    requests.approve(row.pk, "user:0")
    page = do(dpo, "execute", row, typed=typed)
    assert "Nothing was done." in text(page)
    row.refresh_from_db()
    assert (row.status, FanMemory.objects.count()) == ("approved", 1)


@commits
def test_a_hold_stops_an_erasure_and_its_release_lets_it_go_on(dpo, creator_1):
    say()
    row = opened()
    requests.approve(row.pk, "user:0")
    hold = holds.place(**OF_PAIR, matter="m", ground="g", review_on=date(2100, 1, 1), actor="user:0")
    assert "a hold stands: nothing may be destroyed" in text(dpo.get(url("datarequest_change", row.pk)))
    assert "A legal hold forbids" in messages_of(do(dpo, "execute", row, typed=FAN))
    assert FanMemory.objects.count() == 1
    holds.release(hold.pk, actor="user:0")
    assert "is erased" in text(do(dpo, "execute", row, typed=FAN))
    assert not LegalHold.objects.exists()


# ---- exporting


@commits
def test_a_request_for_access_is_answered_with_an_export(dpo, creator_1):
    say("hello")
    row = opened(RequestKind.EXPORT)
    assert "The request is received; only an approved one" in messages_of(do(dpo, "execute", row, bundle="art15"))
    do(dpo, "approve", row)
    assert "Select a valid choice." in text(do(dpo, "execute", row, bundle="all"))
    page = do(dpo, "execute", row, bundle="art15")
    export = ExportFile.objects.get()
    assert page.redirect_chain[-1][0] == url("exportfile_change", export.pk)
    row.refresh_from_db()
    assert (row.status, row.steps["export"]["id"]) == ("completed", str(export.pk))
    assert "request.completed" in recorded()
    assert url("exportfile_change", export.pk) in text(dpo.get(url("datarequest_change", row.pk)))
    ahead = dpo.post(url("exportfile_download", export.pk))
    assert ahead.content.startswith(b"PK")
    assert ahead.headers["Content-Type"] == "application/zip"


@commits
def test_an_export_of_nobody_is_refused_in_words(dpo, creator_1):
    row = opened(RequestKind.EXPORT)
    requests.approve(row.pk, "user:0")
    assert "Nothing is known about this fan." in messages_of(do(dpo, "execute", row, bundle="art20"))
    row.refresh_from_db()
    assert row.status == "approved"


# ---- the admin's own log


@commits
def test_the_admins_log_names_no_fan(dpo, creator_1):
    say()
    add(dpo, "datarequest", **OF_PAIR, kind="erasure")
    row = DataRequest.objects.get()
    do(dpo, "identify", row, method="letter", proof=PROOF)
    do(dpo, "approve", row)
    add(dpo, "consent", **OF_PAIR, purpose="personalisation", action="given", method="letter")
    add(dpo, "processingchoice", **OF_PAIR, choice="object", reason="canary")
    add(dpo, "legalhold", **OF_PAIR, matter="canary", ground="g", review_on="2100-01-01")
    dpo.post(url("legalhold_release", LegalHold.objects.get().pk), {"confirmed": "on"})
    do(dpo, "execute", row, typed=FAN)
    written = [" ".join(map(str, entry)) for entry in LogEntry.objects.values_list("object_repr", "change_message")]
    assert len(written) >= 8
    assert not [entry for entry in written if FAN in entry or "canary" in entry or PROOF in entry]


# ---- what does not end at once


@commits
def test_an_erasure_that_found_no_redis_is_not_called_complete(dpo, creator_1, settings):
    say()
    row = opened()
    requests.approve(row.pk, "user:0")
    with without_redis(settings):
        page = do(dpo, "execute", row, typed=FAN)
    assert "Not complete yet" in messages_of(page)
    assert "It is being carried out." in text(page)
    assert "is erased" in text(do(dpo, "execute", row, typed=FAN))


def test_an_export_is_made_of_an_approved_request_for_one(creator_1):
    for row in (opened(RequestKind.EXPORT), opened()):
        with pytest.raises(Conflict, match="an approved request for one"):
            answering.answer(row.pk, "art15", "user:1")


@commits
def test_a_request_denied_while_its_export_is_made_stays_denied(creator_1):
    say()
    row = opened(RequestKind.EXPORT)
    requests.approve(row.pk, "user:0")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            store().lock(PAIR)
            answered = pool.submit(_answered, row.pk)
            wait_until(_somebody_waits)
            requests.deny(row.pk, "withdrawn", "user:0")
        assert answered.result().pk == ExportFile.objects.get().pk
    row.refresh_from_db()
    assert row.status == "denied"
    assert "request.completed" not in recorded()


def _answered(request_id):
    try:
        return answering.answer(request_id, "art15", "user:1")
    finally:
        connections.close_all()


def _somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "in force, being carried out"),
        ({"completed_at": timezone.now()}, "in force"),
        ({"lifted_at": timezone.now()}, "lifted"),
    ],
)
def test_the_ledger_says_what_is_in_force(dpo, more, said):
    entry = Erasure.objects.create(id=uuid4(), subject=bytes(32), started_at=timezone.now() - timedelta(days=1), **more)
    assert f">{said}<" in text(dpo.get(url("erasure_change", entry.pk)))


def test_the_list_tells_what_failed(dpo, creator_1):
    opened()
    DataRequest.objects.update(failures=2)
    assert ">received, failed 2 times<" in text(dpo.get(url("datarequest_changelist")))
