"""Consents: the latest holds, in whatever order they arrive; withdrawing one takes effect at once."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from memory.models import (
    EmotionalState,
    EngagementMetrics,
    FanMemory,
    FanPreferences,
    PersonalityChange,
    PersonalityProfile,
)
from ofmemory.errors import Conflict, InvalidInput
from privacy import tasks
from privacy.domain import Limit, Origin, Pair, Purpose, RequestKind, RequestStatus, allows
from privacy.errors import Erased, NotConsented
from privacy.keys.models import Erasure
from privacy.models import Consent, DataRequest, Notice, PendingAudit
from privacy.registry import Personal, tables
from privacy.services import holds, processing
from privacy.services.consents import get_consents, publish_notice, receipt_of
from privacy.services.erasing import erase_now
from tests.privacy.rights.support import (
    CANARY,
    DPO,
    GIVEN,
    OF_PAIR,
    PAIR,
    WITHDRAWN,
    decide,
    learn,
    limits,
    recorded,
    say,
)

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


# ---- notices


def test_a_notice_is_published_once():
    notice = publish_notice(creator_id="creator-1", version="1", language="en", text="We remember.", actor=DPO)
    assert publish_notice(creator_id="creator-1", version="1", language="en", text="We remember.", actor=DPO) == notice
    with pytest.raises(Conflict):
        publish_notice(creator_id="creator-1", version="1", language="en", text="Other words.", actor=DPO)
    assert Notice.objects.get().text == "We remember."
    assert recorded() == ["notice.published"]


def test_a_notice_needs_a_text():
    with pytest.raises(InvalidInput):
        publish_notice(creator_id="creator-1", version="1", language="en", text=" ", actor=DPO)


def test_a_consent_names_the_notice_that_was_shown():
    publish_notice(creator_id="creator-1", version="1", language="en", text="We remember.", actor=DPO)
    notice = publish_notice(creator_id="creator-1", version="1", language="fr", text="On se souvient.", actor=DPO)
    consent = decide(Purpose.MEMORY, GIVEN, notice_version="1", language="fr")
    assert bytes(consent.notice_digest) == bytes(notice.digest)
    assert receipt_of(consent)["notice"]["language"] == "fr"


@pytest.mark.parametrize("named", [{"notice_version": "2"}, {"notice_version": "1", "language": "de"}])
def test_a_notice_that_was_never_published(named):
    publish_notice(creator_id="creator-1", version="1", language="en", text="We remember.", actor=DPO)
    with pytest.raises(InvalidInput, match="noticeVersion"):
        decide(Purpose.MEMORY, GIVEN, **named)
    assert not Consent.objects.exists()


# ---- which holds


def test_a_consent_from_the_future_is_refused():
    with pytest.raises(InvalidInput, match="expressedAt"):
        decide(Purpose.MEMORY, GIVEN, ago=-DAY)


def test_the_latest_expressed_holds():
    decide(Purpose.EMOTION_ANALYSIS, WITHDRAWN, ago=DAY)
    decide(Purpose.EMOTION_ANALYSIS, GIVEN, ago=2 * DAY)
    states = {state.purpose: state for state in get_consents(PAIR)}
    assert states[Purpose.EMOTION_ANALYSIS].action == WITHDRAWN
    assert not states[Purpose.EMOTION_ANALYSIS].permitted
    assert states[Purpose.MEMORY].action is None
    assert states[Purpose.MEMORY].permitted
    decide(Purpose.EMOTION_ANALYSIS, GIVEN)
    assert processing.permitted(PAIR, Purpose.EMOTION_ANALYSIS)
    assert Consent.objects.count() == 3, "history is only added to"


@pytest.mark.django_db(transaction=False)
@given(st.data())
def test_any_order_of_arrival_ends_the_same(data: Any):
    """The same decisions, told in another order, permit the same."""
    decisions = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from([purpose for purpose in Purpose if purpose is not Purpose.MEMORY]),
                st.sampled_from([GIVEN, WITHDRAWN]),
                st.integers(1, 10_000),
            ),
            max_size=6,
            unique_by=lambda decision: decision[2],
        )
    )
    first, second = Pair("creator-1", "order-1"), Pair("creator-1", "order-2")
    for pair, order in ((first, decisions), (second, data.draw(st.permutations(decisions)))):
        Consent.objects.filter(fan_id=pair.fan_id).delete()
        for purpose, action, minutes in order:
            decide(purpose, action, pair=pair, ago=timedelta(minutes=minutes))
    assert processing.limits_of(first) == processing.limits_of(second)
    if decisions:
        assert limits(first) == limits(second) == processing.limits_of(first)
    latest = {purpose: action for purpose, action, _ in sorted(decisions, key=lambda one: -one[2])}
    assert processing.states_of(first) == latest


# ---- what it means


def test_without_a_word_all_is_permitted_unless_consent_is_required(settings):
    assert processing.limits_of(PAIR) == Limit.NONE
    settings.CONSENT_REQUIRED = True
    assert processing.limits_of(PAIR) == (
        Limit.NO_MEMORY | Limit.NO_PERSONALISATION | Limit.NO_EMOTION_ANALYSIS | Limit.NO_PURCHASE_PROFILING
    )


def test_no_consent_no_write(settings):
    settings.CONSENT_REQUIRED = True
    with pytest.raises(NotConsented):
        say()
    assert not FanMemory.objects.exists()
    decide(Purpose.MEMORY, GIVEN)
    say()
    assert FanMemory.objects.count() == 1
    assert processing.permitted(PAIR, Purpose.MEMORY)
    assert not processing.permitted(PAIR, Purpose.PERSONALISATION)


@given(st.integers(0, 63), st.sampled_from(list(Purpose)))
def test_no_limit_ever_permits_more(bits, purpose):
    held = Limit(bits)
    for extra in Limit:
        assert allows(held, purpose) or not allows(held | extra, purpose)
    assert not allows(held | Limit.RESTRICTED, purpose)
    assert not allows(held | Limit.NO_MEMORY, purpose)


def test_objection_stops_profiling_and_not_memory():
    say()
    processing.object_to_profiling(PAIR, reason="no ads", actor=DPO)
    assert limits() == Limit.OBJECTED
    assert [purpose for purpose in Purpose if processing.permitted(PAIR, purpose)] == [Purpose.MEMORY]
    processing.object_to_profiling(PAIR, reason="again", actor=DPO)
    processing.withdraw_objection(PAIR, actor=DPO)
    assert limits() == Limit.NONE
    told = [action for action in recorded() if action.startswith(("processing", "limits"))]
    assert told == [
        *("processing.objected", "limits.changed"),
        *("processing.objection_withdrawn", "limits.changed"),
    ]


def test_restriction_stops_everything():
    say()
    processing.restrict(PAIR, reason="contested", actor=DPO)
    assert limits() == Limit.RESTRICTED
    assert not any(processing.permitted(PAIR, purpose) for purpose in Purpose)
    processing.unrestrict(PAIR, actor=DPO)
    assert limits() == Limit.NONE


def test_restriction_and_objection_do_not_undo_each_other():
    processing.restrict(PAIR, reason="contested", actor=DPO)
    processing.object_to_profiling(PAIR, reason="no ads", actor=DPO)
    processing.unrestrict(PAIR, actor=DPO)
    assert limits() == Limit.OBJECTED


def test_apply_follows_a_change_of_the_settings(settings):
    say()
    settings.CONSENT_REQUIRED = True
    assert limits() == Limit.NONE
    processing.apply(PAIR)
    assert Limit.NO_MEMORY in Limit(limits())


# ---- withdrawing


def inferred_for(purpose: Purpose) -> list[str]:
    """Return every inferred value of the pair for the purpose that is not its column's empty value."""
    found = []
    for table in tables():
        for name, it in table.fields.items():
            if isinstance(it, Personal) and it.origin is Origin.INFERRED and it.purpose is purpose:
                column = table.model._meta.get_field(name)
                found += [
                    f"{table.model.__name__}.{name}"
                    for row in table.of_pair(PAIR)
                    if getattr(row, name) != column.get_default() and name != "last_updated"
                ]
    return found


