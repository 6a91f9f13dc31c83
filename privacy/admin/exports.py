"""Exports that are ready: handed out by POST only, so that no link and no preview of one takes a copy."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ofmemory.errors import OfMemoryError
from privacy.admin.base import Act, Desk, actor_of, may, needs, refusal
from privacy.admin.words import People, code, countdown, instant, mark
from privacy.models import ExportFile
from privacy.services import exporting


@admin.register(ExportFile)
class ExportFileAdmin(Desk):
    list_display = ("number", "bundle", "fan_id", "creator_id", "created", "expires", "size", "download_count")
    list_filter = ("bundle",)
    search_fields = ("=fan_id", "=creator_id")
    search_help_text = "The whole fan id or creator id."
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> Any:
        # A file may have hundreds of megabytes; lists have no use for it.
        return super().get_queryset(request).defer("content")

    @admin.display(description="export")
    def number(self, row: ExportFile) -> SafeString:
        return format_html("<code>{}</code>", str(row.pk)[-12:])

    @admin.display(ordering="created_at")
    def created(self, row: ExportFile) -> SafeString:
        return instant(row.created_at)

    @admin.display(ordering="expires_at")
    def expires(self, row: ExportFile) -> SafeString:
        return countdown(row.expires_at, is_open=True) if _is_there(row) else mark("expired")

    @admin.display(ordering="size_bytes")
    def size(self, row: ExportFile) -> str:
        return filesizeformat(row.size_bytes)

    def facts(self, request: HttpRequest, row: ExportFile) -> list[tuple[str, Any]]:
        return [
            ("Export", code(row.pk)),
            ("Bundle", row.get_bundle_display()),
            ("Creator", row.creator_id),
            ("Fan", row.fan_id),
            ("Made", instant(row.created_at)),
            ("Made by", People([row.requested_by])(row.requested_by)),
            ("Expires", format_html("{} {}", instant(row.expires_at), self.expires(row))),
            ("Size", self.size(row)),
            ("SHA-256", code(bytes(row.digest).hex())),
            ("Handed out", f"{row.download_count} times"),
        ]

    def acts(self, request: HttpRequest, row: ExportFile) -> list[Act]:
        if not (_is_there(row) and may(request, "download_exportfile")):
            return []
        note = "The file is not encrypted any more once it leaves here. Each download is in the audit log."
        return [Act("Download the ZIP", self.url("download", row.pk), note=note)]

    def get_urls(self) -> list[URLPattern]:
        return [self.route("<uuid:pk>/download/", self.download, "download"), *super().get_urls()]

    @needs("download_exportfile", "POST")
    def download(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row = self.row_or_404(request, pk)
        try:
            content = exporting.open_export(row.pk, actor_of(request))
        except OfMemoryError as error:
            self.message_user(request, refusal(error), messages.ERROR)
            return HttpResponseRedirect(self.page_url(row))
        answer = HttpResponse(content, content_type="application/zip")
        answer.headers["Content-Disposition"] = f'attachment; filename="export-{row.pk}.zip"'
        return answer


def _is_there(row: ExportFile) -> bool:
    return row.expires_at > timezone.now()
