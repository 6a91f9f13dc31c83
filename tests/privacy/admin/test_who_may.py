"""Every address of the privacy pages, for everybody, by GET and by POST."""

import re
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.utils import timezone

from memory.models import FanMemory
from privacy.admin.base import Desk
from privacy.domain import ConsentAction, Purpose, RequestKind
from privacy.keys.models import DataKey, Erasure, ServiceKey
from privacy.models import (
    AuditEntry,
    Consent,
    DataRequest,
    ExportFile,
    LegalHold,
    Notice,
    ProcessingChoice,
    Receipt,
    Reveal,
)
from privacy.services import consents, holds, processing, requests, reveals
from tests.privacy.admin.support import FAN, OF_PAIR, PAIR, REASON, lose_the_keys, say, url

STAFF = ("plain", "support", "dpo", "root")
NOBODY, OFFICERS, ALL = "403 403 403 403", "403 403 200 200", "403 200 200 200"
GONE = "403 404 404 404"
# For plain staff, Support, DPO and superusers: of GET, of POST.
PAGE = {"changelist": (ALL, ALL), "change": (ALL, NOBODY), "history": (ALL, ALL)}
OF_OFFICERS = {"changelist": (OFFICERS, OFFICERS), "change": (OFFICERS, NOBODY), "history": (OFFICERS, OFFICERS)}
FIXED = {"add": (NOBODY, NOBODY), "delete": (NOBODY, NOBODY)}
MADE_BY_OFFICERS = {"add": (OFFICERS, OFFICERS), "delete": (NOBODY, NOBODY)}
POSTED = "403 403 405 405"
EXPECTED = {
    "datarequest": PAGE
    | {
        "add": (ALL, ALL),
        "delete": (NOBODY, NOBODY),
        "identify": (POSTED, OFFICERS),
        "approve": (POSTED, "403 403 302 302"),
        "deny": (POSTED, OFFICERS),
        "execute": (POSTED, "403 403 302 302"),
    },
    "receipt": PAGE
    | FIXED
    | {
        "download": (ALL, "403 405 405 405"),
        "verifier": (ALL, "403 405 405 405"),
        "about": ("403 405 405 405", ALL),
    },
    "erasure": OF_OFFICERS | FIXED,
    "consent": PAGE | MADE_BY_OFFICERS,
    "notice": PAGE | MADE_BY_OFFICERS,
    "processingchoice": PAGE | MADE_BY_OFFICERS,
    "legalhold": PAGE | MADE_BY_OFFICERS | {"release": (POSTED, OFFICERS)},
    "exportfile": PAGE | FIXED | {"download": (POSTED, OFFICERS)},
    "datakey": OF_OFFICERS | FIXED,
    "servicekey": OF_OFFICERS | FIXED,
    "reveal": OF_OFFICERS | FIXED | {"ask": (ALL, ALL), "content": (GONE, "403 405 405 405")},
    "auditentry": dict.fromkeys(("changelist", "accesses", "chain"), (OFFICERS, OFFICERS)),
}


