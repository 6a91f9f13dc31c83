"""The command."""

import io

import orjson
import pytest
from django.core.management import CommandError, call_command

from privacy.domain import Pair
from privacy.keys import keyring
from privacy.keys.models import DataKey
from privacy.models import LegalHold

PAIR = Pair("creator-1", "fan-1")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_keyset(settings, tmp_path):
    settings.KEYSET_FILE = tmp_path / "keyset.json"
    keyring.forget_all()
    yield
    keyring.forget_all()


@pytest.fixture
def hold():
    return LegalHold.objects.create(
        creator_id="creator-1", fan_id="fan-1", matter="the matter", placed_by="user:1", review_on="2027-01-01"
    )


def rotate(*arguments, **options):
    out = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=out, **options)
    return out.getvalue()


def test_the_key_encryption_key(hold):
    done = orjson.loads(rotate("--kek", "--format", "json"))
    assert (done["added"], done["rewrapped"], done["failed"], len(done["removed"])) == (True, 2, 0, 1)
    assert f"kek: {DataKey.objects.get().kek_id}" in rotate("--kek", "--dry-run")
    assert orjson.loads(rotate("--kek", "--keep-old", "--format", "json"))["removed"] == []


def test_data_keys(hold):
    dry = orjson.loads(rotate("--dek", "--dry-run", "--format", "json"))
    done = orjson.loads(rotate("--dek", "--format", "json"))
    assert {**dry, "rows": 1, "dryRun": False} == done
    assert (done["pairs"], done["renewed"]) == (1, 1)
    assert keyring.count(PAIR) == 2
    assert "renewed: 0" in rotate("--dek", "--creator", "creator-1", "--fan", "fan-1", "--older-than", "3")
    assert "fan-1" not in rotate("--dek")


def test_what_does_not_open_is_exit_code_1(hold):
    DataKey.objects.update(wrapped=b"broken")
    with pytest.raises(SystemExit) as ended:
        rotate("--kek")
    assert ended.value.code == 1
    LegalHold.objects.update(matter=b"")
    DataKey.objects.all().delete()
    keyring.forget_all()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--kek", "--creator", "creator-1"),
        ("--kek", "--older-than", "3"),
        ("--dek", "--keep-old"),
        ("--dek", "--fan", "fan-1"),
        ("--dek", "--older-than", "-1"),
    ],
)
def test_what_does_not_go_together_is_exit_code_2(arguments):
    with pytest.raises(CommandError) as refused:
        rotate(*arguments)
    assert refused.value.returncode == 2


def test_a_provider_that_is_not_there_is_exit_code_1(settings):
    settings.KEK_PROVIDER = "paper"
    with pytest.raises(CommandError, match="named paper") as refused:
        rotate("--kek")
    assert refused.value.returncode == 1
