"""What the tables of this room hold about whom."""

from calibration.models import CreatorPriors, Escalation, Feedback, LearntState, ToneDecision
from privacy.domain import Category, OnErasure, Origin, Purpose
from privacy.registry import NotPersonal, Personal, Table, not_personal, register

_CONSENT = "Art. 6(1)(a), 9(2)(a)"
_VITAL = "Art. 6(1)(d), 6(1)(f), 9(2)(c)"
_KEPT = "Until the fan is erased, at the latest after RETENTION_DAYS days without any interaction."
_IDS: dict[str, Personal | NotPersonal] = {
    "creator_id": NotPersonal("Names the controller."),
    "fan_id": Personal(Category.IDENTIFIER, note="Stands once, in the manifest of an export."),
}
_ROW = NotPersonal("Numbers the row.")
_STAFF = Personal(Category.STAFF, note="Names who of the staff acted, by number; not handed to fans.")
_TONE = "The tone proposed for a message to the fan, drawn by how well each had been answered before."
_CUE = "Words in a message that say its writer may be in distress, in danger or under age."


def _inferred(label: str, purpose: Purpose, logic: str) -> Personal:
    return Personal(Category.PROFILE, Origin.INFERRED, label, purpose, logic=logic)


def _tone(label: str) -> Personal:
    return _inferred(label, Purpose.PERSONALISATION, _TONE)


def _cue(label: str) -> Personal:
    return _inferred(label, Purpose.MEMORY, _CUE)


def _said(label: str) -> Personal:
    return _inferred(label, Purpose.PERSONALISATION, "What the creator's team said about what was learnt.")


register(
    Table(
        LearntState,
        {
            **_IDS,
            "id": _ROW,
            **not_personal("How learning goes on.", "algorithms limits version folded_count recounted folded_id"),
            **not_personal("How learning failed.", "failure_count failed_with retry_at"),
            "folded_to": Personal(Category.ACTIVITY, note="The time of an interaction that is exported."),
            "state": Personal(
                Category.PROFILE,
                Origin.INFERRED,
                purpose=Purpose.PERSONALISATION,
                note="Intermediate sums; what follows from them is exported with its explanation, and they fade.",
                logic="The sums that the learnt values are computed from.",
            ),
            "updated_at": NotPersonal("When learning last ran."),
        },
        basis=_CONSENT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        rebuilt=True,
    ),
    Table(
        ToneDecision,
        {
            **_IDS,
            "id": _tone("id"),
            "turn": _tone("turn"),
            "tone": _tone("tone"),
            "propensity": _tone("propensity"),
            "propensities": _tone("propensities"),
            "reward": _tone("reward"),
            "rewarded_by": _tone("rewardedBy"),
            "created_at": _tone("timestamp"),
        },
        basis=_CONSENT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="toneDecisions",
    ),
    Table(
        Escalation,
        {
            **_IDS,
            "id": _cue("id"),
            "kind": _cue("kind"),
            "severity": _cue("severity"),
            "message_id": _cue("messageId"),
            "occurred_at": _cue("timestamp"),
            "created_at": _cue("noticedAt"),
            "cleared_at": _cue("clearedAt"),
            "cleared_by": _STAFF,
            "note": _cue("note"),
        },
        basis=_VITAL,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="escalations",
    ),
    Table(
        Feedback,
        {
            **_IDS,
            "id": _said("id"),
            "about": _said("about"),
            "verdict": _said("verdict"),
            "reference": _said("reference"),
            "value": _said("value"),
            "actor": _STAFF,
            "created_at": _said("timestamp"),
        },
        basis=_CONSENT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="feedback",
    ),
    Table(
        CreatorPriors,
        not_personal(
            "Sums over at least LEARNING_POOL_MIN_FANS fans of a creator.", "creator_id priors pair_count fitted_at"
        ),
        basis=_CONSENT,
        retention="As long as the contract; made anew every day.",
        on_erasure=OnErasure.PRESERVE,
        subject="nobody",
    ),
)
