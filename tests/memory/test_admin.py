"""The admin pages of memory: found by id, changed by nobody, silent about what was said."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import User
from memory.admin import OfPairAdmin
from memory.models import CreatorPersona, EngagementMetrics, FanMemory
from memory.services.personality import update_personality
from memory.services.preferences import update_preferences

CANARY = "quokka-in-the-quarry"
PAGES = (
    "fanmemory",
    "interaction",
    "fanpreferences",
    "personalityprofile",
    "personalitychange",
    "engagementmetrics",
    "emotionalstate",
)


@pytest.fixture
def remembered(service):
    """A fan with the canary in every text that was said or set."""
    service.say("fan-1", f"I saw a {CANARY}", metadata={"note": CANARY})
    service.post(
        "/api/of-memory/interaction",
        {"fanId": "fan-1", "type": "purchase", "amount": 9.99, "content": CANARY, "metadata": {"category": CANARY}},
    )
    update_preferences(fan_id="fan-1", creator_id="creator-1", patch={"contentPreferences": {CANARY: 0.9}})
    update_personality(fan_id="fan-1", creator_id="creator-1", traits={"preferred_emojis": [CANARY]}, actor="user:1")


@pytest.fixture
def support(db):
    user = User.objects.create_user("support", password="pw", is_staff=True)
    user.groups.add(Group.objects.get(name="Support"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def superuser(db):
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="pw"))
    return client


@pytest.mark.parametrize("page", PAGES)
def test_support_finds_a_fan_but_not_what_was_said(page, support, remembered):
    listed = support.get(reverse(f"admin:memory_{page}_changelist"), {"q": "fan-1"})
    assert listed.status_code == 200
    assert CANARY not in listed.content.decode()
    model = listed.context["cl"].model
    for row in model.objects.all():
        shown = support.get(reverse(f"admin:memory_{page}_change", args=[row.pk]))
        assert shown.status_code == 200
        assert "fan-1" in shown.content.decode()
        assert CANARY not in shown.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_nobody_changes_memory_by_hand_not_even_by_post(page, superuser, remembered):
    add = superuser.post(reverse(f"admin:memory_{page}_add"), {"fan_id": "x", "creator_id": "y"})
    assert add.status_code == 403
    row = superuser.get(reverse(f"admin:memory_{page}_changelist")).context["cl"].model.objects.first()
    if row is None:
        return
    assert superuser.post(reverse(f"admin:memory_{page}_change", args=[row.pk]), {"fan_id": "x"}).status_code == 403
    assert superuser.post(reverse(f"admin:memory_{page}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk, fan_id="fan-1").exists()


def test_every_table_of_pairs_has_a_page_that_only_shows():
    from django.contrib import admin

    registered = {
        model._meta.model_name for model, page in admin.site._registry.items() if isinstance(page, OfPairAdmin)
    }
    assert registered >= set(PAGES)


def test_a_list_costs_the_same_for_one_row_and_for_fifty(superuser, service, django_assert_max_num_queries):
    for number in range(50):
        service.say(f"fan-{number}")
    with django_assert_max_num_queries(8):
        superuser.get(reverse("admin:memory_fanmemory_changelist"))


def test_the_fan_page_leads_to_the_rows_of_the_same_fan(superuser, service):
    service.say("fan-1")
    service.say("fan-2")
    page = superuser.get(
        reverse("admin:memory_engagementmetrics_change", args=[EngagementMetrics.objects.get(fan_id="fan-1").pk])
    ).content.decode()
    assert "creator_id=creator-1&amp;fan_id=fan-1" in page
    linked = superuser.get(reverse("admin:memory_fanmemory_changelist"), {"creator_id": "creator-1", "fan_id": "fan-1"})
    assert list(linked.context["cl"].queryset) == list(FanMemory.objects.filter(fan_id="fan-1"))


@pytest.mark.django_db(transaction=True)
def test_a_new_persona_shows_in_the_very_next_context(superuser, service):
    service.say("fan-1")
    assert service.context("fan-1")["personalityProfile"]["tone"] == "friendly"
    answer = superuser.post(
        reverse("admin:memory_creatorpersona_add"),
        {
            "creator_id": "creator-1",
            "tone": "playful",
            "emoji_frequency": "0.3",
            "message_length_preference": "short",
            "punctuation_style": "minimal",
            "preferred_emojis": "[]",
            "response_speed": "quick",
        },
    )
    assert answer.status_code == 302, answer.content
    assert CreatorPersona.objects.get().tone == "playful"
    assert service.context("fan-1")["personalityProfile"]["tone"] == "playful"
