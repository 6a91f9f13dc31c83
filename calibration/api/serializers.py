"""Types and sizes of what comes in. Rules are the services'."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calibration.domain import FeedbackSubject, FeedbackVerdict
from memory.api.serializers import (
    MAX_NAME_CHARS,
    MAX_VALUE_CHARS,
    CreatorSerializer,
    IdField,
    MoneyField,
    TargetSerializer,
    TextField,
)
from memory.services.bounds import MAX_CONTENT_CHARS
from memory.shapes import PERSONA_COLUMNS
from ofmemory.infra.drf import StrictSerializer

MAX_MESSAGES = 100
MAX_CANDIDATES = 100
MAX_NOTE_CHARS = 2000
# As ids are written everywhere here; UUID() would also take numbers, braces and URNs.
UUID_PATTERN = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
NAME_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_NAME_CHARS,
    "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$",
}
REFERENCE_SCHEMA = {**NAME_SCHEMA, "maxLength": MAX_VALUE_CHARS}
# "" is what something without an id goes by.
CONTENT_ID_SCHEMA = {"type": "string", "maxLength": MAX_VALUE_CHARS, "pattern": r"^[^\x00]*$"}


class _SaidField(TextField):
    """Text that says something."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if not value.strip():
            self.fail("blank")
        return value


@extend_schema_field(NAME_SCHEMA)
class NameField(_SaidField):
    """The name of a category."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_NAME_CHARS, **kwargs)


@extend_schema_field(REFERENCE_SCHEMA)
class ReferenceField(_SaidField):
    """What feedback is about: an id, or a name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_VALUE_CHARS, **kwargs)


@extend_schema_field({"type": "string", "format": "uuid"})
class OwnIdField(serializers.RegexField):
    """An id that we gave."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(UUID_PATTERN, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


@extend_schema_field(CONTENT_ID_SCHEMA)
class ContentIdField(TextField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_VALUE_CHARS, allow_blank=True, required=False, **kwargs)


class AnalyzeSerializer(StrictSerializer):
    """One message or several, never both."""

    creatorId = IdField(required=False)
    fanId = IdField(required=False, help_text="Whose words they are; needed by who may see only one fan.")
    message = TextField(max_length=MAX_CONTENT_CHARS, allow_blank=True, required=False)
    messages = serializers.ListField(
        child=TextField(max_length=MAX_CONTENT_CHARS, allow_blank=True),
        min_length=1,
        max_length=MAX_MESSAGES,
        required=False,
        help_text="Counts on the bulk limit.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("message" in attrs) == ("messages" in attrs):
            raise serializers.ValidationError({"message": ["Give either message or messages."]})
        return attrs


class CandidateSerializer(StrictSerializer):
    """Something that could be offered."""

    category = NameField()
    contentId = ContentIdField(source="content_id")
    contentHash = ContentIdField(source="content_hash", help_text="Recognises what was uploaded again.")
    price = MoneyField(
        max_digits=10,
        decimal_places=2,
        min_value=0,
        required=False,
        allow_null=True,
        help_text="In the creator's currency.",
    )


class RecommendSerializer(TargetSerializer):
    """For whom, and what there is to offer."""

    candidates = serializers.ListField(child=CandidateSerializer(), min_length=1, max_length=MAX_CANDIDATES)


class _TraitsField(serializers.ListField):
    """Traits by their names in the API, handed on by those of the columns."""

    child = serializers.ChoiceField(choices=list(PERSONA_COLUMNS))

    def to_internal_value(self, data: Any) -> list[str]:
        return [PERSONA_COLUMNS[name] for name in super().to_internal_value(data)]


class LockSerializer(TargetSerializer):
    """Which traits to keep as they are, and which to give back to learning."""

    lock = _TraitsField(required=False)
    release = _TraitsField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if set(attrs.get("lock", ())) & set(attrs.get("release", ())):
            raise serializers.ValidationError({"release": ["A trait can't be locked and released at once."]})
        return attrs


class RollbackSerializer(TargetSerializer):
    """Which change of the history to undo."""

    changeId = OwnIdField()


class FeedbackSerializer(TargetSerializer):
    """What a person says about something that was learnt or proposed."""

    about = serializers.ChoiceField(choices=[subject.value for subject in FeedbackSubject])
    reference = ReferenceField(help_text="The id of a decision or message, or the name of a category.")
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in FeedbackVerdict])
    value = TextField(
        max_length=MAX_VALUE_CHARS,
        allow_blank=True,
        required=False,
        help_text="What would have been right; of a wrong reading, its sentiment.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["about"] == FeedbackSubject.PREFERENCE and len(attrs["reference"]) > MAX_NAME_CHARS:
            raise serializers.ValidationError({"reference": [f"A name has at most {MAX_NAME_CHARS} characters."]})
        return attrs


class EscalationsQuerySerializer(CreatorSerializer):
    fanId = IdField(required=False, help_text="All fans where left out.")


class ClearEscalationSerializer(TargetSerializer):
    """Which message a human has looked at."""

    escalationId = OwnIdField()
    note = TextField(max_length=MAX_NOTE_CHARS, allow_blank=True, required=False, help_text="What was found.")


def messages_of(given: Mapping[str, Any]) -> list[str]:
    """Return the messages to read, whichever way they were given."""
    return [given["message"]] if "message" in given else list(given["messages"])
