"""Key-encryption keys in a file."""

import json
import multiprocessing
import os
import stat

import pytest

from privacy.errors import KeysUnavailable
from privacy.keys import providers
from privacy.keys.providers.local import LocalKeyset
from tests.embedded.helpers import needs_root

MATERIAL, CONTEXT = b"m" * 32, b"context"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "secrets" / "keyset.json"


@pytest.fixture
def keyset(path):
    return LocalKeyset(path, may_be_made=True)


def test_it_is_made_for_its_owner_alone(keyset, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_is_wrapped_is_unwrapped_for_its_context_alone(keyset, path):
    kek_id, wrapped = keyset.wrap(MATERIAL, CONTEXT)
    assert kek_id == keyset.current_id()
    assert LocalKeyset(path, may_be_made=False).unwrap(kek_id, wrapped, CONTEXT) == MATERIAL
    for bytes_, context in (
        (wrapped, b"other"),
        (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), CONTEXT),
        (b"", CONTEXT),
        (b"x", CONTEXT),
    ):
        with pytest.raises(KeysUnavailable, match="changed, or belongs elsewhere"):
            keyset.unwrap(kek_id, bytes_, context)


def test_a_missing_one_is_not_made_in_production(path, settings):
    settings.KEYSET_FILE, settings.KEYSET_MAY_BE_MADE = path, False
    providers.forget_all()
    with pytest.raises(KeysUnavailable, match=r"can't be read \(FileNotFoundError\)"):
        providers.current_provider()
    assert not path.exists()
    providers.forget_all()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(KeysUnavailable, match="can't be made"):
        LocalKeyset(tmp_path / "file" / "keyset.json", may_be_made=True)


GOOD = "A" * 43 + "="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "ü",
        '{"primary": "a"}',
        '{"primary": "a", "keys": []}',
        '{"primary": "a", "keys": {"a": "not base64!"}}',
        '{"primary": "a", "keys": {"a": 5}}',
        '{"primary": "a", "keys": {"a": "c2hvcnQ="}}',
        f'{{"primary": "b", "keys": {{"a": "{GOOD}"}}}}',
    ],
)
def test_a_file_that_is_not_whole_is_refused_and_left_as_it_is(path, text):
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(KeysUnavailable):
        LocalKeyset(path, may_be_made=True)
    assert path.read_text() == text


def test_the_others_see_a_new_primary_at_once(keyset, path):
    other = LocalKeyset(path, may_be_made=False)
    old_id, wrapped = other.wrap(MATERIAL, CONTEXT)
    new_id = keyset.add_primary()
    assert other.current_id() == new_id != old_id
    assert other.wrap(MATERIAL, CONTEXT)[0] == new_id
    assert keyset.unwrap(old_id, wrapped, CONTEXT) == MATERIAL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other.remove(old_id)
    assert not keyset.keeps(old_id)
    assert keyset.ids() == [new_id]


def test_a_keyset_that_somebody_else_made_first_is_left_as_it_is(keyset, path):
    before = path.read_bytes()
    keyset._make()
    assert path.read_bytes() == before


@needs_root
def test_the_file_stays_its_owners(keyset, path):
    os.chown(path, 65534, 65534)
    keyset.add_primary()
    assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (65534, 0o600)


def test_the_primary_is_not_removed(keyset):
    keyset.remove(keyset.current_id())
    assert keyset.ids() == [keyset.current_id()]


def test_keys_that_are_held_outlive_the_file(keyset, path):
    kek_id, wrapped = keyset.wrap(MATERIAL, CONTEXT)
    path.unlink()
    assert keyset.unwrap(kek_id, wrapped, CONTEXT) == MATERIAL
    with pytest.raises(KeysUnavailable):
        keyset.wrap(MATERIAL, CONTEXT)


def test_a_key_it_does_not_have_is_named(keyset):
    with pytest.raises(KeysUnavailable, match="no key abcd"):
        keyset.unwrap("local:abcd", bytes(60), CONTEXT)


def _make(path, barrier, results):
    barrier.wait()
    results.put(LocalKeyset(path, may_be_made=True).current_id())


def test_processes_that_make_it_at_once_end_up_with_one(path):
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(4), fork.SimpleQueue()
    processes = [fork.Process(target=_make, args=(path, barrier, results)) for _ in range(4)]
    for process in processes:
        process.start()
    ids = {results.get() for _ in processes}
    for process in processes:
        process.join(20)
    assert ids == {f"local:{json.loads(path.read_text())['primary']}"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_there_is_no_other_provider(settings):
    settings.KEK_PROVIDER = "paper"
    with pytest.raises(KeysUnavailable, match="named paper"):
        providers.current_provider()
    (error,) = providers.unwrap_many([("paper:1", b"", b"")])
    assert isinstance(error, KeysUnavailable)
