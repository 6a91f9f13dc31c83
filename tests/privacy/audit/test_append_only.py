"""The database refuses to change what is proof."""

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from privacy.models import AuditEntry, Consent, Notice, Receipt
from privacy.router import KEYS_ALIAS
from tests.privacy.audit.support import append_only, chain, told

pytestmark = pytest.mark.django_db
CONSENT = {"creator_id": "c", "fan_id": "f", "purpose": "memory", "method": "checkbox", "recorded_by": "user:1"}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entries SET actor = 'user:2' WHERE position = 2",
        "UPDATE audit_entries SET actor = actor",
        "DELETE FROM audit_entries WHERE position = 3",
        "DELETE FROM audit_entries WHERE false",
        "INSERT INTO audit_entries SELECT * FROM audit_entries ON CONFLICT (position) DO UPDATE SET actor = 'user:2'",
        "TRUNCATE audit_entries",
    ],
)
def test_entries_are_never_changed(sql):
    before = [(entry.position, bytes(entry.hash)) for entry in told()]
    with connection.cursor() as cursor:
        # The test database lives without this one; see conftest.py.
        cursor.execute(append_only.NO_TRUNCATE)
        with pytest.raises(IntegrityError, match="audit_entries is append-only"), transaction.atomic():
            cursor.execute(sql)
    assert [(entry.position, bytes(entry.hash)) for entry in chain()] == before


def test_nor_through_the_model():
    entry = told()[1]
    entry.actor = "user:2"
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_committed_entries_are_gone_after_the_test(turn):
    """The trigger against TRUNCATE, which cleans up, is off in the test database: each turn finds an empty chain."""
    assert chain() == []
    told()


def test_a_receipt_stays_as_it_was_signed():
    made = Receipt.objects.create(
        request_id="01900000-0000-7000-8000-000000000001", creator_id="c", body=b"{}", signature=b"s", public_key=b"p"
    )
    made.refresh_from_db()
    made.save()
    made.body = b"[]"
    with pytest.raises(IntegrityError, match="privacy_receipts is append-only"), transaction.atomic():
        made.save()


def test_a_notice_stays_as_it_was_shown():
    notice = Notice.objects.create(creator_id="c", version="1", language="en", text="We remember.", digest=b"d")
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(text="We remember everything.")


def test_a_consent_is_not_changed_but_goes_with_the_fan():
    consent = Consent.objects.create(action="given", expressed_at=timezone.now(), **CONSENT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(action="withdrawn")
    assert Consent.objects.filter(creator_id="c", fan_id="f").delete()[0] == 1


def test_nothing_of_it_is_in_the_keys_database():
    with connections[KEYS_ALIAS].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'audit%%'")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname = 'refuse_change'")
        assert cursor.fetchone() == (0,)
