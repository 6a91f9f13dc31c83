"""What every request must pass: the limits it counts on and the access epoch it is checked under.

Both travel in the script that reads or marks the cache, so that being limited, being allowed and being answered cost
one round trip together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.cache import epoch_key, limit_key
from accounts.domain import Principal, Scope
from accounts.services.access import access_all_fans, access_creator, access_fans
from accounts.services.principals import confirm_principal, recheck_principal
from ofmemory.infra.cache.limits import Quota, local_admit


@dataclass(frozen=True, slots=True)
class Gate:
    """One request's way through.

    Args:
        limits: (key, calls in 60 s) of each limit the request counts on.
        action: what it is called in the audit log; empty for what touches nobody's data.
        token: the caller's credential; empty for calls from inside the product, which always pass.
    """

    creator_id: str
    limits: tuple[tuple[str, int], ...] = ()
    action: str = ""
    token: str = ""
    principal: Principal | None = None
    scope: Scope = Scope.MEMORY_READ
    fan_ids: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """Who is calling, as the audit log names them."""
        return f"{self.principal.kind}:{self.principal.id}" if self.principal else "system:internal"

    def script_keys(self) -> list[str]:
        return [*(key for key, _ in self.limits), epoch_key(self.creator_id)]

    def script_limits(self) -> list[int]:
        return [limit for _, limit in self.limits]

    def passed(self, admission: Sequence[Any], epoch: bytes | None) -> Quota:
        """Return what is left of the limits, or refuse.

        Args:
            admission: what ``admit`` in the script answered.
            epoch: the creator's access epoch, read in the same script.

        Raises:
            RateLimitExceeded, Unauthorized, Forbidden: the caller may not go on.
        """
        quota = Quota.of_answer(admission)
        if self.token:
            self._still_allowed(confirm_principal(self.token, creator_id=self.creator_id, epoch=epoch))
        return quota

    def passed_without_cache(self) -> Quota:
        """Check the limits of this process, and the caller's rights from the database: Redis can't say what changed.

        Raises:
            RateLimitExceeded, Unauthorized, Forbidden: the caller may not go on.
        """
        quota = local_admit(self.limits)
        if self.token:
            self._still_allowed(recheck_principal(self.token))
        return quota

    def _still_allowed(self, current: Principal) -> None:
        if current is self.principal:
            return
        access_creator(current, creator_id=self.creator_id, scope=self.scope)
        if self.fan_ids:
            access_fans(current, self.fan_ids)
        else:
            access_all_fans(current)


def limits_for(kind: str, *, creator_id: str, fan_id: str = "") -> tuple[tuple[str, int], ...]:
    """Return the limits on ``kind`` (``reads``, ``writes`` or ``bulk``) for a creator and, where named, a fan.

    Bulk calls count on the creator only, even when they name a single fan.
    """
    limits = [(limit_key(kind, creator_id), settings.RATE_LIMITS[f"{kind}_per_creator"])]
    per_fan = settings.RATE_LIMITS.get(f"{kind}_per_fan")
    if fan_id and per_fan is not None:
        limits.append((limit_key(kind, creator_id, fan_id), per_fan))
    return tuple(limits)
