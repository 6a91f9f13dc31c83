"""What DRF's settings name. Apart from drf.py, because DRF imports this while its own views are being defined."""

from typing import TYPE_CHECKING, Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class DenyAll(BasePermission):
    """The policy of a view that names none."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class OnlyJSON(BaseContentNegotiation):
    """Everything is answered in JSON, whatever was asked for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], "application/json"
