"""Types and sizes of what comes in. Rules are the services'."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from memory.domain import (
    PUNCTUATION_ALIASES,
    SPEED_ALIASES,
    TONE_ALIASES,
    InteractionType,
    MessageLength,
    PunctuationStyle,
    ResponseSpeed,
    Sender,
    Tone,
)
from memory.services.bounds import MAX_CONTENT_CHARS, MAX_ID_CHARS, NOT_IN_ID, id_problem, metadata_problem
from memory.services.context import MAX_BULK_FANS
from memory.services.preferences import PARTS
from memory.shapes import PERSONA_COLUMNS
from ofmemory.infra.drf import StrictSerializer
from privacy.domain import ConsentAction, Purpose

MAX_NAME_CHARS = 64
MAX_VALUE_CHARS = 255

# The same rules once more as JSON Schema, for the OpenAPI description.
ID_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID_CHARS,
    "pattern": rf"^[^\s{NOT_IN_ID}]([^{NOT_IN_ID}]*[^\s{NOT_IN_ID}])?$",
}
UNIT_SCHEMA = {"type": "number", "format": "double", "minimum": 0, "maximum": 1}
MONEY_SCHEMA = {
    "oneOf": [
        {"type": "number", "minimum": 0, "maximum": 99999999.99, "description": "With at most two decimals."},
        {"type": "string", "pattern": r"^[0-9]{1,8}(\.[0-9]{1,2})?$"},
    ]
}


def _named(value: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of {name: value or null}."""
    return {
        "type": "object",
        "propertyNames": {"minLength": 1, "maxLength": MAX_NAME_CHARS, "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"},
        "additionalProperties": {"oneOf": [value, {"type": "null"}]},
    }


class TextField(serializers.CharField):
    """Text, kept as it is; DRF would also make text of numbers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class UnitField(serializers.FloatField):
    """A number from 0 to 1; DRF would also take true, and "NaN" passes every comparison.

    Args:
        from_text: the number comes in a query, where everything is text.
    """

    def __init__(self, *, from_text: bool = False, **kwargs: Any) -> None:
        self.from_text = from_text
        super().__init__(min_value=0, max_value=1, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or isinstance(data, str) != self.from_text:
            self.fail("invalid")
        value = float(super().to_internal_value(data))
        if not math.isfinite(value):
            self.fail("invalid")
        return value


@extend_schema_field(ID_SCHEMA)
class IdField(TextField):
    """An opaque id of the platform: 1 to 255 printable characters, kept as they are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_ID_CHARS, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if problem := id_problem(data):
            raise serializers.ValidationError(problem)
        return value


