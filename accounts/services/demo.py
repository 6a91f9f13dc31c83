"""Demo accounts: made once, marked as such, and useless wherever DEMO_ENABLED is off."""

from collections.abc import Mapping

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.domain import Role
from accounts.models import ApiKey, Creator, User
from accounts.services.keys import create_key, find_key, revoke_key
from accounts.services.members import create_creator, create_user, set_role
from ofmemory.errors import Conflict

PASSWORD = "ofmemory-demo"  # noqa: S105 - published on purpose, and refused where DEMO_ENABLED is off
MEMBERS: Mapping[str, tuple[str, Role]] = {
    "alice": ("creator-1", Role.CREATOR),
    "bob": ("creator-1", Role.CHATTER),
    "charlie": ("creator-2", Role.CREATOR),
}
STAFF: Mapping[str, str] = {"support": "Support", "dpo": "DPO"}
ADMIN = "admin"
KEY_NAME = "Demo"


def only_demo_creators() -> bool:
    """Say whether nobody has opened a tenant of their own."""
    return not Creator.objects.filter(is_demo=False).exists()


@transaction.atomic
def ensure_demo_accounts(creators: Mapping[str, str]) -> None:
    """Make what is missing of the demo's creators (id → name) and people; what is there stays as it is.

    Raises:
        Conflict: an account of one of these names exists and is not the demo's.
    """
    for creator_id, name in creators.items():
        _ensure_creator(creator_id, name)
    for username, (creator_id, role) in MEMBERS.items():
        if _ensure_user(username):
            set_role(username=username, creator_id=creator_id, role=role)
    for username, group in STAFF.items():
        if user := _ensure_user(username, is_staff=True):
            user.groups.add(Group.objects.get_or_create(name=group)[0])
    _ensure_user(ADMIN, is_superuser=True)


def demo_accounts_exist(creator_ids: list[str]) -> bool:
    """Say whether the demo's creators and people are all there."""
    people = [*MEMBERS, *STAFF, ADMIN]
    creators = Creator.objects.filter(id__in=creator_ids, is_demo=True).count()
    users = User.objects.filter(username__in=people, is_demo=True).count()
    return creators == len(creator_ids) and users == len(people)


def is_demo_key(key: str, creator_id: str) -> bool:
    """Say whether ``key`` is a live demo key of the creator."""
    row = find_key(key)
    return row is not None and row.is_demo and row.creator_id == creator_id


def replace_demo_key(creator_id: str) -> str:
    """Make a demo key with all scopes and revoke the ones before; return the key."""
    before = list(ApiKey.objects.filter(creator_id=creator_id, is_demo=True, revoked_at__isnull=True))
    _, key = create_key(creator_id=creator_id, name=KEY_NAME, is_demo=True)
    for row in before:
        revoke_key(row)
    return key


def _ensure_creator(creator_id: str, name: str) -> None:
    found = Creator.objects.filter(id=creator_id).first()
    if found is None:
        create_creator(creator_id=creator_id, display_name=name, is_demo=True)
    elif not found.is_demo:
        raise Conflict(f"Creator {creator_id} exists and is not the demo's.")


def _ensure_user(username: str, *, is_staff: bool = False, is_superuser: bool = False) -> User | None:
    """Return the user just made, or None for one made before."""
    found = User.objects.filter(username=username).first()
    if found is not None and not found.is_demo:
        raise Conflict(f"User {username} exists and is not the demo's.")
    if found is not None:
        return None
    user = create_user(username=username, password=PASSWORD, is_staff=is_staff, is_superuser=is_superuser)
    user.is_demo = True
    user.save(update_fields=["is_demo"])
    return user
