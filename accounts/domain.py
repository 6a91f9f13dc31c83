"""Who somebody is and what that lets them do; plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person is to a creator."""

    CREATOR = "creator"
    CHATTER = "chatter"
    SUPPORT = "support"
    DPO = "dpo"
    ADMIN = "admin"


class Scope(StrEnum):
    """One thing a caller may do with a creator's data."""

    MEMORY_READ = "memory:read"
    MEMORY_WRITE = "memory:write"
    MEMORY_ERASE = "memory:erase"
    MEMORY_EXPORT = "memory:export"
    STATS_READ = "stats:read"
    OPERATIONS_READ = "operations:read"


ALL_SCOPES = frozenset(Scope)
# How the machines are is the business of who runs them, not of a creator.
# Support sees message text only with a reason, in the admin: the API gives it numbers only.
SCOPES_OF_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.CREATOR: ALL_SCOPES - {Scope.OPERATIONS_READ},
    Role.CHATTER: frozenset({Scope.MEMORY_READ, Scope.MEMORY_WRITE, Scope.STATS_READ}),
    Role.SUPPORT: frozenset({Scope.STATS_READ, Scope.OPERATIONS_READ}),
    Role.DPO: frozenset({Scope.MEMORY_EXPORT, Scope.MEMORY_ERASE, Scope.STATS_READ}),
    Role.ADMIN: ALL_SCOPES,
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling.

    Args:
        kind: ``user`` (a person with a JWT) or ``key`` (a service with an API key).
        id: primary key of the user or of the API key, as text.
        grants: creator id → what the caller may do there. A creator that is not in it does not exist for the caller.
        default_creator_id: the creator meant when a request names none.
        fan_id: the only fan the caller may touch, or None for all.
    """

    kind: str
    id: str
    grants: Mapping[str, frozenset[Scope]] = field(default_factory=dict)
    default_creator_id: str | None = None
    fan_id: str | None = None

    is_authenticated = True
