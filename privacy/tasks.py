"""Background work of privacy: wake-ups only; what is to be done stands in the database."""

from celery import shared_task

from privacy.services import audit_anchors, audit_chain, erasing, exporting, processing, renewal, requests, retention


@shared_task
def take_in_audit() -> int:
    """Move what waits into the audit chain. Every 2 s: what Redis may lose is never older."""
    return audit_chain.take_in()


@shared_task
def write_audit_anchor() -> int:
    """Write down outside the database what the audit chain is now."""
    return audit_anchors.write_anchor()


@shared_task
def resume_erasures() -> int:
    """Go on with erasures that a process left unfinished, or whose legal hold was released."""
    return erasing.resume()


@shared_task
def watch_deadlines() -> int:
    """Tell the logs which requests take too long."""
    return requests.watch_deadlines()


@shared_task
def forget_expired_exports() -> int:
    """Delete the exports whose time is over."""
    return exporting.forget_expired_exports()


@shared_task
def carry_out_late_consents() -> int:
    """Remove what was inferred for purposes withdrawn under a hold that is released by now."""
    return processing.carry_out_late()


@shared_task
def cleanup_memories() -> int:
    """Erase the pairs that have been silent for too long."""
    return len(retention.cleanup().erased)


@shared_task
def destroy_retired_keys() -> int:
    """Destroy data keys that were replaced an hour ago; nothing to do but after ``rotate_keys --dek``."""
    return renewal.destroy_retired(actor="system:keys").destroyed
