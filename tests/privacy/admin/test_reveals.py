"""Breaking the glass: with a reason, for a short time, and every look is told."""

from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from memory.models import EngagementMetrics, FanMemory, Interaction
from memory.services.interactions import save_interaction
from ofmemory.errors import Conflict, InvalidInput, NotFound
from privacy.domain import Pair
from privacy.models import PendingAudit, Reveal
from privacy.services import erasing, holds, processing, reveals
from tests.privacy.admin.support import FAN, OF_PAIR, PAIR, REASON, recorded, say, text, url

SCRIPT = "<script>alert('x')</script>"


def ask(row):
    return url("reveal_ask", row._meta.db_table, row.pk)


def granted(client, reason=REASON):
    client.post(ask(FanMemory.objects.first()), {"reason": reason})
    return Reveal.objects.get()


# ---- the service


def test_what_was_said_comes_latest_first_from_every_table(creator_1):
    at = timezone.now() - timedelta(hours=1)
    say("first", timestamp=at)
    save_interaction(**OF_PAIR, type="tip", amount=5, content="for you", timestamp=at + timedelta(minutes=1))
    say("last", timestamp=at + timedelta(minutes=2), sender="creator")
    save_interaction(**OF_PAIR, type="like", timestamp=at + timedelta(minutes=3))
    say("another fan", pair=Pair("creator-1", "fan-2"))
    say("another creator", pair=Pair("creator-2", FAN))
    reveal = reveals.grant(PAIR, actor="user:1", reason=REASON)
    page = reveals.view(reveal.pk, actor="user:1")
    assert [(it.text, it.what, it.sender) for it in page.said] == [
        ("last", "message", "creator"), ("for you", "tip", "fan"), ("first", "message", "fan"),
    ]  # fmt: skip
    assert page.before is None


def test_pages_hold_everything_once(creator_1, monkeypatch):
    monkeypatch.setattr(reveals, "ON_A_PAGE", 3)
    at = timezone.now() - timedelta(hours=1)
    for number in range(7):
        say(f"message {number}", timestamp=at + timedelta(minutes=number))
        save_interaction(
            **OF_PAIR, type="tip", amount=1, content=f"tip {number}", timestamp=at + timedelta(minutes=number)
        )
    reveal = reveals.grant(PAIR, actor="user:1", reason=REASON)
    said, before, pages = [], None, 0
    while before or not pages:
        page = reveals.view(reveal.pk, actor="user:1", before=before)
        said += page.said
        before, pages = page.before, pages + 1
    assert (len(said), len({it.row for it in said}), pages) == (14, 14, 5)
    assert [it.at for it in said] == sorted((it.at for it in said), reverse=True)


@pytest.mark.parametrize("reason", ["", "x" * 14, " " * 30, "  short reason  "])
def test_a_reason_must_say_something(creator_1, reason):
    say()
    with pytest.raises(InvalidInput, match="15 characters"):
        reveals.grant(PAIR, actor="user:1", reason=reason)
    assert not Reveal.objects.exists()


def test_of_nobody_nothing_is_granted(creator_1):
    with pytest.raises(NotFound):
        reveals.grant(PAIR, actor="user:1", reason=REASON)
    assert not EngagementMetrics.objects.exists()


def test_a_reveal_is_for_one_person_and_for_a_time(creator_1):
    say()
    reveal = reveals.grant(PAIR, actor="user:1", reason=REASON)
    lasts = reveal.expires_at - reveal.granted_at
    assert lasts == timedelta(minutes=settings.REVEAL_MINUTES)
    with pytest.raises(NotFound):
        reveals.view(reveal.pk, actor="user:2")
    with time_machine.travel(reveal.expires_at + timedelta(seconds=1)), pytest.raises(Conflict, match="is over"):
        reveals.view(reveal.pk, actor="user:1")
    assert "reveal.viewed" not in recorded()


def test_every_look_is_told_with_how_much(creator_1):
    say("one")
    say("two")
    reveal = reveals.grant(PAIR, actor="user:1", reason=REASON)
    reveals.view(reveal.pk, actor="user:1")
    told = PendingAudit.objects.filter(action__startswith="reveal.").order_by("id")
    subject = processing.subject(PAIR)
    assert [(it.action, it.actor, it.subject) for it in told] == [
        ("reveal.granted", "user:1", subject), ("reveal.viewed", "user:1", subject),
    ]  # fmt: skip
    assert told[0].details == {"reveal": str(reveal.pk), "minutes": settings.REVEAL_MINUTES}
    assert told[1].details == {"reveal": str(reveal.pk), "count": 2}


def test_a_text_that_does_not_open_hides_no_other(creator_1):
    say("one")
    say("two")
    rows = FanMemory.objects.order_by("created_at")
    sealed = rows.values_list("message_content", flat=True)
    FanMemory.objects.filter(pk=rows[0].pk).update(message_content=sealed[1])
    reveal = reveals.grant(PAIR, actor="user:1", reason=REASON)
    assert [it.text for it in reveals.view(reveal.pk, actor="user:1").said] == ["two", None]


