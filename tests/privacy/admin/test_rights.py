"""Consents, notices, choices, holds, exports and keys in the admin."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from privacy.domain import ConsentAction, Purpose
from privacy.keys.models import DataKey, ServiceKey
from privacy.models import Consent, DataRequest, ExportFile, LegalHold, Notice, ProcessingChoice
from privacy.services import exporting, holds, processing
from tests.privacy.admin.support import FAN, OF_PAIR, PAIR, add, messages_of, recorded, say, text, url

NOTICE = {"creator_id": "creator-1", "version": "1", "language": "en", "text": "We keep what you write."}
CONSENT = {**OF_PAIR, "purpose": "personalisation", "action": "given", "method": "letter"}
HOLD = {**OF_PAIR, "matter": "a claim of March", "ground": "Art. 17(3)(e)", "review_on": "2100-01-01"}


# ---- consents and notices


def test_a_consent_is_recorded_to_a_notice(dpo, creator_1):
    add(dpo, "notice", **NOTICE)
    page = add(dpo, "consent", **CONSENT, notice_version="1", language="en")
    consent = Consent.objects.get()
    assert page.redirect_chain[-1][0] == url("consent_change", consent.pk)
    assert (consent.notice_version, consent.recorded_by) == ("1", f"user:{dpo.user.pk}")
    assert bytes(consent.notice_digest).hex() in text(page)
    assert recorded()[:1] == ["notice.published"]


def test_the_page_of_a_consent_shows_the_history_and_what_holds(dpo, creator_1):
    add(dpo, "consent", **CONSENT)
    page = text(add(dpo, "consent", **CONSENT | {"action": "withdrawn"}))
    assert "<td>personalisation</td><td>withdrawn</td><td>no</td>" in page
    assert "<td>memory</td><td>never decided</td><td>yes</td>" in page
    assert page.count("<td>letter</td>") == 2


def test_withdrawing_memory_opens_an_erasure(dpo, creator_1):
    say()
    page = add(dpo, "consent", **CONSENT | {"purpose": "memory", "action": "withdrawn"})
    assert "a request for erasure" in messages_of(page)
    assert DataRequest.objects.get().status == "received"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"notice_version": "9"}, "Was never published."),
        ({"expressed_at": "2999-01-01T00:00"}, "Must lie between 2000-01-01 and now."),
        ({"creator_id": "creator-9"}, "There is no such creator."),
        ({"method": ""}, "This field is required."),
    ],
)
def test_a_consent_that_can_not_be_is_refused_at_its_field(dpo, creator_1, changed, said):
    assert said in text(add(dpo, "consent", **CONSENT | changed))
    assert not Consent.objects.exists()


def test_a_published_version_keeps_its_text(dpo, creator_1):
    add(dpo, "notice", **NOTICE)
    assert "exists with another text" in text(add(dpo, "notice", **NOTICE | {"text": "We keep nothing."}))
    assert Notice.objects.get().text == NOTICE["text"]
    assert NOTICE["text"] in text(dpo.get(url("notice_change", Notice.objects.get().pk)))


# ---- choices


@pytest.mark.parametrize(
    ("choice", "undone", "column"),
    [("restrict", "unrestrict", "restricted_at"), ("object", "withdraw", "objected_at")],
)
def test_a_choice_is_recorded_and_undone(dpo, creator_1, choice, undone, column):
    page = add(dpo, "processingchoice", **OF_PAIR, choice=choice, reason="the fan says it is wrong")
    row = ProcessingChoice.objects.get()
    assert page.redirect_chain[-1][0] == url("processingchoice_change", row.pk)
    assert "the fan says it is wrong" in text(page)
    assert getattr(row, column) is not None
    add(dpo, "processingchoice", **OF_PAIR, choice=undone)
    row.refresh_from_db()
    assert getattr(row, column) is None


@pytest.mark.parametrize("choice", ["restrict", "object"])
def test_a_choice_needs_its_reason(dpo, creator_1, choice):
    assert "needs its reason" in text(add(dpo, "processingchoice", **OF_PAIR, choice=choice))
    assert not ProcessingChoice.objects.exists()


def test_ending_what_never_was_is_said(dpo, creator_1):
    assert "has restricted nothing" in text(add(dpo, "processingchoice", **OF_PAIR, choice="unrestrict"))


# ---- holds


def test_a_hold_is_placed_and_released_with_a_tick(dpo, creator_1):
    say()
    page = add(dpo, "legalhold", **HOLD)
    hold = LegalHold.objects.get()
    assert "a claim of March" in text(page)
    release = url("legalhold_release", hold.pk)
    assert "Nothing was released" in text(dpo.post(release))
    assert holds.is_held(PAIR)
    assert "The hold is released." in messages_of(dpo.post(release, {"confirmed": "on"}, follow=True))
    assert not holds.is_held(PAIR)
    assert "released before" in messages_of(dpo.post(release, {"confirmed": "on"}, follow=True))


def test_a_hold_on_all_fans(dpo, creator_1):
    page = add(dpo, "legalhold", **HOLD | {"fan_id": ""})
    assert "all fans of the creator" in text(page)
    assert "no such creator" in text(add(dpo, "legalhold", **HOLD | {"creator_id": "creator-9"}))


def test_support_sees_that_a_hold_stands_but_not_why(support, creator_1):
    hold = holds.place(**HOLD | {"review_on": date(2100, 1, 1)}, actor="user:1")
    page = text(support.get(url("legalhold_change", hold.pk)))
    assert "a claim of March" not in page
    assert "standing" in page
    assert "Release the hold" not in page


def test_a_review_that_is_overdue_is_marked(dpo, creator_1):
    yesterday = timezone.localdate() - timedelta(days=1)
    late = holds.place(**HOLD | {"review_on": yesterday}, actor="user:1")
    holds.place(**HOLD | {"review_on": date(2100, 1, 1), "fan_id": ""}, actor="user:1")
    released = holds.place(**HOLD | {"review_on": yesterday}, actor="user:1")
    holds.release(released.pk, actor="user:1")
    page = dpo.get(url("legalhold_changelist"))
    assert text(page).count("overdue by 1 day<") == 1
    found = {
        state: dpo.get(url("legalhold_changelist"), {"state": state}).context["cl"].result_count
        for state in ("standing", "review", "released")
    }
    assert found == {"standing": 2, "review": 1, "released": 1}
    assert dpo.get(url("legalhold_changelist"), {"state": "review"}).context["cl"].queryset.get() == late


# ---- exports


@pytest.mark.django_db(transaction=True)
def test_an_export_is_downloaded_by_post_until_it_expires(dpo, creator_1):
    say()
    export = exporting.export_pair(PAIR, "art15", "user:1")
    page = text(dpo.get(url("exportfile_change", export.pk)))
    assert "Download the ZIP" in page
    assert bytes(export.digest).hex() in page
    download = url("exportfile_download", export.pk)
    answer = dpo.post(download)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="export-{export.pk}.zip"'
    assert answer.content.startswith(b"PK")
    assert "no-store" in answer.headers["Cache-Control"]
    assert recorded().count("export.downloaded") == 1
    ExportFile.objects.update(expires_at=timezone.now())
    assert "has expired" in messages_of(dpo.post(download, follow=True))
    page = text(dpo.get(url("exportfile_change", export.pk)))
    assert "Download the ZIP" not in page
    assert "expired" in text(dpo.get(url("exportfile_changelist")))


# ---- keys


def test_the_inventory_of_keys_shows_no_key(dpo, creator_1):
    say()
    key = DataKey.objects.get()
    listed = text(dpo.get(url("datakey_changelist")))
    assert f"<td>{key.kek_id}</td><td>1</td><td>0</td>" in listed
    shown = text(dpo.get(url("datakey_change", key.pk)))
    assert str(key.handle) in shown
    for secret in (key.wrapped, key.subject, ServiceKey.objects.first().wrapped):
        hidden = bytes(secret)
        pages = [listed, shown, text(dpo.get(url("servicekey_changelist")))]
        assert not [page for page in pages if hidden.hex() in page or str(hidden) in page]
    assert dpo.get(url("datakey_changelist"), {"kek": key.kek_id}).context["cl"].result_count == 1
    assert dpo.get(url("datakey_changelist"), {"q": str(key.handle)}).context["cl"].result_count == 1
    assert dpo.get(url("datakey_changelist"), {"q": "no uuid"}).status_code == 200


def test_service_keys_have_names(dpo, creator_1):
    say()
    names = set(ServiceKey.objects.values_list("name", flat=True))
    assert names
    assert all(name in text(dpo.get(url("servicekey_changelist"))) for name in names)


# ---- lists


def test_lists_cost_the_same_for_one_row_and_for_fifty(dpo, creator_1, django_assert_max_num_queries):
    for number in range(50):
        processing_row = {"creator_id": "creator-1", "fan_id": f"fan-{number}"}
        Consent.objects.create(
            **processing_row, purpose=Purpose.MEMORY, action=ConsentAction.GIVEN, method="x", recorded_by="user:1",
            expressed_at=timezone.now(),
        )  # fmt: skip
    with django_assert_max_num_queries(8):
        dpo.get(url("consent_changelist"))


def test_lists_find_a_fan_by_the_whole_id(dpo, creator_1):
    processing.restrict(PAIR, reason="r", actor="user:1")
    for query, count in ((FAN, 1), ("fan-", 0), ("creator-1", 1)):
        assert dpo.get(url("processingchoice_changelist"), {"q": query}).context["cl"].result_count == count


def test_a_text_that_was_moved_is_not_shown(dpo, creator_1):
    rows = [holds.place(**HOLD | {"review_on": date(2100, 1, 1), "matter": name}, actor="user:1") for name in "ab"]
    sealed = LegalHold.objects.values_list("matter", flat=True).get(pk=rows[0].pk)
    LegalHold.objects.filter(pk=rows[1].pk).update(matter=sealed)
    assert "can&#x27;t be opened any more" in text(dpo.get(url("legalhold_change", rows[1].pk)))
