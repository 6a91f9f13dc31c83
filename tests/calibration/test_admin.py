"""The admin pages of learning: numbers and times, no words; escalations are cleared here, failed pairs tried again."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from calibration.models import CreatorPriors, Escalation, LearntState, ToneDecision
from calibration.services.due import DUE
from calibration.services.feedback import give_feedback
from calibration.services.states import note_failure
from memory.models import EngagementMetrics, FanMemory
from privacy.domain import Pair
from tests.calibration.support import OF, learn_all, say, state_of

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "quokka-in-the-quarry"
PAIR = Pair(OF["creator_id"], OF["fan_id"])
PAGES = ("learntstate", "tonedecision", "escalation", "feedback", "creatorpriors")


def page(model, name, *args):
    return reverse(f"admin:calibration_{model}_{name}", args=args)


def text(answer):
    return answer.content.decode()


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def support(db):
    user = User.objects.create_user("support", password="pw", is_staff=True)
    user.groups.add(Group.objects.get(name="Support"))
    return client_of(user)


@pytest.fixture
def plain(db):
    return client_of(User.objects.create_user("plain", password="pw", is_staff=True))


@pytest.fixture
def root(db):
    return client_of(User.objects.create_superuser("root", password="pw"))


@pytest.fixture
def learnt(creator_1):
    """A fan in distress, of whom all pages have a row."""
    for minute in range(8):
        say(f"I can't cope anymore, said the {CANARY}", minute)
    learn_all()
    told = {"turn": 1, "tone": "playful", "propensity": 0.4, "propensities": {CANARY: 0.4}}
    ToneDecision.objects.create(**OF, **told)
    give_feedback(**OF, about="recommendation", reference=CANARY, verdict="wrong", value=CANARY, actor="user:1")
    CreatorPriors.objects.create(creator_id=OF["creator_id"], pair_count=20)
    return Escalation.objects.order_by("occurred_at").first()


@pytest.mark.parametrize("model", PAGES)
def test_support_sees_rows_but_not_what_was_said(model, support, learnt):
    listed = support.get(page(model, "changelist"))
    assert listed.status_code == 200
    assert CANARY not in text(listed)
    rows = list(listed.context["cl"].result_list)
    assert rows
    shown = support.get(page(model, "change", rows[0].pk))
    assert shown.status_code == 200
    assert CANARY not in text(shown)


@pytest.mark.parametrize("model", PAGES)
def test_staff_without_a_group_sees_nothing(model, plain, learnt):
    assert plain.get(page(model, "changelist")).status_code == 403


@pytest.mark.parametrize("model", PAGES)
def test_nobody_edits_here(model, root, learnt):
    row = root.get(page(model, "changelist")).context["cl"].result_list[0]
    assert root.get(page(model, "add")).status_code == 403
    assert root.post(page(model, "change", row.pk), {"creator_id": "x"}).status_code == 403
    assert root.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk, creator_id=OF["creator_id"]).exists()


def test_the_fan_page_leads_to_what_was_learnt(support, learnt):
    fan = EngagementMetrics.objects.get(**OF)
    shown = text(support.get(reverse("admin:memory_engagementmetrics_change", args=[fan.pk])))
    for model in ("learntstate", "tonedecision", "escalation", "feedback"):
        assert f"{page(model, 'changelist')}?creator_id=creator-1&amp;fan_id=fan-1" in shown


# ---- how far learning is


def test_the_list_shows_how_far_learning_is_behind(support, learnt):
    say("one more", 60)
    say("and another", 61)
    row = support.get(page("learntstate", "changelist")).context["cl"].result_list[0]
    assert row.totals[PAIR] - row.folded_count == 2
    assert "Not learnt yet" in text(support.get(page("learntstate", "change", row.pk)))


def test_the_list_costs_the_same_for_many_pairs(support, creator_1, django_assert_max_num_queries):
    for number in range(20):
        say("hello", fan_id=f"fan-{number}")
    learn_all()
    with django_assert_max_num_queries(10):
        assert len(support.get(page("learntstate", "changelist")).context["cl"].result_list) == 20


def test_failed_pairs_are_found_and_tried_again(root, learnt):
    for _ in range(8):
        note_failure(PAIR, "ValueError")
    assert len(root.get(page("learntstate", "changelist"), {"state": "given-up"}).context["cl"].result_list) == 1
    assert len(root.get(page("learntstate", "changelist"), {"state": "anew"}).context["cl"].result_list) == 0
    chosen = {"action": "try_again", "_selected_action": [state_of().pk]}
    answer = root.post(page("learntstate", "changelist"), chosen, follow=True)
    assert "1 of them had failed" in text(answer)
    assert state_of().failure_count == 0
    assert DUE.take(10) == [EngagementMetrics.objects.get(**OF).pk]


def test_who_may_only_look_tries_nothing_again(support, learnt):
    note_failure(PAIR, "ValueError")
    assert "try_again" not in text(support.get(page("learntstate", "changelist")))
    chosen = {"action": "try_again", "_selected_action": [state_of().pk]}
    support.post(page("learntstate", "changelist"), chosen)
    assert state_of().failure_count == 1


# ---- escalations


def test_open_ones_come_first_gravest_of_them_first(support, learnt):
    now = timezone.now()
    told = {**OF, "kind": "distress", "occurred_at": now}
    Escalation.objects.all().delete()
    for number, (severity, cleared_at) in enumerate([(0.9, now), (0.2, None), (0.7, None), (0.8, now)]):
        Escalation.objects.create(**told, severity=severity, cleared_at=cleared_at, message_id=f"{number:032x}")
    rows = support.get(page("escalation", "changelist")).context["cl"].result_list
    assert [row.severity for row in rows] == [0.7, 0.2, 0.9, 0.8]
    for state, severities in (("open", [0.7, 0.2]), ("cleared", [0.9, 0.8])):
        rows = support.get(page("escalation", "changelist"), {"state": state}).context["cl"].result_list
        assert [row.severity for row in rows] == severities


def test_support_reads_the_message_for_a_reason_and_clears(support, learnt):
    shown = text(support.get(page("escalation", "change", learnt.pk)))
    reveal = reverse("admin:privacy_reveal_ask", args=["fan_memories", learnt.message_id])
    assert reveal in shown
    assert page("escalation", "clear", learnt.pk) in shown
    assert support.get(reveal).status_code == 200
    asked = text(support.get(page("escalation", "clear", learnt.pk)))
    assert reveal in asked
    assert CANARY not in asked
    answer = support.post(page("escalation", "clear", learnt.pk), {"note": f"Called the {CANARY}."}, follow=True)
    assert "Cleared." in text(answer)
    learnt.refresh_from_db()
    assert learnt.cleared_by == f"user:{User.objects.get(username='support').pk}"
    assert learnt.note == f"Called the {CANARY}."
    shown = text(support.get(page("escalation", "change", learnt.pk)))
    assert page("escalation", "clear", learnt.pk) not in shown
    assert CANARY not in shown
    assert "It was cleared on" in text(support.get(page("escalation", "clear", learnt.pk)))


def test_once_everything_is_cleared_selling_may_go_on(support, learnt):
    assert EngagementMetrics.objects.get(**OF).selling_stopped
    for row in Escalation.objects.all():
        support.post(page("escalation", "clear", row.pk), {"note": "Talked to them."})
    assert not EngagementMetrics.objects.get(**OF).selling_stopped


def test_a_note_is_asked_for(support, learnt):
    assert "This field is required" in text(support.post(page("escalation", "clear", learnt.pk), {}))
    assert Escalation.objects.get(pk=learnt.pk).cleared_at is None


def test_who_may_not_clear_does_not_even_by_post(plain, learnt):
    plain_user = User.objects.get(username="plain")
    plain_user.user_permissions.add(Permission.objects.get(codename="view_escalation"))
    shown = text(plain.get(page("escalation", "change", learnt.pk)))
    assert page("escalation", "clear", learnt.pk) not in shown
    assert "reveal/of" not in shown
    for method in (plain.get, plain.post):
        assert method(page("escalation", "clear", learnt.pk), {"note": "x"}).status_code == 403
    assert Escalation.objects.get(pk=learnt.pk).cleared_at is None


def test_who_may_clear_but_not_reveal_gets_no_way_to_the_message(plain, learnt):
    may = Permission.objects.filter(codename__in=["view_escalation", "change_escalation"])
    User.objects.get(username="plain").user_permissions.set(may)
    assert "reveal/of" not in text(plain.get(page("escalation", "clear", learnt.pk)))


def test_other_methods_and_rows_that_are_not_there(root, learnt):
    assert root.put(page("escalation", "clear", learnt.pk)).status_code == 405
    assert root.get(page("escalation", "clear", "00000000-0000-0000-0000-000000000000")).status_code == 404
    away = root.get(page("escalation", "change", "00000000-0000-0000-0000-000000000000"))
    assert away.status_code == 302


def test_a_refusal_is_said_in_the_form(root, learnt):
    EngagementMetrics.objects.filter(**OF).delete()
    answer = root.post(page("escalation", "clear", learnt.pk), {"note": "Talked to them."})
    assert "Nothing is known about this fan." in text(answer)
    assert Escalation.objects.get(pk=learnt.pk).cleared_at is None


def test_the_link_leads_to_a_message_that_is_there(learnt):
    assert FanMemory.objects.filter(pk=learnt.message_id).exists()
    assert LearntState.objects.filter(updated_at__gt=timezone.now() - timedelta(minutes=5)).exists()
