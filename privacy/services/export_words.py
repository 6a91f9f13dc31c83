"""What an export says beside the data: Art. 15(1)(a)-(h) in words."""

from django.conf import settings

from privacy.services.export_parts import ART_15, ART_20

BASIS = {ART_15: "GDPR Art. 15 (right of access)", ART_20: "GDPR Art. 20 (right to data portability)"}
INTRODUCTION = {
    ART_15: "Everything that is stored about you, and what was concluded from it.",
    ART_20: "What you provided, and what was observed while you used the service, to take it elsewhere. What was"
    " concluded from it is in the export under Art. 15.",
}
SOURCE = (
    "Your messages, purchases and other doings on the platform, reported by the creator's team or its software;"
    " your own decisions about consent, restriction and objection; and conclusions drawn from these."
)
RECIPIENTS = (
    "The creator and the creator's team (controller), by role.",
    "Services of the creator's team that hold a key of the programming interface.",
    "ofmemory's operator, who processes the data on behalf of the controller (Art. 28).",
)
RIGHTS = (
    "Rectification of what is wrong (Art. 16).",
    "Erasure (Art. 17).",
    "Restriction of processing (Art. 18).",
    "Data portability (Art. 20).",
    "Objection, to profiling for direct marketing at any time and without a reason (Art. 21).",
    "Withdrawing a consent at any time, as easily as it was given (Art. 7(3)).",
    "Complaint to a supervisory authority (Art. 77).",
)
AUTOMATED_DECISIONS = (
    "Conclusions guide what an assistant proposes and when. Nothing that has legal or similarly significant effects on"
    " you is decided by them alone (Art. 22)."
)
STAFF = "Who of the staff did something stands here by role, not by name (CJEU C-579/21)."


def kept(retention: str) -> str:
    """Return for how long something is kept, with the settings that it names."""
    named = {"RETENTION_DAYS": settings.RETENTION.days, "EXPORT_HOURS": settings.EXPORT_HOURS}
    for name, value in named.items():
        retention = retention.replace(name, str(value))
    return retention
