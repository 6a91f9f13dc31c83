"""Consents and the notices they were given to: history that is only added to."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString

from privacy.admin.base import Desk, Section, actor_of
from privacy.admin.forms import ConsentForm, NoticeForm
from privacy.admin.words import People, code, instant, mark
from privacy.domain import ConsentAction, Pair, Purpose
from privacy.models import Consent, Notice
from privacy.services import consents


@admin.register(Consent)
class ConsentAdmin(Desk):
    list_display = ("expressed", "purpose", "said", "fan_id", "creator_id", "method", "notice_version")
    list_filter = ("purpose", "action", ("expressed_at", admin.DateFieldListFilter))
    search_fields = ("=fan_id", "=creator_id")
    search_help_text = "The whole fan id or creator id."
    ordering = ("-expressed_at",)
    add_form = ConsentForm
    add_title, add_button = "Record a consent or a withdrawal", "Record it"
    add_intro = (
        "What is recorded can't be changed; a later entry takes its place. Withdrawing the consent to memory opens a "
        "request for erasure. Withdrawing another one removes what was inferred for it."
    )

    @admin.display(ordering="expressed_at")
    def expressed(self, row: Consent) -> SafeString:
        return instant(row.expressed_at)

    @admin.display(description="action", ordering="action")
    def said(self, row: Consent) -> SafeString:
        return mark(row.action, "good" if row.action == ConsentAction.GIVEN else "warn")

    def facts(self, request: HttpRequest, row: Consent) -> list[tuple[str, Any]]:
        return [
            ("Consent", code(row.pk)),
            ("Creator", row.creator_id),
            ("Fan", row.fan_id),
            ("Purpose", row.purpose),
            ("Action", self.said(row)),
            ("Expressed", instant(row.expressed_at)),
            ("Method", row.method),
            ("Notice", " ".join(filter(None, (row.notice_version, row.notice_language))) or "none named"),
            ("SHA-256 of the notice", code(bytes(row.notice_digest).hex() if row.notice_digest else "")),
            ("Recorded by", People([row.recorded_by])(row.recorded_by)),
            ("Recorded", instant(row.recorded_at)),
        ]

    def sections(self, request: HttpRequest, row: Consent) -> list[Section]:
        of_pair = Consent.objects.filter(creator_id=row.creator_id, fan_id=row.fan_id).order_by("-expressed_at")
        states = [
            (it.purpose, it.action or "never decided", "yes" if it.permitted else "no")
            for it in consents.get_consents(row.pair)
        ]
        history = [
            (instant(it.expressed_at), it.purpose, it.action, it.method, it.notice_version or "-") for it in of_pair
        ]
        return [
            Section("What holds for this fan now", ("purpose", "consent", "may be used"), states),
            Section("History of this fan", ("expressed", "purpose", "action", "method", "notice"), history),
        ]

    def create(self, request: HttpRequest, given: dict[str, Any]) -> Consent:
        purpose, action = Purpose(given["purpose"]), ConsentAction(given["action"])
        recorded = consents.record_consent(
            Pair(given["creator_id"], given["fan_id"]),
            purpose=purpose,
            action=action,
            method=given["method"],
            actor=actor_of(request),
            notice_version=given["notice_version"],
            language=given["language"],
            expressed_at=given["expressed_at"],
        )
        if purpose is Purpose.MEMORY and action is ConsentAction.WITHDRAWN:
            self.message_user(request, "Recorded. It is answered by a request for erasure, which is open now.")
        else:
            self.message_user(request, "Recorded.", messages.SUCCESS)
        return recorded


@admin.register(Notice)
class NoticeAdmin(Desk):
    list_display = ("version", "language", "creator_id", "created")
    search_fields = ("=creator_id", "=version")
    ordering = ("-created_at",)
    add_form = NoticeForm
    add_title, add_button = "Publish a notice", "Publish"
    add_intro = "A version never changes once it is published: another text is another version."

    @admin.display(description="published", ordering="created_at")
    def created(self, row: Notice) -> SafeString:
        return instant(row.created_at)

    def facts(self, request: HttpRequest, row: Notice) -> list[tuple[str, Any]]:
        return [
            ("Creator", row.creator_id),
            ("Version", row.version),
            ("Language", row.language),
            ("Published", instant(row.created_at)),
            ("SHA-256", code(bytes(row.digest).hex())),
            ("Text", row.text),
        ]

    def create(self, request: HttpRequest, given: dict[str, Any]) -> Notice:
        notice = consents.publish_notice(
            creator_id=given["creator_id"],
            version=given["version"],
            language=given["language"],
            text=given["text"],
            actor=actor_of(request),
        )
        self.message_user(request, "The notice is published.", messages.SUCCESS)
        return notice
