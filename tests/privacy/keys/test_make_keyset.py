"""The keyset file of a new installation: made once, never beside keys of another one."""

import json
import stat
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from privacy.keys import keyring
from privacy.keys.providers.local import LocalKeyset


@pytest.fixture
def file(settings, tmp_path):
    settings.KEYSET_FILE = tmp_path / "secrets" / "keyset.json"
    return settings.KEYSET_FILE


def run(*arguments: str) -> dict:
    out = StringIO()
    call_command("make_keyset", "--format", "json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_made_once(db, file):
    assert run("--dry-run") == {"file": str(file), "made": False}
    assert not file.exists()
    assert run() == {"file": str(file), "made": True}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert LocalKeyset(file, may_be_made=False).ids()
    before = file.read_bytes()
    with pytest.raises(CommandError) as refused:
        run()
    assert refused.value.returncode == 3
    assert file.read_bytes() == before


def test_refused_beside_keys_of_another(db, settings, tmp_path):
    keyring.service_key("anchors")
    settings.KEYSET_FILE = file = tmp_path / "keyset.json"
    with pytest.raises(CommandError, match="another keyset") as refused:
        run()
    assert refused.value.returncode == 3
    assert not file.exists()