@pytest.mark.parametrize("purpose", processing.DERIVING)
def test_withdrawing_removes_what_was_inferred_for_the_purpose_and_nothing_else(purpose):
    say("I like cats")
    learn()
    kept = {other: inferred_for(other) for other in processing.DERIVING if other is not purpose}
    assert inferred_for(purpose)
    decide(purpose, WITHDRAWN)
    assert inferred_for(purpose) == []
    assert {other: inferred_for(other) for other in kept} == kept
    assert FanMemory.objects.get().message_content == "I like cats"
    assert EngagementMetrics.objects.get().total_messages == 1
    assert "inferences.removed" in recorded()


def test_withdrawing_all_leaves_no_inference_anywhere():
    say()
    learn()
    for purpose in processing.DERIVING:
        decide(purpose, WITHDRAWN)
    assert not PersonalityProfile.objects.exists()
    assert not PersonalityChange.objects.exists()
    assert not EmotionalState.objects.exists()
    assert CANARY not in str(FanPreferences.objects.values_list("topic_interests", "purchase_patterns"))
    assert FanMemory.objects.get().sentiment is None


def test_an_older_withdrawal_that_arrives_late_removes_nothing():
    say()
    learn()
    decide(Purpose.PERSONALISATION, GIVEN)
    decide(Purpose.PERSONALISATION, WITHDRAWN, ago=DAY)
    assert PersonalityProfile.objects.exists()