class AliasField(serializers.ChoiceField):
    """A choice that also understands older words."""

    def __init__(self, enum: Any, aliases: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        self.aliases = dict(aliases or {})
        super().__init__(choices=[*(member.value for member in enum), *self.aliases], **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        return self.aliases.get(value, value)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class MetadataField(serializers.JSONField):
    """A JSON object of bounded size and depth."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if problem := metadata_problem(data):
            raise serializers.ValidationError(problem)
        return dict(data)


@extend_schema_field(MONEY_SCHEMA)
class MoneyField(serializers.DecimalField):
    """An amount as a number or, where a client does not trust floats with money, as text."""


class InteractionSerializer(StrictSerializer):
    """What happened. Family A takes the fan from the path, family B from the body."""

    creatorId = IdField(required=False)
    type = serializers.ChoiceField(choices=[kind.value for kind in InteractionType], default="message")
    content = TextField(max_length=MAX_CONTENT_CHARS, allow_blank=True, required=False)
    sender = serializers.ChoiceField(choices=[sender.value for sender in Sender], default="fan")
    amount = MoneyField(
        max_digits=10,
        decimal_places=2,
        min_value=Decimal(0),
        required=False,
        allow_null=True,
        help_text="In the creator's currency.",
    )
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False, allow_null=True, help_text="ISO 4217.")
    timestamp = serializers.DateTimeField(
        required=False, allow_null=True, help_text="ISO 8601; UTC where no offset is given; now where left out."
    )
    metadata = MetadataField(required=False, help_text="Kept as given; externalId recognises a second report.")


class FanInteractionSerializer(InteractionSerializer):
    fanId = IdField()


class ContentPreferenceSerializer(StrictSerializer):
    score = UnitField()
    confidence = UnitField(required=False)


class NamedValues(serializers.JSONField, ABC):
    """{name: value or null}, names of 1-64 characters."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be an object.")
        if any(not name.strip() or len(name) > MAX_NAME_CHARS for name in data):
            raise serializers.ValidationError(f"Names must have 1 to {MAX_NAME_CHARS} characters.")
        return {name: None if value is None else self.one(name, value) for name, value in data.items()}

    @abstractmethod
    def one(self, name: str, value: Any) -> Any:
        """Return the value of ``name`` as it is kept, or raise what is wrong with it."""


@extend_schema_field(_named(UNIT_SCHEMA))
class ScoresField(NamedValues):
    def one(self, name: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise serializers.ValidationError({name[:MAX_NAME_CHARS]: ["Must be a number from 0 to 1, or null."]})
        return float(value)


@extend_schema_field(
    _named(
        {
            "oneOf": [
                UNIT_SCHEMA,
                {
                    "type": "object",
                    "properties": {"score": UNIT_SCHEMA, "confidence": UNIT_SCHEMA},
                    "required": ["score"],
                    "additionalProperties": False,
                },
            ]
        }
    )
)
class ContentPreferencesField(ScoresField):
    def one(self, name: str, value: Any) -> Any:
        if not isinstance(value, dict):
            return super().one(name, value)
        entry = ContentPreferenceSerializer(data=value)
        if not entry.is_valid():
            raise serializers.ValidationError({name[:MAX_NAME_CHARS]: entry.errors})
        return dict(entry.validated_data)


@extend_schema_field(
    _named(
        {
            "oneOf": [
                {"type": "string", "maxLength": MAX_VALUE_CHARS, "pattern": r"^[^\x00]*$"},
                {"type": "number"},
                {"type": "boolean"},
            ]
        }
    )
)
class PlainValuesField(NamedValues):
    def one(self, name: str, value: Any) -> Any:
        if not isinstance(value, str | int | float | bool) or len(str(value)) > MAX_VALUE_CHARS:
            raise serializers.ValidationError({name[:MAX_NAME_CHARS]: ["Must be text, a number, a boolean or null."]})
        return value


class ReleaseSerializer(StrictSerializer):
    """Names to give back to learning, by part."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            part: serializers.ListField(child=TextField(max_length=MAX_NAME_CHARS), required=False) for part in PARTS
        }


class PreferencesPatchSerializer(StrictSerializer):
    contentPreferences = ContentPreferencesField(required=False, help_text="name → score, {score, confidence} or null.")
    topicInterests = ScoresField(required=False, help_text="topic → score 0-1 or null.")
    communicationPreferences = PlainValuesField(required=False, help_text="name → text, number, boolean or null.")
    release = ReleaseSerializer(required=False)


class CreatorPreferencesPatchSerializer(PreferencesPatchSerializer):
    creatorId = IdField(required=False)


class FanPreferencesPatchSerializer(CreatorPreferencesPatchSerializer):
    fanId = IdField()


class OneOfManySerializer(PreferencesPatchSerializer):
    fanId = IdField()


class BulkPreferencesSerializer(StrictSerializer):
    creatorId = IdField(required=False)
    updates = serializers.ListField(child=OneOfManySerializer(), min_length=1, max_length=MAX_BULK_FANS)


class PersonalityPatchSerializer(StrictSerializer):
    creatorId = IdField(required=False)
    fanId = IdField()
    tone = AliasField(Tone, TONE_ALIASES, required=False)
    emojiFrequency = UnitField(required=False, source="emoji_frequency")
    messageLengthPreference = AliasField(MessageLength, required=False, source="message_length_preference")
    punctuationStyle = AliasField(PunctuationStyle, PUNCTUATION_ALIASES, required=False, source="punctuation_style")
    preferredEmojis = serializers.ListField(
        child=TextField(max_length=32), max_length=50, required=False, source="preferred_emojis"
    )
    responseSpeed = AliasField(ResponseSpeed, SPEED_ALIASES, required=False, source="response_speed")
    release = serializers.ListField(
        child=serializers.ChoiceField(choices=list(PERSONA_COLUMNS)),
        required=False,
        help_text="Traits to give back to learning.",
    )


class BulkSerializer(StrictSerializer):
    creatorId = IdField(required=False)
    fanIds = serializers.ListField(child=IdField(), min_length=1, max_length=MAX_BULK_FANS)


class TargetSerializer(StrictSerializer):
    """Whose data: in the query of a GET or DELETE, in the body of an export."""

    creatorId = IdField(required=False)
    fanId = IdField()


class CreatorSerializer(StrictSerializer):
    creatorId = IdField(required=False)


class StatsQuerySerializer(CreatorSerializer):
    since = serializers.DateTimeField(required=False, help_text="Fans whose last interaction is at or after this.")
    until = serializers.DateTimeField(required=False, help_text="Fans whose last interaction is before this.")
    minEngagement = UnitField(required=False, from_text=True)


class PageQuerySerializer(CreatorSerializer):
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    cursor = serializers.CharField(max_length=64, required=False)


class FanPageQuerySerializer(PageQuerySerializer):
    fanId = IdField()


class HistoryQuerySerializer(TargetSerializer):
    limit = serializers.IntegerField(min_value=1, max_value=100, default=20)


class ConsentSerializer(StrictSerializer):
    """What a fan decided about one purpose."""

    creatorId = IdField(required=False)
    fanId = IdField()
    purpose = serializers.ChoiceField(choices=[purpose.value for purpose in Purpose])
    action = serializers.ChoiceField(choices=[action.value for action in ConsentAction])
    method = TextField(max_length=32, help_text="How it was expressed: checkbox, message, letter, ...")
    noticeVersion = TextField(max_length=32, required=False, help_text="Of the published notice that was shown.")
    language = TextField(max_length=16, required=False, help_text="In which it was shown, such as en or fr-CA.")
    expressedAt = serializers.DateTimeField(required=False, help_text="Now, where left out; the latest holds.")
