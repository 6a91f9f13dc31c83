"""How django-allauth is bent to this product: no sign-up, no mail, secrets sealed, the last factor may be kept."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from accounts.addresses import address_of
from accounts.sealing import sealer
from accounts.services.second_factors import FACTORS, is_last


class AccountAdapter(DefaultAccountAdapter):
    """People are registered by staff; all that happens here is logging in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: the product sends no mail."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: what changed stands in the audit log."""

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def add_message(self, request: HttpRequest, level: int, message_template: str = "", *args: Any, **kw: Any) -> None:
        """Tell of changes of factors; that somebody has just logged in they know."""
        if not message_template.startswith("account/messages/logged_"):
            super().add_message(request, level, message_template, *args, **kw)


class FactorAdapter(DefaultMFAAdapter):
    """Seals what is kept, and names the product in authenticator apps."""

    def encrypt(self, text: str) -> str:
        return sealer().seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealer().unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not settings.STAFF_2FA_REQUIRED or authenticator.type not in FACTORS or not is_last(authenticator)

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def _get_user_identifier(self, user: Any) -> str:
        # Not the e-mail address: authenticators keep and show it.
        return str(user.get_username())

    def _get_site_name(self) -> str:
        return "ofmemory"
