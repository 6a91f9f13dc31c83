"""Facts about how people prove who they are, for the audit log of the room above."""

from django.dispatch import Signal

# action: one of those below; actor: who did it, as the audit log names them; details: labels, counts and row numbers.
# Sent inside the transaction the fact belongs to, so that it is on record if, and only if, that is committed.
account_event = Signal()

ADDED, REMOVED, RESET = "second_factor.added", "second_factor.removed", "second_factor.reset"
FAILED, LOCKED = "second_factor.failed", "second_factor.locked"
RECOVERY_CODE_USED = "recovery_code.used"


def tell(action: str, *, user_id: int, actor: str = "", **details: object) -> None:
    """Announce that ``action`` happened to a person; without ``actor`` they did it themselves."""
    account_event.send(
        sender=None, action=action, actor=actor or f"user:{user_id}", details={"user": user_id, **details}
    )
