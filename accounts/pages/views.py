"""The pages of second factors: allauth's views in the clothes of the admin, for staff only.

Who is not logged in, or not of the staff, is sent to the admin's login; who has a factor but has not proven it in this
session, to the page that asks for it.
"""

from typing import Any
from urllib.parse import urlencode

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView, RemoveWebAuthnView
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView, View

from accounts.pages.adapters import FactorAdapter
from accounts.pages.standing import page_before
from accounts.services.second_factors import PASSKEY, TOTP, adding, kinds_of, lock_factors, note_removed, spend_step

KEPT = "This is your last second factor, and staff must have one: add another first."


class ToLogin(RedirectView):
    """Where allauth sends people to log in: the admin's page."""

    pattern_name = "admin:login"
    query_string = True


class _AdminPage(View):
    """Gives the page what the admin's frame needs."""

    title = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # the view it is mixed into
        return {
            **admin.site.each_context(self.request),
            "title": self.title,
            "is_nav_sidebar_enabled": False,
            "is_required": settings.STAFF_2FA_REQUIRED,
            **context,
        }


@method_decorator(never_cache, name="dispatch")
class _StaffPage(_AdminPage):
    """For staff whose log-in is complete."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return _to("admin:login", request)
        if (first := self.first(request)) and first != "mfa_index":
            return _to(first, request)
        return super().dispatch(request, *args, **kwargs)

    def first(self, request: HttpRequest) -> str:
        """Return the name of the page that has to be passed before this one."""
        return page_before(request)


class _Confirm(_StaffPage):
    """Pages by which a log-in is completed or confirmed."""

    title = "Confirm that it is you"

    def first(self, request: HttpRequest) -> str:
        return ""


class SecondStep(_AdminPage, AuthenticateView):
    """After the password. Nobody is logged in yet: the session only says who is about to be."""

    title = "Second step"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "has_passkey": PASSKEY in kinds_of(self.stage.login.user.pk)}


class Factors(_StaffPage, IndexView):
    title = "Second factor"


class ConfirmByPassword(_Confirm, ReauthenticateView):
    pass


class ConfirmByCode(_Confirm, ReauthenticateByCodeView):
    pass


class ConfirmByPasskey(_Confirm, ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        """Say so here; allauth would send people to the login, who are logged in."""
        for problem in form.errors.get("credential", []):
            messages.error(self.request, problem)
        return _to("mfa_reauthenticate_webauthn", self.request, self.request.POST.get("next", ""))


class AddApp(_StaffPage, ActivateTOTPView):
    title = "Add an authenticator app"

    def form_valid(self, form: Any) -> HttpResponse:
        with adding(form.user.pk):
            if TOTP in kinds_of(form.user.pk):  # added in another window meanwhile
                return HttpResponseRedirect(reverse("mfa_index"))
            answer: HttpResponse = super().form_valid(form)
            # The code just typed is spent: it opens nothing any more.
            spend_step(form.user, form.step)
        return answer


class AddPasskey(_StaffPage, AddWebAuthnView):
    title = "Add a passkey"

    def form_valid(self, form: Any) -> HttpResponse:
        with adding(form.user.pk):
            answer: HttpResponse = super().form_valid(form)
        return answer


class RemoveApp(_StaffPage, DeactivateTOTPView):
    title = "Remove the authenticator app"

    def form_valid(self, form: Any) -> HttpResponse:
        return _removed(self.request, self.authenticator, super().form_valid, form)


class RemovePasskey(_StaffPage, RemoveWebAuthnView):
    title = "Remove a passkey"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        return _removed(self.request, self.get_object(), super().form_valid, form)


class RecoveryCodes(_StaffPage, ViewRecoveryCodesView):
    title = "Recovery codes"


class NewRecoveryCodes(_StaffPage, GenerateRecoveryCodesView):
    title = "New recovery codes"

    def form_valid(self, form: Any) -> HttpResponse:
        with adding(form.user.pk):
            answer: HttpResponse = super().form_valid(form)
        return answer


def _removed(request: HttpRequest, factor: Any, remove: Any, form: Any) -> HttpResponse:
    """Remove, unless it is the last and has to stay: of two removals at once the second sees the first."""
    with transaction.atomic():
        lock_factors(factor.user_id)
        if FactorAdapter().can_delete_authenticator(factor):
            answer: HttpResponse = remove(form)
            note_removed(factor)
            return answer
    messages.error(request, KEPT)
    return HttpResponseRedirect(reverse("mfa_index"))


def _to(name: str, request: HttpRequest, after: str = "") -> HttpResponseRedirect:
    query = urlencode({"next": after or request.get_full_path()})
    return HttpResponseRedirect(f"{reverse(name)}?{query}")
