"""The log is kept without anybody asking for it."""

import pytest

from ofmemory.celery import app
from privacy.services import audit
from tests.privacy.audit.support import ACTOR, chain

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("name", "seconds"), [("take-in-audit", 2), ("write-audit-anchor", 3600)])
def test_it_is_scheduled(name, seconds):
    app.loader.import_default_modules()
    entry = app.conf.beat_schedule[name]
    assert entry["schedule"] == seconds
    assert entry["task"] in app.tasks


def test_the_scheduled_tasks_do_it(settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = tmp_path / "anchors"
    audit.record("consent.recorded", actor=ACTOR)
    app.loader.import_default_modules()
    for name in ("take-in-audit", "write-audit-anchor"):
        app.tasks[app.conf.beat_schedule[name]["task"]].apply(throw=True)
    assert [entry.action for entry in chain()] == ["consent.recorded"]
    assert settings.AUDIT_ANCHOR_FILE.read_text().count("\n") == 1
