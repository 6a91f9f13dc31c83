"""Proofs of erasures: receipts, and the ledger in the keys database."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ofmemory.errors import OfMemoryError
from privacy.admin.base import Act, Desk, Section, explain, needs, refusal
from privacy.admin.forms import FanForm
from privacy.admin.words import code, instant, mark
from privacy.domain import Pair
from privacy.keys.models import Erasure
from privacy.models import Receipt
from privacy.services import receipts

_VERIFIER = Path(__file__).resolve().parents[2] / "tools" / "verify_receipt.py"


@admin.register(Receipt)
class ReceiptAdmin(Desk):
    list_display = ("request_id", "creator_id", "created")
    list_filter = (("created_at", admin.DateFieldListFilter),)
    search_fields = ("=creator_id",)
    search_help_text = "The whole creator id. A receipt names no fan."
    ordering = ("-created_at",)
    page_template = "admin/privacy/receipt.html"

    @admin.display(ordering="created_at")
    def created(self, row: Receipt) -> SafeString:
        return instant(row.created_at)

    def facts(self, request: HttpRequest, row: Receipt) -> list[tuple[str, Any]]:
        said = json.loads(bytes(row.body))
        proven = said["verification"]["result"] if isinstance(said.get("verification"), dict) else "-"
        return [
            ("Request", self._request(row)),
            ("Creator", row.creator_id),
            ("Issued", instant(row.created_at)),
            ("Signature", _verdict(row)),
            ("Public key", code(bytes(row.public_key).hex())),
            ("Search after the erasure", proven),
            ("Commitment", code(said.get("commitment"))),
            ("Backups of rows until", said.get("copies", {}).get("backupsUntil", "-")),
            ("Backups of keys until", said.get("copies", {}).get("keyBackupsUntil", "-")),
        ]

    def _request(self, row: Receipt) -> SafeString:
        where = reverse("admin:privacy_datarequest_change", args=[row.pk])
        return format_html('<a href="{}"><code>{}</code></a>', where, row.pk)

    def sections(self, request: HttpRequest, row: Receipt) -> list[Section]:
        said = json.loads(bytes(row.body))
        erased = [
            (kind, store, count)
            for kind, stores in sorted(said.get("erased", {}).items())
            for store, count in sorted(stores.items())
            if count
        ]
        kept = [(it["store"], it["rows"], it["ground"]) for it in said.get("preserved", [])]
        return [
            Section("Erased", ("kind", "store", "count"), erased, "There was nothing to erase."),
            Section("Preserved", ("store", "rows", "ground"), kept),
        ]

    def acts(self, request: HttpRequest, row: Receipt) -> list[Act]:
        return [self._question(row, FanForm())]

    def _question(self, row: Receipt, form: FanForm) -> Act:
        note = "A receipt names nobody. Who knows the fan's id can have it opened again."
        return Act("Is it about this fan?", self.url("about", row.pk), form, note=note, button="Check")

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.route("verifier/", self.verifier, "verifier"),
            self.route("<uuid:pk>/download/", self.download, "download"),
            self.route("<uuid:pk>/about/", self.about, "about"),
        ]
        return own + super().get_urls()

    @needs("view_receipt", "GET")
    def download(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        row = self.row_or_404(request, pk)
        return _file(receipts.file_of(row), f"receipt-{row.pk}.json", "application/json")

    @needs("view_receipt", "GET")
    def verifier(self, request: HttpRequest) -> HttpResponse:
        return _file(_VERIFIER.read_bytes(), _VERIFIER.name, "text/x-python")

    @needs("view_receipt", "POST")
    def about(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Tell whether the receipt is about a fan, and if so what opens it."""
        row, form = self.row_or_404(request, pk), FanForm(request.POST)
        opening, is_wrong = "", False
        if form.is_valid():
            pair = Pair(row.creator_id, form.cleaned_data["fan_id"])
            try:
                made = receipts.opening_of(row.pk, pair)
                fits = receipts.commitment(made, pair).hex() == json.loads(bytes(row.body)).get("commitment")
                opening, is_wrong = (made.hex(), False) if fits else ("", True)
            except OfMemoryError as error:
                explain(form, error)
        asked = [self._question(row, form)]
        return self.shown(request, row, opening=opening, is_about_another=is_wrong, acts=asked)


def _verdict(row: Receipt) -> SafeString:
    """Check the signature, and whose it is."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes(row.public_key)).verify(bytes(row.signature), bytes(row.body))
        is_ours = bytes(row.public_key) == receipts.public_key()
    except (InvalidSignature, ValueError):
        return mark("WRONG: the receipt is not what was signed", "bad")
    except OfMemoryError as error:
        return mark(f"not checked: {refusal(error)}", "warn")
    if not is_ours:
        return mark("right, but made with another installation's key", "warn")
    return mark("right, and made with this installation's key", "good")


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@admin.register(Erasure)
class ErasureAdmin(Desk):
    """The ledger: while an entry is in force, nothing is stored about its pair again. It names nobody."""

    list_display = ("id", "started", "completed", "state")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), ("started_at", admin.DateFieldListFilter))
    ordering = ("-started_at",)

    @admin.display(ordering="started_at")
    def started(self, row: Erasure) -> SafeString:
        return instant(row.started_at)

    @admin.display(ordering="completed_at")
    def completed(self, row: Erasure) -> SafeString:
        return instant(row.completed_at)

    @admin.display(description="state")
    def state(self, row: Erasure) -> SafeString:
        if row.lifted_at:
            return mark("lifted")
        return mark("in force", "good") if row.completed_at else mark("in force, being carried out", "warn")

    def facts(self, request: HttpRequest, row: Erasure) -> list[tuple[str, Any]]:
        where = reverse("admin:privacy_datarequest_change", args=[row.pk])
        return [
            ("Request", format_html('<a href="{}"><code>{}</code></a>', where, row.pk)),
            ("State", self.state(row)),
            ("Started", instant(row.started_at)),
            ("Completed", instant(row.completed_at)),
            ("Lifted", instant(row.lifted_at)),
            ("Subject", "a keyed digest of the pair; it names nobody and is not shown"),
        ]