@pytest.fixture
def rows(creator_1):
    """One row of every page, by model; of a fan who is there."""
    say()
    content = b"PK"
    export = ExportFile.objects.create(
        **OF_PAIR, bundle="art15", content=content, size_bytes=2, digest=bytes(32), requested_by="user:1",
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    hold = holds.place(**OF_PAIR, matter="a claim", ground="Art. 17(3)(e)", review_on=date(2100, 1, 1), actor="user:1")
    consents.publish_notice(creator_id="creator-1", version="1", language="en", text="We...", actor="user:1")
    consent = consents.record_consent(
        PAIR, purpose=Purpose.MEMORY, action=ConsentAction.GIVEN, method="letter", actor="user:1"
    )
    processing.restrict(PAIR, reason="wrong", actor="user:1")
    request = requests.open_request(RequestKind.ERASURE, PAIR, "user:1")
    signer, body = Ed25519PrivateKey.generate(), b'{"commitment":"x"}'
    receipt = Receipt.objects.create(
        request_id=request.pk, creator_id="creator-1", body=body, signature=signer.sign(body),
        public_key=signer.public_key().public_bytes_raw(),
    )  # fmt: skip
    made = [
        export, hold, consent, request, receipt, Notice.objects.get(), ProcessingChoice.objects.get(),
        Erasure.objects.create(id=request.pk, subject=bytes(32)), DataKey.objects.get(),
        ServiceKey.objects.order_by("name").first(), reveals.grant(PAIR, actor="user:0", reason=REASON),
    ]  # fmt: skip
    return {row._meta.model_name: row for row in made}


def addresses(rows):
    """Yield (model, page, address) of every named address."""
    for model, pages in EXPECTED.items():
        for page in pages:
            if (model, page) == ("reveal", "ask"):
                yield model, page, url("reveal_ask", "fan_memories", FanMemory.objects.get().pk)
            elif page in ("changelist", "add", "verifier", "accesses", "chain"):
                yield model, page, url(f"{model}_{page}")
            else:
                yield model, page, url(f"{model}_{page}", rows[model].pk)


def status(client: Client, method: str, address: str) -> int:
    """Return how it is answered, and take back what it did."""
    with transaction.atomic():
        answer = client.generic(method, address)
        transaction.set_rollback(True)
    return answer.status_code


@pytest.mark.parametrize("who", STAFF)
def test_staff_gets_what_the_table_says(who, rows, request):
    client = request.getfixturevalue(who)
    place = STAFF.index(who)
    expected, found = {}, {}
    for model, page, address in addresses(rows):
        for method, statuses in zip(("GET", "POST"), EXPECTED[model][page], strict=True):
            expected[model, page, method] = int(statuses.split()[place])
            found[model, page, method] = status(client, method, address)
    assert found == expected


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_not_logged_in_is_led_to_the_login(rows, method):
    for _, _, address in addresses(rows):
        answer = Client().generic(method, address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/admin/login/")


def test_the_table_misses_no_address():
    found = {
        pattern.name.removeprefix("privacy_")
        for page in admin.site._registry.values()
        if page.opts.app_label == "privacy"
        for pattern in page.get_urls()
        if pattern.name
    }
    assert found == {f"{model}_{page}" for model, pages in EXPECTED.items() for page in pages}


def test_the_only_nameless_address_leads_to_the_page_of_the_row(dpo, rows):
    nameless = [
        pattern
        for page in admin.site._registry.values()
        if page.opts.app_label == "privacy"
        for pattern in page.get_urls()
        if not pattern.name
    ]
    assert {str(pattern.pattern) for pattern in nameless} == {"<path:object_id>/"}
    answer = dpo.get(f"/admin/privacy/consent/{rows['consent'].pk}/")
    assert answer.headers["Location"] == url("consent_change", rows["consent"].pk)


def test_every_page_of_the_room_is_a_desk():
    pages = [page for page in admin.site._registry.values() if page.opts.app_label == "privacy"]
    assert all(isinstance(page, Desk) for page in pages)
    assert {page.opts.model_name for page in pages} == set(EXPECTED)


def test_the_superuser_too_deletes_nothing_from_a_list(root, rows):
    for model in EXPECTED:
        ids = [str(rows[model].pk)] if model in rows else ["1"]
        root.post(url(f"{model}_changelist"), {"action": "delete_selected", "_selected_action": ids, "post": "yes"})
    assert all(type(row)._default_manager.filter(pk=row.pk).exists() for row in rows.values())


def test_the_superuser_changes_no_history(root, rows):
    for model in ("consent", "receipt", "erasure", "legalhold", "notice", "reveal"):
        before = type(rows[model])._default_manager.values().get(pk=rows[model].pk)
        answer = root.post(url(f"{model}_change", rows[model].pk), {"creator_id": "x", "method": "x"})
        assert answer.status_code == 403
        assert type(rows[model])._default_manager.values().get(pk=rows[model].pk) == before


def test_an_export_is_handed_out_by_its_own_permission_alone(staff, rows):
    client = staff("eve")
    client.user.user_permissions.set(Group.objects.get(name="DPO").permissions.exclude(codename="download_exportfile"))
    page = client.get(url("exportfile_change", rows["exportfile"].pk))
    assert "Download the ZIP" not in page.content.decode()
    assert client.post(url("exportfile_download", rows["exportfile"].pk)).status_code == 403
    assert ExportFile.objects.get().download_count == 0


def test_a_row_that_is_not_there_is_no_failure(dpo, db):
    nowhere = "00000000-0000-0000-0000-000000000000"
    for name in ("datarequest", "legalhold", "consent", "receipt"):
        assert dpo.get(url(f"{name}_change", nowhere)).status_code == 302
    for name in ("datarequest_approve", "legalhold_release", "exportfile_download", "receipt_about"):
        assert dpo.post(url(name, nowhere)).status_code == 404


def test_groups_after_migrate(db):
    """Support decides nothing; the officer may do everything but delete."""
    support = set(Group.objects.get(name="Support").permissions.values_list("codename", flat=True))
    dpo = set(Group.objects.get(name="DPO").permissions.values_list("codename", flat=True))
    assert {"add_datarequest", "reveal_content", "view_legalhold"} <= support
    decisions = {"approve_datarequest", "execute_datarequest", "download_exportfile", "search_auditentry"}
    assert not support & (decisions | {"change_legalhold", "view_datakey"})
    assert decisions | {"add_legalhold", "change_legalhold", "add_consent", "reveal_content"} <= dpo
    assert not any(codename.startswith("delete_") for codename in dpo)


def test_the_models_without_a_page_are_these():
    """Bookkeeping of the room itself; the pages of what it is for show what matters of it."""
    from django.apps import apps

    without = {m._meta.model_name for m in apps.get_app_config("privacy").get_models()} - set(EXPECTED)
    assert without == {"appliederasure", "pendingaudit", "auditcheckpoint"}
    assert AuditEntry in admin.site._registry
    assert not {Consent, DataRequest, LegalHold, Reveal} - set(admin.site._registry)


def test_a_form_of_another_site_does_nothing(dpo, rows):
    foreign = Client(enforce_csrf_checks=True)
    foreign.force_login(dpo.user)
    for page in ("datarequest_approve", "legalhold_release", "exportfile_download"):
        answer = foreign.post(url(page, rows[page.partition("_")[0]].pk), {"confirmed": "on"})
        assert answer.status_code == 403
    assert foreign.post(url("auditentry_changelist"), {"actor": "user:1"}).status_code == 403
    assert LegalHold.objects.get().released_at is None


def test_pages_hold_nothing_that_a_strict_policy_forbids(dpo, rows):
    for _, page, address in addresses(rows):
        answer = dpo.get(address)
        if answer.status_code == 200 and "html" in answer.headers["Content-Type"] and page != "delete":
            shown = answer.content.decode()
            assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son[a-z]+=|\sstyle=|href=.javascript:", shown)
            assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", shown)


def test_pages_stand_while_the_keys_are_away(dpo, rows, settings):
    lose_the_keys(settings)
    for page in ("legalhold", "processingchoice", "reveal"):
        answer = dpo.get(url(f"{page}_change", rows[page].pk))
        assert answer.status_code == 200
        assert "the keys can&#x27;t be reached" in answer.content.decode()
    assert "not checked" in dpo.get(url("receipt_change", rows["receipt"].pk)).content.decode()
    request = dpo.get(url("datarequest_change", rows["datarequest"].pk)).content.decode()
    assert "What is there now" in request
    assert "data keys" not in request
    for page, given in (("receipt_about", {"fan_id": FAN}), ("reveal_ask", {"reason": REASON})):
        row = rows["receipt"].pk
        address = url(page, row) if page == "receipt_about" else url(page, "fan_memories", FanMemory.objects.get().pk)
        answer = dpo.post(address, given)
        assert answer.status_code == 200
        assert 'class="errorlist' in answer.content.decode()
