from celery import shared_task

from accounts.services import sessions


@shared_task
def forget_old_sessions() -> int:
    """Delete sessions that can't be refreshed any more."""
    return sessions.forget_old_sessions()
