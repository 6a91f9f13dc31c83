"""Who may do what, for staff. Every change of rights goes through the services, so that it holds everywhere at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.domain import Role, Scope
from accounts.models import ApiKey, Creator, Membership, RefreshSession, User
from accounts.services.keys import create_key, revoke_key
from accounts.services.members import announce_people, remove_member, set_role
from accounts.services.revocation import announce_change
from accounts.services.sessions import close_sessions_of, end_sessions

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    MembershipsInline = admin.TabularInline[Membership, Any]
    MembershipModelForm = forms.ModelForm[Membership]
    KeyModelForm = forms.ModelForm[ApiKey]
    PasswordForm = AdminPasswordChangeForm[User]
else:  # Django's own classes take no parameters
    ModelAdmin, MembershipsInline, PasswordForm = admin.ModelAdmin, admin.TabularInline, AdminPasswordChangeForm
    MembershipModelForm = KeyModelForm = forms.ModelForm


# What allauth brings along: addresses we do not use, and factors, which have pages of their own.
admin.site.unregister([EmailAddress, Authenticator])


class NoDelete(ModelAdmin):
    """Rows that are closed, never deleted: what they did stays explainable."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


# ---- memberships


class MembershipForm(MembershipModelForm):
    """Who and where stand once the row does: another pair is another membership."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            for name in {"user", "creator"} & set(self.fields):
                field, chosen = self.fields[name], getattr(self.instance, name)
                field.disabled = True
                # The widget with a search box would look up its one value in a query of its own.
                field.widget = forms.Select(choices=[(chosen.pk, str(chosen))])


class MembershipInline(MembershipsInline):
    model = Membership
    form = MembershipForm
    fields: ClassVar = ["user", "creator", "role"]
    autocomplete_fields: ClassVar = ["user", "creator"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "creator")


class WithMembers(NoDelete):
    """Saves the memberships below a user or a creator."""

    inlines: ClassVar = [MembershipInline]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        changed = formset.save(commit=False)
        for member in formset.deleted_objects:
            remove_member(member)
        for member in changed:
            set_role(username=member.user.username, creator_id=member.creator_id, role=Role(member.role))


# ---- people


class EndingPasswordForm(PasswordForm):
    """A new password ends every session that the old one opened."""

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002 - Django's signature
        with transaction.atomic():
            user = super().save(commit)
            close_sessions_of(user, reason="password")
        return user


@admin.register(User)
class UserAdmin(WithMembers, DjangoUserAdmin):  # type: ignore[type-arg]  # the stub's class is not generic at run time
    change_password_form = EndingPasswordForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "is_demo", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups", "memberships__role")
    readonly_fields = ("last_login", "date_joined", "is_demo")

    # What makes somebody more than they are: only a superuser may give it.
    RANK = ("is_staff", "is_superuser", "groups", "user_permissions")

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        return self.inlines if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        mine = () if getattr(request.user, "is_superuser", False) else self.RANK
        return (*self.readonly_fields, *mine)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Else staff who may change users could set a superuser's password and be one.
        above = obj is not None and obj.is_superuser and not getattr(request.user, "is_superuser", False)
        return not above and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        announce_people([obj])
        if change and "is_active" in form.changed_data and not obj.is_active:
            close_sessions_of(obj, reason="disabled")


@admin.register(Creator)
class CreatorAdmin(WithMembers):
    list_display = ("id", "display_name", "currency", "is_active", "is_demo", "created_at")
    list_filter = ("is_active", "currency")
    search_fields = ("id", "display_name")
    fields = ("id", "display_name", "currency", "is_active", "is_demo", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Creator | None = None) -> tuple[str, ...]:
        # The id is what every row about a fan holds; amounts were summed in the currency.
        return ("is_demo", "created_at", *(("id", "currency") if obj else ()))

    def save_model(self, request: HttpRequest, obj: Creator, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        announce_change([obj.id])


# ---- credentials


class ApiKeyForm(KeyModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope], widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "creator", "fan_id", "scopes", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(NoDelete):
    """A key is made, seen once, used, revoked; never edited."""

    form = ApiKeyForm
    list_display = ("prefix", "name", "creator", "fan_id", "scope_names", "expires_at", "last_used_on", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at", "last_used_on")
    search_fields = ("prefix", "name", "creator__id", "creator__display_name")
    list_select_related = ("creator",)
    autocomplete_fields = ("creator",)
    actions = ("revoke_selected",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            return ApiKeyForm.Meta.fields
        return (
            "prefix", "name", "creator", "fan_id", "scope_names", "created_at", "expires_at", "last_used_on",
            "revoked_at", "is_demo",
        )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return _may_change(request, "accounts.change_apikey")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        given = form.cleaned_data
        row, key = create_key(
            creator_id=given["creator"].id,
            name=given["name"],
            scopes=set(map(Scope, given["scopes"])),
            fan_id=given["fan_id"],
            expires_at=given["expires_at"],
        )
        obj.id, obj.prefix = row.id, row.prefix
        self.message_user(request, f"The key is {key} - copy it now, it is shown only this once.", messages.WARNING)

    @admin.action(description="Revoke selected keys", permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = [key for key in queryset if revoke_key(key)]
        for key in revoked:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"{len(revoked)} keys revoked.", messages.SUCCESS)

    @admin.display(description="scopes")
    def scope_names(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)


@admin.register(RefreshSession)
class RefreshSessionAdmin(NoDelete):
    """Who is logged in through the API; may only be ended."""

    list_display = ("id", "user", "default_creator", "created_at", "expires_at", "revoked_at", "revoked_reason")
    list_filter = ("revoked_reason", "created_at")
    search_fields = ("id__exact", "user__username")
    list_select_related = ("user", "default_creator")
    fields = ("id", "user", "default_creator", "created_at", "expires_at", "revoked_at", "revoked_reason")
    actions = ("end_selected",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RefreshSession | None = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return _may_change(request, "accounts.change_refreshsession")

    @admin.action(description="End selected sessions", permissions=["end"])
    def end_selected(self, request: HttpRequest, queryset: QuerySet[RefreshSession]) -> None:
        open_sessions = list(queryset.filter(revoked_at__isnull=True))
        end_sessions(session.id for session in open_sessions)
        for session in open_sessions:
            self.log_change(request, session, "Ended.")
        self.message_user(request, f"{len(open_sessions)} sessions ended.", messages.SUCCESS)


def _may_change(request: HttpRequest, permission: str) -> bool:
    has_perm: Callable[[str], bool] = getattr(request.user, "has_perm", lambda _: False)
    return has_perm(permission)
