"""Demo accounts are refused where they may not be."""

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from accounts.checks import no_demo_accounts
from accounts.models import User
from accounts.services.keys import create_key


def told() -> list[str]:
    return [str(message.id) for message in no_demo_accounts(databases=["default"])]


def test_a_database_without_demo_accounts_is_fine(settings, alice, service):
    settings.DEMO_ENABLED = False
    assert told() == []


@pytest.mark.parametrize("kind", ["user", "key"])
def test_demo_accounts_stop_what_may_not_have_them(settings, alice, creator_1, kind):
    if kind == "user":
        User.objects.update(is_demo=True)
    else:
        create_key(creator_id="creator-1", name="demo", is_demo=True)
    assert told() == []
    settings.DEMO_ENABLED = False
    assert told() == ["accounts.E001"]
    with pytest.raises(SystemCheckError, match="demo accounts"):
        call_command("check", databases=["default"])


def test_checks_without_a_database_ask_none(settings):
    settings.DEMO_ENABLED = False
    assert no_demo_accounts(databases=None) == []
    assert "accounts.E001" not in {message.id for message in run_checks()}
