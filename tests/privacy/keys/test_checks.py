"""What must hold of the keys before a server goes live."""

import pytest
from django.core.checks import run_checks

from privacy.checks import keys_apart_from_data, keyset_private, provider_apart, provider_known


def ids(messages):
    return [message.id for message in messages]


HERE = {"NAME": "x", "HOST": "", "PORT": "", "OPTIONS": {"host": "/run/here"}}


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({**HERE, "NAME": "y"}, []),
        ({**HERE, "OPTIONS": {"host": "/run/there"}}, []),
        ({**HERE, "PORT": 5433}, []),
        (HERE, ["privacy.E101"]),
        ({**HERE, "PORT": 5432, "CONN_MAX_AGE": 7}, ["privacy.E101"]),
        ({**HERE, "HOST": "/run/here", "OPTIONS": {}}, ["privacy.E101"]),
    ],
)
def test_keys_beside_what_they_open_are_refused(settings, monkeypatch, keys, found):
    assert keys_apart_from_data() == []
    monkeypatch.setitem(settings.DATABASES, "default", HERE)
    monkeypatch.setitem(settings.DATABASES, "keys", keys)
    assert ids(keys_apart_from_data()) == found


@pytest.mark.parametrize(
    ("mode", "found"), [(0o600, []), (0o400, []), (0o640, ["privacy.E102"]), (0o604, ["privacy.E102"])]
)
def test_a_keyset_for_others_is_refused(settings, tmp_path, mode, found):
    settings.KEYSET_FILE = tmp_path / "keyset.json"
    assert keyset_private() == []
    settings.KEYSET_FILE.touch()
    settings.KEYSET_FILE.chmod(mode)
    assert ids(keyset_private()) == found
    settings.KEK_PROVIDER = "vault"
    assert keyset_private() == []


def test_an_unknown_provider_is_refused(settings):
    assert provider_known() == []
    settings.KEK_PROVIDER = "paper"
    assert ids(provider_known()) == ["privacy.E103"]


def test_a_key_in_a_file_is_warned_of(settings):
    assert "privacy.W101" in ids(run_checks(include_deployment_checks=True))
    assert "privacy.W101" not in ids(run_checks())
    settings.KEK_PROVIDER = "aws"
    assert provider_apart() == []
