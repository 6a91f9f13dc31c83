"""Who is calling: ``Authorization: Bearer <JWT or API key>``."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.domain import Principal
from accounts.services.principals import resolve_principal
from ofmemory.errors import Unauthorized


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Principal, str] | None:
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, token = header.partition(" ")
        if not header:
            return None
        if scheme.lower() != "bearer" or not token.isascii():
            raise Unauthorized
        return resolve_principal(token.strip()), token.strip()

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="ofmemory"'


class IsAuthenticated(BasePermission):
    """Somebody we know. What they may do is decided where the creator and the fan are known."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, Principal):
            raise Unauthorized
        return True


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular is partly typed
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An access token (JWT) or an API key."}
