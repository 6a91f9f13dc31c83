"""The scheduled work of accounts."""

from datetime import UTC, datetime, timedelta

import time_machine
from django.conf import settings

from accounts.models import RefreshSession
from accounts.tasks import forget_old_sessions
from tests.conftest import Api


def test_sessions_that_are_over_are_forgotten(alice: Api, bob: Api) -> None:
    RefreshSession.objects.filter(user__username="bob").update(expires_at=datetime.now(UTC) + timedelta(days=30))
    assert forget_old_sessions() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=15), tick=False):
        assert forget_old_sessions() == 1
    assert RefreshSession.objects.get().user.username == "bob"


def test_it_is_scheduled() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert forget_old_sessions.name in scheduled
