"""Creators and the people that act for them."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.domain import Role
from accounts.models import Creator, Membership, User
from accounts.services.revocation import announce_change
from accounts.services.sessions import close_sessions_of
from ofmemory.errors import Conflict, InvalidInput, NotFound


def create_creator(*, creator_id: str, display_name: str = "", currency: str = "USD", is_demo: bool = False) -> Creator:
    """Open a tenant.

    Raises:
        Conflict: there is one of this id.
        InvalidInput: the id or the currency is not well-formed.
    """
    creator = Creator(id=creator_id, display_name=display_name or creator_id, currency=currency, is_demo=is_demo)
    if Creator.objects.filter(id=creator_id).exists():
        raise Conflict(f"Creator {creator_id} exists already.")
    _validate(creator)
    creator.save(force_insert=True)
    return creator


@transaction.atomic
def create_user(*, username: str, password: str, is_staff: bool = False, is_superuser: bool = False) -> User:
    """Register a person.

    Raises:
        Conflict: the user name is taken.
        InvalidInput: the name is not well-formed or the password too weak.
    """
    user = User(username=username, is_staff=is_staff or is_superuser, is_superuser=is_superuser)
    if User.objects.filter(username=username).exists():
        raise Conflict(f"User {username} exists already.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput("The password is too weak.", details={"fields": {"password": error.messages}}) from error
    user.set_password(password)
    _validate(user)
    user.save(force_insert=True)
    return user


def set_role(*, username: str, creator_id: str, role: Role) -> Membership:
    """Make a person a member of a creator, or change what they are there.

    Raises:
        NotFound: no such user or creator.
    """
    user = User.objects.filter(username=username).first()
    if user is None or not Creator.objects.filter(id=creator_id).exists():
        raise NotFound("No such user or creator.")
    member, _ = Membership.objects.update_or_create(user=user, creator_id=creator_id, defaults={"role": role})
    announce_change([creator_id])
    return member


@transaction.atomic
def disable_user(user: User) -> None:
    """Shut a person out: no login, and every open session stops at once."""
    User.objects.filter(id=user.id).update(is_active=False)
    close_sessions_of(user, reason="disabled")


def currency_of(creator_id: str) -> str | None:
    """Return the ISO 4217 code in which the creator is paid, or None for an unknown creator."""
    return Creator.objects.filter(id=creator_id).values_list("currency", flat=True).first()


def _validate(instance: Creator | User) -> None:
    try:
        instance.full_clean()
    except ValidationError as error:
        raise InvalidInput("Not well-formed.", details={"fields": error.message_dict}) from error
