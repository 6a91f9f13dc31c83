"""What the pages share: lists and pages that only show, forms that call a service, and refusals in words."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers

from ofmemory.errors import OfMemoryError

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:  # Django's own class takes no parameters
    ModelAdmin = admin.ModelAdmin

# What forms call a field, where the services call it otherwise.
_SERVICE_NAMES = {
    "receivedAt": "received_at",
    "fanId": "fan_id",
    "noticeVersion": "notice_version",
    "expressedAt": "expressed_at",
}


def actor_of(request: HttpRequest) -> str:
    """Return who is acting, as the audit log names them."""
    return f"user:{request.user.pk}"


def may(request: HttpRequest, permission: str) -> bool:
    return bool(getattr(request.user, "has_perm", lambda _: False)(f"privacy.{permission}"))


def needs(permission: str, *methods: str) -> Callable[[Any], Any]:
    """Let a view of a page pass only who may, by only these methods; whatever it refuses is shown in words."""

    def decorate(view: Any) -> Any:
        @wraps(view)
        def checked(page: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not may(request, permission):
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            answer: HttpResponse = view(page, request, *args, **kwargs)
            # What these pages show is not for the cache of a shared computer.
            add_never_cache_headers(answer)
            return answer

        return checked

    return decorate


def refusal(error: OfMemoryError) -> str:
    """Return why a service refused, for a person."""
    return _sentence(error.message)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Act:
    """A button, or a form with one, of a page.

    Args:
        form: what else is to be said; None: a button by itself.
        is_grave: it can't be taken back.
        button: what it says; empty: the title.
    """

    title: str
    url: str
    form: forms.Form | None = None
    is_grave: bool = False
    note: str = ""
    button: str = ""


@dataclass(frozen=True)
class Section:
    """A table below the facts of a page."""

    title: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = field(default_factory=tuple)
    empty: str = "None."
    note: str = ""


class Desk(ModelAdmin):
    """Rows that only services change.

    A subclass says what a page shows (``facts``, ``sections``), what can be done there (``acts``), and where rows are
    made at all, by which form (``add_form``, ``create``).
    """

    list_per_page = 50
    show_full_result_count = False
    actions = None
    add_form: ClassVar[type[forms.Form] | None] = None
    add_title, add_intro, add_button = "", "", "Save"
    add_is_grave = False
    page_template = "admin/privacy/row.html"

    # ---- who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.add_form is not None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    # ---- what a page shows

    @abstractmethod
    def facts(self, request: HttpRequest, row: Any) -> list[tuple[str, Any]]:
        """Return label and value of what stands on the page of a row."""

    def sections(self, request: HttpRequest, row: Any) -> list[Section]:
        return []

    def acts(self, request: HttpRequest, row: Any) -> list[Act]:
        """Return what this user may do with the row now."""
        return []

    def notes(self, request: HttpRequest, row: Any) -> list[str]:
        """Return what whoever looks at the row must know first."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a row; nothing is ever posted to its page itself."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row) or request.method != "GET":
            raise PermissionDenied
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]  # Django's own answer
        return self.shown(request, row)

    def shown(self, request: HttpRequest, row: Any, **more: Any) -> HttpResponse:
        """Return the page of a row."""
        context = {
            "title": f"{str(self.opts.verbose_name).capitalize()}",
            "row": row,
            "facts": self.facts(request, row),
            "sections": self.sections(request, row),
            "acts": self.acts(request, row),
            "notes": self.notes(request, row),
            **more,
        }
        return self.rendered(request, self.page_template, context)

    def rendered(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "list_url": self.list_url(),
            "may_list": self.has_view_permission(request),
            **context,
        }
        answer = TemplateResponse(request, template, whole)
        add_never_cache_headers(answer)
        return answer

    # ---- adding

    @abstractmethod
    def create(self, request: HttpRequest, given: dict[str, Any]) -> Any:
        """Call the service with what the form holds; return the row it made."""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if self.add_form is None or not self.has_add_permission(request):
            raise PermissionDenied
        form = self.add_form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = self.create(request, form.cleaned_data)
            except OfMemoryError as error:
                explain(form, error)
            else:
                self.log_addition(request, made, [{"added": {}}])
                return HttpResponseRedirect(
                    self.page_url(made) if self.has_view_permission(request) else reverse("admin:index")
                )
        return self.asked(
            request,
            form,
            title=self.add_title,
            intro=self.add_intro,
            button=self.add_button,
            is_grave=self.add_is_grave,
        )

    def asked(self, request: HttpRequest, form: forms.Form, **texts: Any) -> HttpResponse:
        """Return the page with a form, with what is wrong with it if something is."""
        return self.rendered(request, "admin/privacy/form.html", {"form": form, **texts})

    # ---- doing

    def done(self, request: HttpRequest, row: Any, what: str, act: Callable[[], Any]) -> HttpResponse:
        """Do it, note in the admin's log that it was done, and go back to the row's page: with a refusal, in words."""
        try:
            act()
        except OfMemoryError as error:
            self.message_user(request, refusal(error), messages.ERROR)
        else:
            self.log_change(request, row, what)
            self.message_user(request, what, messages.SUCCESS)
        return HttpResponseRedirect(self.page_url(row))

    def row_or_404(self, request: HttpRequest, pk: Any) -> Any:
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        return row

    # ---- addresses

    def route(self, where: str, view: Any, name: str) -> URLPattern:
        checked = self.admin_site.admin_view(view)
        pattern: URLPattern = path(where, checked, name=f"privacy_{self.opts.model_name}_{name}")
        return pattern

    def page_url(self, row: Any) -> str:
        return self.url("change", row.pk)

    def list_url(self) -> str:
        return self.url("changelist")

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:privacy_{self.opts.model_name}_{name}", args=args)


def explain(form: forms.Form, error: OfMemoryError) -> None:
    """Put a refusal where it belongs: at its field, or above the form."""
    fields: Any = error.details.get("fields")
    for name, problems in (fields or {}).items():
        own = _SERVICE_NAMES.get(name, name)
        form.add_error(own if own in form.fields else None, [_sentence(problem) for problem in problems])
    if not fields:
        form.add_error(None, refusal(error))
