"""What a fan restricted or objected to is kept from everybody who asks, and what was tampered with is never shown."""

import pytest
from django.db import connection

from memory.models import EngagementMetrics, FanMemory
from memory.services.context import get_memories_for_fans
from privacy.domain import Limit
from privacy.keys import keyring
from privacy.keys.models import DataKey
from privacy.services import processing
from tests.memory.support import PAIR, QUERY, A, B, refused

pytestmark = pytest.mark.django_db(transaction=True)
READS = ["context", "messages", "preferences", "personality", "personality/history", "engagement-score"]


@pytest.fixture
def fan(service):
    service.say("fan-1", "something private")
    service.patch(f"{B}/preferences", {"fanId": "fan-1", "topicInterests": {"sailing": 0.9}})
    service.patch(f"{B}/personality", {"fanId": "fan-1", "tone": "playful"})
    EngagementMetrics.objects.update(engagement_score=0.9)
    assert service.context("fan-1")["processing"] == {"restricted": False, "profiling": True}


class TestRestricted:
    @pytest.fixture(autouse=True)
    def _restricted(self, fan):
        processing.restrict(PAIR, reason="accuracy is disputed", actor="user:1")

    @pytest.mark.parametrize("part", READS)
    def test_nothing_is_read(self, service, part):
        answer = service.get(f"{B}/{part}{QUERY}")
        assert refused(answer, 409, "CONFLICT")
        assert answer.json()["details"]["reason"] == "restricted"

    def test_a_list_leaves_the_fan_out(self, service):
        service.say("fan-2")
        found = service.post(f"{B}/bulk", {"fanIds": ["fan-1", "fan-2"]}).json()
        assert (found["count"], list(found["data"])) == (1, ["fan-2"])
        assert list(get_memories_for_fans(fan_ids=["fan-1", "fan-2"], creator_id="creator-1")) == ["fan-2"]

    @pytest.mark.parametrize(("path", "body"), [("preferences", {"topicInterests": {}}), ("personality", {})])
    def test_nothing_is_changed_by_hand(self, service, path, body):
        assert refused(service.patch(f"{B}/{path}", {"fanId": "fan-1", **body}), 409, "CONFLICT")

    def test_what_comes_in_is_stored_and_not_shown(self, service):
        answer = service.post(A, {"content": "still kept"})
        assert answer.status_code == 201
        shown = answer.json()["data"]
        assert shown["processing"] == {"restricted": True, "profiling": False}
        assert (shown["recentMessages"], shown["preferences"]["topicInterests"]) == ([], {})
        assert shown["engagementMetrics"]["totalMessages"] == 0
        processing.unrestrict(PAIR, actor="user:1")
        assert [m["content"] for m in service.context("fan-1")["recentMessages"]] == ["something private", "still kept"]

    def test_the_fan_can_have_it_all_the_same(self, service):
        exported = service.post(f"{B}/export", {"fanId": "fan-1"})
        assert exported.status_code == 200
        assert "something private" in exported.content.decode()


class TestObjected:
    @pytest.fixture(autouse=True)
    def _objected(self, fan):
        processing.object_to_profiling(PAIR, reason="no profiling", actor="user:1")

    def test_the_context_holds_no_profile(self, service):
        found = service.context("fan-1")
        assert found["processing"] == {"restricted": False, "profiling": False}
        assert [m["content"] for m in found["recentMessages"]] == ["something private"]
        assert found["personalityProfile"]["tone"] == "friendly"
        assert found["preferences"]["topicInterests"] == {}
        assert found["engagementMetrics"]["engagementScore"] == 0.5

    def test_nor_does_any_part(self, service):
        data = {part: service.get(f"{B}/{part}{QUERY}").json()["data"] for part in READS[2:]}
        assert data["preferences"]["topicInterests"] == {}
        assert data["personality"]["tone"] == "friendly"
        assert data["engagement-score"]["score"] == 0.5


def test_a_new_fan_is_limited_from_the_first_message(service, settings):
    settings.CONSENT_REQUIRED = True
    answer = service.post(A, {"content": "hello"})
    assert refused(answer, 409, "CONFLICT")
    assert answer.json()["details"] == {"reason": "not_consented", "purpose": "memory"}
    assert not EngagementMetrics.objects.exists()
    assert not FanMemory.objects.exists()


def test_of_what_was_not_consented_to_only_that_is_off(service, settings):
    settings.CONSENT_REQUIRED = True
    given = {"fanId": "fan-1", "purpose": "memory", "action": "given", "method": "checkbox"}
    assert service.post(f"{B}/consents", given).status_code in (200, 201)
    service.say("fan-1")
    limits = Limit(EngagementMetrics.objects.get().limits)
    assert limits == Limit.NO_PERSONALISATION | Limit.NO_EMOTION_ANALYSIS | Limit.NO_PURCHASE_PROFILING


class TestTampered:
    """A16: what is stored was changed behind our back."""

    @pytest.fixture(autouse=True)
    def _two_fans(self, fan, service):
        service.say("fan-1", "the second")
        service.say("fan-2", "of somebody else")

    def degraded(self, service):
        keyring.forget_all()
        from ofmemory.infra.cache.client import client

        client().flushdb()
        found = service.context("fan-1")
        assert found["recentMessages"] == []
        return found["degraded"]

    def test_one_byte(self, service):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE fan_memories SET message_content = set_byte(message_content, length(message_content) - 1,"
                " 255 - get_byte(message_content, length(message_content) - 1)) WHERE fan_id = 'fan-1'"
            )
        assert self.degraded(service) == ["recentMessages"]

    @pytest.mark.parametrize("other", ["fan-1", "fan-2"])
    def test_text_of_another_row(self, service, other):
        source = FanMemory.objects.filter(fan_id=other).order_by("-created_at").values_list("id", flat=True)[0]
        target = FanMemory.objects.filter(fan_id="fan-1").order_by("created_at").values_list("id", flat=True)[0]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE fan_memories SET message_content = (SELECT message_content FROM fan_memories WHERE id = %s)"
                " WHERE id = %s",
                [source, target],
            )
        assert self.degraded(service) == ["recentMessages"]

    def test_the_key_is_gone(self, service):
        DataKey.objects.filter(subject=keyring.subject_of(PAIR)).delete()
        assert set(self.degraded(service)) == {"recentMessages", "personalityProfile", "preferences"} - {
            "personalityProfile"  # holds nothing that is sealed
        }
