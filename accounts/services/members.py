"""Creators and the people that act for them."""

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.domain import Role
from accounts.models import Creator, Membership, User
from accounts.services.revocation import announce_change
from accounts.services.sessions import close_sessions_of
from accounts.services.validation import broken_rules, validate
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
    validate(creator)
    creator.save(force_insert=True)
    return creator


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str,
    is_staff: bool = False,
    is_superuser: bool = False,
    creator_id: str | None = None,
    role: Role | None = None,
) -> User:
    """Register a person, as a member of a creator where one is named.

    Args:
        creator_id: goes with ``role``: both or neither.

    Raises:
        Conflict: the user name is taken.
        InvalidInput: the name is not well-formed, the password too weak, or a creator comes without a role.
        NotFound: no such creator; nobody was registered.
    """
    if (creator_id is None) != (role is None):
        raise InvalidInput("A creator and a role go together.")
    user = User(username=username, is_staff=is_staff or is_superuser, is_superuser=is_superuser)
    if User.objects.filter(username=username).exists():
        raise Conflict(f"User {username} exists already.")
    _check_password(password, user)
    user.set_password(password)
    validate(user)
    user.save(force_insert=True)
    if creator_id is not None and role is not None:
        set_role(username=username, creator_id=creator_id, role=role)
    return user


def list_creator_ids() -> list[str]:
    """Return the id of every creator."""
    return list(Creator.objects.values_list("id", flat=True))


def get_user(username: str) -> User:
    """Return a person.

    Raises:
        NotFound: nobody has this user name.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound("No such user.")
    return user


@transaction.atomic
def set_role(*, username: str, creator_id: str, role: Role) -> Membership:
    """Make a person a member of a creator, or change what they are there; a change logs them out.

    Raises:
        NotFound: no such user or creator.
    """
    user = get_user(username)
    if not Creator.objects.filter(id=creator_id).exists():
        raise NotFound("No such creator.")
    before = user.memberships.select_for_update().filter(creator_id=creator_id).first()
    member, _ = Membership.objects.update_or_create(user=user, creator_id=creator_id, defaults={"role": role})
    announce_change([creator_id])
    if before is not None and before.role != role:
        close_sessions_of(user, reason="role")
    return member


@transaction.atomic
def remove_member(member: Membership) -> None:
    """End what a person is to a creator, and log them out."""
    Membership.objects.filter(id=member.id).delete()
    announce_change([member.creator_id])
    close_sessions_of(member.user, reason="role")


@transaction.atomic
def disable_user(user: User) -> None:
    """Shut a person out: no login, and every open session stops at once."""
    User.objects.filter(id=user.id).update(is_active=False)
    close_sessions_of(user, reason="disabled")


def announce_people(users: Iterable[User]) -> None:
    """Have every process look up these people afresh."""
    announce_change(Membership.objects.filter(user__in=list(users)).values_list("creator_id", flat=True).distinct())


def currency_of(creator_id: str) -> str | None:
    """Return the ISO 4217 code in which the creator is paid, or None for an unknown creator."""
    return Creator.objects.filter(id=creator_id).values_list("currency", flat=True).first()


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise broken_rules({"password": error.messages}) from error


def roles_of(creator_id: str) -> dict[str, Role]:
    """Return who is what to the creator: user id, as text, → role."""
    members = Membership.objects.filter(creator_id=creator_id).values_list("user_id", "role")
    return {str(user_id): Role(role) for user_id, role in members}