def test_under_a_hold_it_waits_for_the_release():
    say()
    learn()
    hold = holds.place(**OF_PAIR, matter="claim", ground="Art. 17(3)(e)", review_on=date(2030, 1, 1), actor=DPO)
    decide(Purpose.EMOTION_ANALYSIS, WITHDRAWN)
    assert limits() == Limit.NO_EMOTION_ANALYSIS
    assert EmotionalState.objects.exists()
    assert "inferences.kept" in recorded()
    assert processing.carry_out_late() == 0
    assert EmotionalState.objects.exists()
    holds.release(hold.id, actor=DPO)
    assert tasks.carry_out_late_consents() == 1
    assert not EmotionalState.objects.exists()
    assert FanMemory.objects.get().sentiment is None
    assert processing.carry_out_late() == 0


def test_an_erasure_under_way_takes_what_is_owed_with_it():
    say()
    learn()
    hold = holds.place(**OF_PAIR, matter="claim", ground="Art. 17(3)(e)", review_on=date(2030, 1, 1), actor=DPO)
    decide(Purpose.EMOTION_ANALYSIS, WITHDRAWN)
    holds.release(hold.id, actor=DPO)
    Erasure.objects.create(id=hold.id, subject=_subject())
    assert processing.carry_out_late() == 0
    assert processing.apply_everywhere() == 1


def test_what_was_given_again_meanwhile_stays():
    say()
    learn()
    hold = holds.place(**OF_PAIR, matter="claim", ground="Art. 17(3)(e)", review_on=date(2030, 1, 1), actor=DPO)
    decide(Purpose.EMOTION_ANALYSIS, WITHDRAWN)
    decide(Purpose.EMOTION_ANALYSIS, GIVEN)
    holds.release(hold.id, actor=DPO)
    assert processing.carry_out_late() == 0
    assert EmotionalState.objects.exists()


def test_withdrawing_memory_asks_for_erasure_and_stops_writes():
    say()
    decide(Purpose.MEMORY, WITHDRAWN)
    request = DataRequest.objects.get()
    assert (request.kind, request.status) == (RequestKind.ERASURE, RequestStatus.RECEIVED)
    assert limits() == Limit.NO_MEMORY
    with pytest.raises(NotConsented):
        say()
    decide(Purpose.MEMORY, WITHDRAWN)
    assert DataRequest.objects.count() == 1


# ---- after an erasure


def erased() -> None:
    say()
    assert erase_now(PAIR, requested_by=DPO, reason="test").status == RequestStatus.COMPLETED


def test_a_later_consent_to_memory_lifts_an_erasure():
    erased()
    with pytest.raises(Erased):
        say()
    decide(Purpose.MEMORY, GIVEN)
    assert Erasure.objects.get().lifted_at is not None
    say("again")
    assert [row.message_content for row in FanMemory.objects.all()] == ["again"]
    assert "erasure.lifted" in recorded()


@pytest.mark.parametrize(
    ("purpose", "action", "ago"),
    [
        (Purpose.MEMORY, GIVEN, DAY),
        (Purpose.MEMORY, WITHDRAWN, timedelta()),
        (Purpose.PERSONALISATION, GIVEN, timedelta()),
    ],
)
def test_nothing_else_lifts_it(purpose, action, ago):
    erased()
    with pytest.raises(Erased):
        decide(purpose, action, ago=ago)
    assert Erasure.objects.get().lifted_at is None
    assert not Consent.objects.exists()
    assert not EngagementMetrics.objects.exists()


def test_an_erasure_under_way_is_not_lifted():
    say()
    Erasure.objects.create(id="0198f0c0-0000-7000-8000-000000000000", subject=_subject())
    with pytest.raises(Erased):
        decide(Purpose.MEMORY, GIVEN)


def test_a_lift_is_taken_back_when_the_consent_is_not_stored():
    erased()
    with pytest.raises(Exception, match="value too long"):
        decide(Purpose.MEMORY, GIVEN, method="x" * 100)
    assert Erasure.objects.get().lifted_at is None


def _subject() -> bytes:
    from privacy.keys.keyring import subject_of

    return subject_of(PAIR)


# ---- proofs


def test_a_receipt_names_nobody():
    receipt = receipt_of(decide(Purpose.PERSONALISATION, GIVEN))
    assert PAIR.fan_id not in str(receipt)
    assert receipt["purpose"] == "personalisation"
    assert receipt["event"]["state"] == "given"
    assert datetime.fromisoformat(receipt["event"]["time"]) <= datetime.now(UTC)


def test_the_audit_log_names_nobody():
    say()
    learn()
    decide(Purpose.PERSONALISATION, WITHDRAWN)
    processing.restrict(PAIR, reason=CANARY, actor=DPO)
    text = str(list(PendingAudit.objects.values()))
    assert PAIR.fan_id not in text
    assert CANARY not in text
    assert {entry.creator_id for entry in PendingAudit.objects.all()} == {"creator-1"}


def test_the_command_follows_a_change_of_the_settings(settings):
    say()
    settings.CONSENT_REQUIRED = True
    out = StringIO()
    call_command("apply_consents", dry_run=True, format="json", stdout=out)
    assert '"notToBeRemembered":1' in out.getvalue()
    assert limits() == Limit.NONE
    call_command("apply_consents", stdout=out)
    with pytest.raises(NotConsented):
        say()
