"""The inventory of keys: which there are, what wraps them, since when. Never the keys, wrapped or not."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from privacy.admin.base import Desk
from privacy.admin.words import code, instant, mark
from privacy.keys.models import DataKey, ServiceKey


class KekFilter(admin.SimpleListFilter):
    title = "key-encryption key"
    parameter_name = "kek"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(it["kek_id"], it["kek_id"]) for it in model_admin.by_kek(request)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kek_id=self.value()) if self.value() else queryset


@admin.register(DataKey)
class DataKeyAdmin(Desk):
    list_display = ("id", "handle", "kek_id", "created", "state")
    list_filter = (KekFilter, ("retired_at", admin.EmptyFieldListFilter))
    search_fields = ("handle__exact",)
    search_help_text = "The whole handle, as the audit log names the pair."
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("wrapped", "subject")

    def by_kek(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return how many keys each key-encryption key wraps; counted once a request."""
        held: dict[str, Any] = request.__dict__
        if "_keys_by_kek" not in held:
            counted = DataKey.objects.values("kek_id").annotate(count=Count("pk"), retired=Count("retired_at"))
            held["_keys_by_kek"] = list(counted.order_by("kek_id"))
        return list(held["_keys_by_kek"])

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"by_kek": self.by_kek(request), **(extra_context or {})})

    @admin.display(ordering="created_at")
    def created(self, row: DataKey) -> SafeString:
        return instant(row.created_at)

    @admin.display(description="state", ordering="retired_at")
    def state(self, row: DataKey) -> SafeString:
        return mark("retired: opens, seals nothing new") if row.retired_at else mark("in use", "good")

    def facts(self, request: HttpRequest, row: DataKey) -> list[tuple[str, Any]]:
        return [
            ("Key", row.pk),
            ("Handle of the pair", code(row.handle)),
            ("Wrapped by", code(row.kek_id)),
            ("Made", instant(row.created_at)),
            ("State", self.state(row)),
            ("Retired", instant(row.retired_at)),
        ]


@admin.register(ServiceKey)
class ServiceKeyAdmin(Desk):
    """Secrets of the product itself, by name."""

    list_display = ("name", "kek_id", "created")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("wrapped")

    @admin.display(ordering="created_at")
    def created(self, row: ServiceKey) -> SafeString:
        return instant(row.created_at)

    def facts(self, request: HttpRequest, row: ServiceKey) -> list[tuple[str, Any]]:
        return [("Name", row.name), ("Wrapped by", code(row.kek_id)), ("Made", instant(row.created_at))]
