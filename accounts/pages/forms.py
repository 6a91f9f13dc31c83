"""Forms of logging in and of second factors: allauth's, on our limits and our checks."""

from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import parse_authentication_response
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from accounts.addresses import address_of
from accounts.sealing import sealer
from accounts.services.second_factors import check_code, claim_sign_count, matching_step, note_refused_passkey
from accounts.throttle import admit_code, admit_login
from ofmemory.errors import OfMemoryError, RateLimitExceeded

TOO_MANY = "Too many tries; wait a minute."
# What the parsers of allauth and fido2 let through for JSON that is no answer of an authenticator.
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
NOT_NOW = "This can't be checked just now; try again in a moment."


class PasswordForm(AdminAuthenticationForm):
    """The admin's login counts on the same limits as the API's."""

    def clean(self) -> dict[str, Any]:
        _admitted(admit_login, self.cleaned_data.get("username", ""), address=_address(self.request))
        return super().clean()


class ConfirmPasswordForm(ReauthenticateForm):
    def clean_password(self) -> str:
        _admitted(admit_login, self.user.get_username(), address=_address())
        return str(super().clean_password())


class _CodeForm(forms.Form):
    """Checks a code; mixed into allauth's forms."""

    user: Any

    def clean_code(self) -> str:
        _admitted(admit_code, self.user.pk, address=_address())
        code = str(self.cleaned_data["code"])
        self.authenticator = _opened(check_code, self.user, code)
        if self.authenticator is None:
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(_CodeForm, AuthenticateForm):
    """The second step of a login."""


class ConfirmCodeForm(_CodeForm, ReauthenticateByCodeForm):
    """Before factors are changed."""


class _PasskeyForm(forms.Form):
    user: Any

    def clean_credential(self) -> Authenticator:
        _admitted(admit_code, self.user.pk, address=_address())
        try:
            passkey: Authenticator = super().clean_credential()  # type: ignore[misc]  # the form it is mixed into
            counter = parse_authentication_response(self.cleaned_data["credential"]).response.authenticator_data.counter
        except (*_MALFORMED, ValidationError) as error:
            note_refused_passkey(self.user.pk)
            raise get_adapter().validation_error("incorrect_code") from error
        if not claim_sign_count(passkey, counter):
            raise get_adapter().validation_error("incorrect_code")
        return passkey


class PasskeyForm(_PasskeyForm, AuthenticateWebAuthnForm):
    """The second step of a login, with a passkey."""


class ConfirmPasskeyForm(_PasskeyForm, ReauthenticateWebAuthnForm):
    """Before factors are changed, with a passkey."""


class AddPasskeyForm(AddWebAuthnForm):
    """Refuses answers that are none."""

    def clean(self) -> dict[str, Any]:
        try:
            return dict(super().clean())
        except _MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error


class AddAppForm(ActivateTOTPForm):
    """Proves that the app shows the right codes. Until then the secret lies in the session, sealed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        session = context.request.session
        if not self.is_bound or SECRET_SESSION_KEY not in session:
            session[SECRET_SESSION_KEY] = sealer().seal(generate_totp_secret())
        self.secret = sealer().unseal(session[SECRET_SESSION_KEY])

    def clean_code(self) -> str:
        _admitted(admit_code, self.user.pk, address=_address())
        code = str(self.cleaned_data["code"])
        step = matching_step(self.secret, code)
        if step is None:
            raise get_adapter().validation_error("incorrect_code")
        self.step = step
        return code


def _address(request: Any = None) -> str:
    return address_of(request or context.request)


def _admitted(admit: Any, *who: Any, address: str) -> None:
    try:
        admit(*who, address=address)
    except RateLimitExceeded as error:
        raise ValidationError(TOO_MANY, code="rate_limited") from error


def _opened(check: Any, *given: Any) -> Any:
    try:
        return check(*given)
    except OfMemoryError as error:
        raise ValidationError(NOT_NOW, code="unavailable") from error
