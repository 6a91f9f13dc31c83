"""May this caller do this, to this creator, to this fan?"""

from collections.abc import Iterable

from accounts.domain import Principal, Scope
from ofmemory.errors import Forbidden, InvalidInput


def access_creator(principal: Principal, *, creator_id: str | None, scope: Scope) -> str:
    """Return the id of the creator that the caller means and may use.

    Args:
        creator_id: as the request named it; None or empty means the caller's own.

    Raises:
        Forbidden: another creator's, whether it exists or not, or the scope is missing.
        InvalidInput: none named, and the caller belongs to several.
    """
    meant = creator_id or principal.default_creator_id
    if meant is None:
        raise InvalidInput.field("creatorId", "is required, because you belong to several creators.")
    if scope not in principal.grants.get(meant, frozenset()):
        raise Forbidden
    return meant


def access_fans(principal: Principal, fan_ids: Iterable[str]) -> None:
    """Let pass only who may touch every one of ``fan_ids``.

    Raises:
        Forbidden: the caller is bound to one fan and this is another.
    """
    if principal.fan_id is not None and any(fan_id != principal.fan_id for fan_id in fan_ids):
        raise Forbidden


def access_all_fans(principal: Principal) -> None:
    """Let pass only callers that are not bound to one fan.

    Raises:
        Forbidden: the caller is.
    """
    if principal.fan_id is not None:
        raise Forbidden
