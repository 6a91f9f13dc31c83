"""The admin, whose door has two locks: a password, and the second factor of whoever has one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib.admin import AdminSite
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.pages.forms import PasswordForm
from accounts.pages.standing import page_before

# Whoever is stuck at the second lock may still leave.
_ALWAYS_OPEN = "logout"


class PasswordView(LoginView):
    """The first step: what follows a right password is allauth's."""

    template_name = "admin/login.html"
    authentication_form = PasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        # Who has just typed the password need not do so again to add a factor (for ACCOUNT_REAUTHENTICATION_TIMEOUT).
        record_authentication(self.request, user, method="password", reauthenticated=True)
        answer: HttpResponse = perform_login(self.request, Login(user=user, redirect_url=self.get_success_url()))
        return answer


class Site(AdminSite):
    site_header = site_title = "ofmemory"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        index = reverse("admin:index", current_app=self.name)
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(index)
        request.current_app = self.name
        shown = {
            **self.each_context(request),
            "title": "Log in",
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            **(extra_context or {}),
        }
        if "next" not in request.GET and "next" not in request.POST:
            shown["next"] = index
        return cast("HttpResponse", PasswordView.as_view(extra_context=shown)(request))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        checked: Callable[..., HttpResponse] = super().admin_view(view, cacheable)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            leaving = request.resolver_match is not None and request.resolver_match.url_name == _ALWAYS_OPEN
            if not leaving and self.has_permission(request) and (first := page_before(request)):
                query = "" if first == "mfa_index" else f"?{urlencode({'next': request.get_full_path()})}"
                return HttpResponseRedirect(reverse(first) + query)
            return checked(request, *args, **kwargs)

        return guarded
