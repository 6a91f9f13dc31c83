"""What support sees of memory: numbers, labels and times. What was said stays hidden here."""

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models.functions import Length
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from memory.domain import Tone
from memory.models import (
    CreatorPersona,
    EmotionalState,
    EngagementMetrics,
    FanMemory,
    FanPreferences,
    ImportRun,
    Interaction,
    PersonalityChange,
    PersonalityProfile,
)
from memory.services.personas import set_persona
from memory.shapes import PERSONA_FIELDS
from ofmemory.infra.enumerations import choices_of
from privacy.of_pair import OfPair

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:  # Django's own class takes no parameters
    ModelAdmin = admin.ModelAdmin


class OfPairAdmin(ModelAdmin):
    """A page to look at: found by creator and fan, changed by nobody, whatever their permissions."""

    search_fields: ClassVar[tuple[str, ...]] = ("=fan_id", "=creator_id")
    search_help_text = "The whole fan id or creator id."
    list_per_page = 50
    # Counting millions of rows to say "of 5,000,000" is not worth the wait.
    show_full_result_count = False
    # Columns with what somebody said or what was learnt from it.
    hidden: ClassVar[tuple[str, ...]] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.hidden


@admin.register(EngagementMetrics)
class EngagementMetricsAdmin(OfPairAdmin):
    list_display = (
        "fan_id",
        "creator_id",
        "engagement_score",
        "total_messages",
        "total_purchases",
        "total_revenue",
        "last_interaction",
    )
    ordering = ("-engagement_score",)
    readonly_fields = ("everything_else",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["everything_else", *(name for name in super().get_fields(request, obj) if name != "everything_else")]

    @admin.display(description="Of this fan")
    def everything_else(self, row: EngagementMetrics) -> SafeString:
        """Links to the rows of the same pair in every other table."""
        query = urlencode({"creator_id": row.creator_id, "fan_id": row.fan_id})
        tables = _tables_of_pairs(self.admin_site)
        return format_html_join(" · ", '<a href="{}?{}">{}</a>', [(_list_url(m), query, _name(m)) for m in tables])


@admin.register(FanMemory)
class FanMemoryAdmin(OfPairAdmin):
    list_display = ("created_at", "fan_id", "creator_id", "sender", "sentiment", "length")
    list_filter = ("sender", "sentiment", ("created_at", admin.DateFieldListFilter))
    ordering = ("-created_at",)
    hidden = ("message_content", "topics", "reading", "metadata")
    readonly_fields = ("length",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(stored=Length("message_content"))

    @admin.display(description="Bytes, sealed")
    def length(self, row: Any) -> int:
        """What can be said of a message without opening it."""
        return int(row.stored)


@admin.register(Interaction)
class InteractionAdmin(OfPairAdmin):
    list_display = ("created_at", "fan_id", "creator_id", "type", "amount", "currency", "sender")
    list_filter = ("type", "sender", ("created_at", admin.DateFieldListFilter))
    ordering = ("-created_at",)
    hidden = ("content", "metadata")


@admin.register(FanPreferences)
class FanPreferencesAdmin(OfPairAdmin):
    list_display = ("fan_id", "creator_id", "last_updated")
    ordering = ("-last_updated",)
    hidden = (
        "content_preferences",
        "topic_interests",
        "purchase_patterns",
        "communication_preferences",
        "pinned",
    )


@admin.register(PersonalityProfile)
class PersonalityProfileAdmin(OfPairAdmin):
    list_display = ("fan_id", "creator_id", "tone", "confidence_score", "interaction_count", "last_calibrated")
    list_filter = ("tone", "message_length_preference", "response_speed")
    ordering = ("-updated_at",)
    hidden = ("preferred_emojis",)


@admin.register(PersonalityChange)
class PersonalityChangeAdmin(OfPairAdmin):
    list_display = ("created_at", "fan_id", "creator_id", "reason", "actor")
    list_filter = ("reason", ("created_at", admin.DateFieldListFilter))
    ordering = ("-created_at",)
    hidden = ("before", "after", "why")


@admin.register(EmotionalState)
class EmotionalStateAdmin(OfPairAdmin):
    list_display = ("fan_id", "creator_id", "current_sentiment", "engagement_level", "updated_at")
    list_filter = ("current_sentiment", "engagement_level")
    ordering = ("-updated_at",)
    hidden = ("sentiment_history", "dominant_emotions")


@admin.register(ImportRun)
class ImportRunAdmin(OfPairAdmin):
    list_display = ("started_at", "creator_id", "lines_done", "created_count", "duplicate_count", "rejected_count")
    search_fields = ("=creator_id",)
    search_help_text = "The whole creator id."
    ordering = ("-started_at",)
    hidden = ("file_digest",)


@admin.register(CreatorPersona)
class CreatorPersonaAdmin(ModelAdmin):
    list_display = ("creator_id", "tone", "message_length_preference", "response_speed", "updated_at")
    list_filter = ("tone",)
    search_fields = ("creator_id",)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "tried_tones":
            return forms.MultipleChoiceField(
                choices=choices_of(Tone),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=db_field.help_text,
                initial=db_field.default(),
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("creator_id", "updated_at") if obj else ("updated_at",)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CreatorPersona, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        names = (*PERSONA_FIELDS, "tried_tones")
        set_persona(creator_id=obj.creator_id, traits={name: getattr(obj, name) for name in names})


def _tables_of_pairs(site: admin.AdminSite) -> list[type[models.Model]]:
    """Return the other tables with rows of a pair that have a page like these, those of the rooms above too."""
    pages = [model for model, page in site._registry.items() if isinstance(page, OfPairAdmin)]
    return [model for model in pages if issubclass(model, OfPair) and model is not EngagementMetrics]


def _list_url(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _name(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name_plural)
