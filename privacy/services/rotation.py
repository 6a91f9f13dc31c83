"""Changing the key-encryption key while everything runs: readers and writers notice nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field

from privacy.keys import rewrapping
from privacy.keys.guard import removing_kek
from privacy.keys.providers import current_provider
from privacy.keys.providers.local import LocalKeyset
from privacy.services import audit

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did, or with ``dry_run`` would do.

    Args:
        kek: id of the key-encryption key that wraps everything now.
        added: whether it was made by this run; False too where an unfinished rotation was taken up.
        rewrapped: keys wrapped anew.
        failed: keys that could not be unwrapped, and stay as they are.
        removed: ids of old key-encryption keys that are gone.
    """

    kek: str
    added: bool
    rewrapped: int
    failed: int
    removed: list[str] = field(default_factory=list)
    dry_run: bool = False


def rotate_kek(
    *,
    actor: str,
    keep_old: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> Rotated:
    """Have every key wrapped by the provider's newest key-encryption key.

    With the local keyset a new one is made first, unless something still waits for the one made last. AWS KMS and Vault
    make theirs themselves. Keys of another provider are taken over. Stopped at any point, the next run goes on.

    Args:
        keep_old: keep key-encryption keys in the keyset that wrap nothing any more.
        progress: called with how many are done, of how many.

    Raises:
        KeysUnavailable: the keys database or a provider did not answer; what was done stays done.
    """
    provider = current_provider()
    waiting = rewrapping.count_others(provider.current_id())
    keyset = provider if isinstance(provider, LocalKeyset) else None
    adds = keyset is not None and not waiting
    total = rewrapping.count_all() if adds else waiting
    if dry_run:
        return Rotated(provider.current_id(), adds, total, 0, dry_run=True)
    if keyset is not None and adds:
        with removing_kek():
            keyset.add_primary()
    rewrapped, failed = _rewrap(total, progress)
    removed = _remove_unused(keyset) if keyset is not None and not keep_old else []
    done = Rotated(provider.current_id(), adds, rewrapped, failed, removed)
    audit.record(
        "kek.rotated",
        actor=actor,
        details={"kek": done.kek, "rewrapped": rewrapped, "failed": failed, "removed": removed},
    )
    return done


def _rewrap(total: int, progress: Progress) -> tuple[int, int]:
    """Go over all keys until a pass finds none: others store what the old KEK wrapped for a moment still."""
    rewrapped = 0
    while True:
        before, failed = rewrapped, 0
        for done, refused in rewrapping.rewrap_all():
            rewrapped, failed = rewrapped + done, failed + refused
            progress(rewrapped, max(total, rewrapped))
        if rewrapped == before:
            return rewrapped, failed


def _remove_unused(keyset: LocalKeyset) -> list[str]:
    current = keyset.current_id()
    return rewrapping.remove_unused(lambda: [kek for kek in keyset.ids() if kek != current], keyset.remove)
