"""Creators, the people and services that act for them, and their sessions."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.domain import Role, Scope
from ofmemory.infra.ids import uuid7


class User(AbstractUser):
    """A person who logs in."""

    is_demo = models.BooleanField(
        default=False,
        editable=False,
        help_text="Made by seed_demo with a published password; refused wherever DEMO_ENABLED is off.",
    )

    class Meta(AbstractUser.Meta):
        pass


class Creator(models.Model):
    """The tenant. Every datum about a fan belongs to exactly one."""

    id = models.CharField(
        primary_key=True,
        max_length=255,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "Letters, digits, dot, dash and underscore.")],
        help_text="The platform's opaque id, as API clients spell it.",
    )
    display_name = models.CharField(max_length=255)
    currency = models.CharField(
        max_length=3,
        default="USD",
        validators=[RegexValidator(r"^[A-Z]{3}$", "A three-letter ISO 4217 code.")],
        help_text="Revenue is summed per fan, so a creator has one currency.",
    )
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="creator_currency_iso4217"),
        ]

    def __str__(self) -> str:
        return self.id


class Membership(models.Model):
    """What a person may do for a creator."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    creator = models.ForeignKey(Creator, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.name.title()) for role in Role])
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["creator", "user"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creator", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.creator_id}"


class ApiKey(models.Model):
    """A service's credential. The key itself is shown once and never stored.

    256 random bits need no slow hash: nobody can try them, so a plain SHA-256 keeps checking fast.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    creator = models.ForeignKey(Creator, on_delete=models.CASCADE, related_name="api_keys")
    fan_id = models.CharField(max_length=255, blank=True, default="", help_text="Empty: every fan of the creator.")
    scopes = ArrayField(models.CharField(max_length=32, choices=[(scope.value, scope.value) for scope in Scope]))
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        verbose_name = "API key"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=[scope.value for scope in Scope]), name="api_key_scopes_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class RefreshSession(models.Model):
    """One login: the family of refresh tokens that follow from it. Only the newest token is good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_sessions")
    default_creator = models.ForeignKey(Creator, null=True, on_delete=models.CASCADE)
    current_jti = models.UUIDField(help_text="Id of the only refresh token of this family that is still good.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(revoked_reason__in=["", "logout", "reuse", "password", "disabled", "role", "ended"]),
                name="refresh_session_reason_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