@pytest.mark.django_db(transaction=True)
def test_an_erasure_ends_a_reveal(creator_1):
    say()
    reveal = reveals.grant(PAIR, actor="user:1", reason=REASON)
    erasing.erase_now(PAIR, requested_by="user:2", reason="test")
    with pytest.raises(NotFound):
        reveals.view(reveal.pk, actor="user:1")


@pytest.mark.parametrize("table", ["fan_memories", "interactions", "engagement_metrics"])
def test_a_row_leads_to_its_fan(creator_1, table):
    say()
    save_interaction(**OF_PAIR, type="tip", amount=1)
    models = {it._meta.db_table: it for it in (FanMemory, Interaction, EngagementMetrics)}
    assert reveals.find_pair(table, str(models[table].objects.get().pk)) == PAIR


@pytest.mark.parametrize(("table", "row"), [("users", "1"), ("fan_memories", "x"), ("engagement_metrics", "0")])
def test_what_is_no_row_of_a_fan_leads_nowhere(creator_1, table, row):
    with pytest.raises(NotFound):
        reveals.find_pair(table, row)


# ---- the pages


def test_support_reveals_with_a_reason(support, creator_1):
    say(f"hello {SCRIPT}")
    row = FanMemory.objects.get()
    shown = text(support.get(reverse("admin:memory_fanmemory_change", args=[row.pk])))
    assert ask(row) in shown
    assert "hello" not in shown
    page = support.post(ask(row), {"reason": REASON}, follow=True)
    assert page.redirect_chain == [(url("reveal_content", Reveal.objects.get().pk), 302)]
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in text(page)
    assert SCRIPT not in text(page)
    assert f"in {settings.REVEAL_MINUTES - 1} min" in text(page)
    assert "no-store" in page.headers["Cache-Control"]
    assert 0 < int(page.headers["Refresh"]) <= settings.REVEAL_MINUTES * 60 + 1


def test_without_a_reason_nothing_is_shown(support, creator_1):
    say("hello you")
    page = support.post(ask(FanMemory.objects.get()), {"reason": "because"}, follow=True)
    assert "at least 15 characters" in text(page)
    assert "hello you" not in text(page)
    assert not Reveal.objects.exists()


def test_when_the_time_is_over_the_page_is_refused_in_words(support, creator_1):
    say("hello you")
    reveal = granted(support)
    Reveal.objects.update(expires_at=timezone.now())
    page = support.get(url("reveal_content", reveal.pk), follow=True)
    assert "The time of this reveal is over." in text(page)
    assert "hello you" not in text(page)


def test_who_may_not_sees_no_link_and_no_page(plain, staff, creator_1):
    from django.contrib.auth.models import Permission

    say()
    row = FanMemory.objects.get()
    looker = staff("looker")
    looker.user.user_permissions.set(Permission.objects.filter(codename="view_fanmemory"))
    page = looker.get(reverse("admin:memory_fanmemory_change", args=[row.pk]))
    assert page.status_code == 200
    assert ask(row) not in text(page)
    assert looker.post(ask(row), {"reason": REASON}).status_code == 403
    assert not Reveal.objects.exists()


def test_a_reveal_of_another_is_not_there(support, staff, creator_1):
    say("hello you")
    reveal = granted(support)
    assert staff("other", "Support").get(url("reveal_content", reveal.pk)).status_code == 404


def test_a_permission_that_was_taken_away_ends_it(support, creator_1):
    say()
    reveal = granted(support)
    support.user.groups.clear()
    assert support.get(url("reveal_content", reveal.pk)).status_code == 403


def test_a_restriction_and_a_hold_are_told(support, creator_1):
    say()
    row = FanMemory.objects.get()
    processing.restrict(PAIR, reason="wrong", actor="user:1")
    holds.place(**OF_PAIR, matter="m", ground="g", review_on=date(2100, 1, 1), actor="user:1")
    for page in (support.get(ask(row)), support.post(ask(row), {"reason": REASON}, follow=True)):
        assert "restricted (Art. 18)" in text(page)
        assert "A legal hold stands" in text(page)


def test_the_pages_lead_on_and_a_broken_place_is_the_first(support, creator_1, monkeypatch):
    monkeypatch.setattr(reveals, "ON_A_PAGE", 2)
    for number in range(3):
        say(f"message {number}")
    address = url("reveal_content", granted(support).pk)
    first = support.get(address)
    assert "message 2" in text(first)
    assert "message 0" not in text(first)
    second = support.get(address, {"before": first.context["before"]})
    assert "message 0" in text(second)
    assert "Earlier" not in text(second)
    for broken in ("x", "x_y", "2026-01-01_z", "_"):
        assert "message 2" in text(support.get(address, {"before": broken}))


def test_the_officer_reads_the_reason_and_support_does_not(support, dpo, creator_1):
    say()
    reveal = granted(support)
    assert REASON in text(dpo.get(url("reveal_change", reveal.pk)))
    assert f"sam (user:{support.user.pk})" in text(dpo.get(url("reveal_change", reveal.pk)))
    assert support.get(url("reveal_change", reveal.pk)).status_code == 403


def test_what_is_no_row_of_a_fan_has_no_page(support, creator_1):
    assert support.get(url("reveal_ask", "auth_user", "1")).status_code == 404
