"""The audit log in the admin: searched, asked after a breach, verified."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from privacy.models import PendingAudit
from privacy.services import audit, processing
from privacy.services.audit_anchors import write_anchor
from privacy.services.audit_chain import take_in
from tests.privacy.admin.support import FAN, OF_PAIR, PAIR, lose_the_keys, recorded, say, text, url
from tests.privacy.audit.support import tamper

SEARCH, ACCESSES, CHAIN = (url(f"auditentry_{page}") for page in ("changelist", "accesses", "chain"))


@pytest.fixture(autouse=True)
def _anchors(settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors.jsonl"


@pytest.fixture
def told(creator_1):
    """A fan whose data was read by two, and somebody else's."""
    say()
    handle = processing.subject(PAIR)
    PendingAudit.objects.all().delete()
    for number in range(3):
        audit.record("memory.read", actor="user:1", creator_id="creator-1", subject=handle, details={"n": number})
    audit.record("memory.read", actor="key:9", creator_id="creator-1", subject=handle)
    audit.record("user.created", actor="user:1")
    assert take_in() >= 5
    return handle


def period(**more):
    hour = timedelta(hours=1)
    shown = "%Y-%m-%dT%H:%M"
    return {
        "since": (timezone.now() - hour).strftime(shown), "until": (timezone.now() + hour).strftime(shown)
    } | more  # fmt: skip


def positions(answer):
    return [entry.position for entry in answer.context["page"].entries]


def test_a_look_at_the_page_is_no_search(dpo, told):
    page = dpo.get(SEARCH)
    assert page.context["page"] is None
    assert "memory.read" not in text(page)
    assert recorded() == []


def test_by_a_fan_an_actor_an_action(dpo, told):
    assert len(positions(dpo.post(SEARCH, OF_PAIR))) >= 4
    assert len(positions(dpo.post(SEARCH, {"actor": "key:9", "action": "memory.read"}))) == 1
    assert positions(dpo.post(SEARCH, {"actor": "user:404"})) == []
    assert recorded() == ["audit.searched"] * 3
    assert FAN not in str(list(PendingAudit.objects.values_list("details", flat=True)))


def test_by_the_name_of_a_user(dpo, told):
    audit.record("a.b", actor=f"user:{dpo.user.pk}")
    take_in()
    page = dpo.post(SEARCH, {"actor": "dora"})
    assert len(positions(page)) == 1
    assert f"dora (user:{dpo.user.pk})" in text(page)
    assert "Nobody has that name." in text(dpo.post(SEARCH, {"actor": "nobody"}))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Search by a fan, an actor, a creator, or a period."),
        ({"fan_id": FAN}, "A fan is a fan of a creator."),
        ({"since": "never"}, "Enter a valid date/time."),
    ],
)
def test_a_search_for_everything_is_refused_in_words(dpo, told, given, said):
    assert said in text(dpo.post(SEARCH, given))
    assert recorded() == []


def test_the_next_page_begins_where_this_one_ends(dpo, told, monkeypatch):
    from privacy.admin import audit as page_of_audit

    monkeypatch.setattr(page_of_audit, "_ON_A_PAGE", 2)
    asked, seen = dict(period(actor="user:1")), []
    while True:
        answer = dpo.post(SEARCH, asked)
        seen += positions(answer)
        form = re.search(r'<form method="post" class="next">.*?</form>', text(answer), re.DOTALL)
        if not form:
            break
        asked = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
        del asked["csrfmiddlewaretoken"]
    assert len(seen) == 4
    assert seen == sorted(set(seen), reverse=True)
    assert positions(dpo.post(SEARCH, {"actor": "user:1", "after": "x y"})) == seen[:2]


def test_no_id_of_a_fan_gets_into_an_address(dpo, told):
    page = text(dpo.post(SEARCH, OF_PAIR))
    assert not [address for address in re.findall(r'(?:href|action)="([^"]*)"', page) if FAN in address]


def test_after_a_breach(dpo, told):
    page = dpo.post(ACCESSES, period(actor="user:1"))
    assert "1 fan<" in text(page)
    assert str(told) in text(page)
    assert FAN not in text(page)
    assert FAN in text(dpo.post(ACCESSES, period(actor="user:1", by_name="on", creator_id="creator-1")))
    assert FAN not in text(dpo.post(ACCESSES, period(by_name="on", creator_id="creator-2")))
    assert "Nobody&#x27;s data was accessed." in text(dpo.post(ACCESSES, period(actor="user:404")))
    assert recorded() == ["audit.accesses_listed"] * 4
    assert "This field is required." in text(dpo.post(ACCESSES, {"actor": "user:1"}))


def test_the_chain_is_verified(dpo, told):
    assert "none was written yet" in text(dpo.get(CHAIN))
    assert "without an anchor" in text(dpo.post(CHAIN, {"last": "0"}))
    position = write_anchor()
    page = text(dpo.post(CHAIN, {"last": "1000"}))
    assert f"of entry {position}; 1 in all" in page
    assert f"right: {position} entries from 1 on, held against 1 anchors" in page


def test_a_changed_entry_is_named(dpo, told):
    tamper("UPDATE audit_entries SET actor = 'user:2' WHERE position = 2")
    assert "WRONG (changed): entry 2 is not what was recorded" in text(dpo.post(CHAIN, {"last": "0"}))


def test_a_spoiled_anchor_is_named(dpo, told, settings):
    settings.AUDIT_ANCHOR_FILE.write_text("x\n")
    page = text(dpo.post(CHAIN, {"last": "0"}))
    assert "WRONG, line 1: not an anchor" in page
    assert "WRONG (anchor)" in page


def test_what_can_not_be_asked_is_refused(dpo, told):
    assert "Select a valid choice." in text(dpo.post(CHAIN, {"last": "7"}))


def test_too_many_entries_are_left_to_the_command(dpo, told, monkeypatch):
    from privacy.admin import audit as page_of_audit

    monkeypatch.setattr(page_of_audit, "_MOST_VERIFIED", 2)
    assert "run manage.py verify_audit" in text(dpo.post(CHAIN, {"last": "0"}))


def test_without_keys_it_is_said_what_can_not_be_told(dpo, told, settings):
    write_anchor()
    lose_the_keys(settings)
    page = text(dpo.post(CHAIN, {"last": "0"}))
    assert "not checked" in page
    assert "not done" in page
    assert "errornote" not in page
    assert 'class="errorlist' in text(dpo.post(ACCESSES, period(by_name="on")))


def test_a_file_of_anchors_that_can_not_be_read(dpo, told, settings):
    settings.AUDIT_ANCHOR_FILE.mkdir()
    page = text(dpo.post(CHAIN, {"last": "0"}))
    assert "WRONG, the file can&#x27;t be read" in page
    assert "the file of anchors can&#x27;t be read" in page
