"""Keys wrapped by Vault's transit engine, over real HTTP."""

import pytest

from memory.models import FanMemory
from ofmemory.infra.cache.client import client
from privacy.errors import KeysUnavailable
from privacy.keys import keyring, providers
from privacy.keys.models import DataKey
from privacy.keys.providers import vault
from tests.privacy.keys.support import PAIR, PLACE, clocked, dead_port
from tests.privacy.keys.transit import transit_server

MATERIAL, CONTEXT = b"m" * 32, b"context"


@pytest.fixture
def server(settings):
    with transit_server() as running:
        settings.KEK_PROVIDER = "vault"
        settings.VAULT_ADDR, settings.VAULT_TOKEN = running.address, running.token
        providers.forget_all()
        yield running
    providers.forget_all()


def test_what_is_wrapped_is_unwrapped_for_its_context_alone(server):
    provider = providers.current_provider()
    kek_id, wrapped = provider.wrap(MATERIAL, CONTEXT)
    assert kek_id == "vault:transit/ofmemory:v1"
    assert wrapped.startswith(b"vault:v1:")
    assert providers.provider_of(kek_id).unwrap(kek_id, wrapped, CONTEXT) == MATERIAL
    with pytest.raises(KeysUnavailable, match="changed, or belongs elsewhere"):
        provider.unwrap(kek_id, wrapped, b"other")
    # One bad key keeps nobody from the others.
    assert provider.unwrap(kek_id, wrapped, CONTEXT) == MATERIAL


def test_a_rotated_key_has_a_new_id_and_opens_what_it_wrapped_before(server):
    provider = providers.current_provider()
    old_id, wrapped = provider.wrap(MATERIAL, CONTEXT)
    server.rotate()
    assert provider.current_id() == "vault:transit/ofmemory:v2"
    assert provider.unwrap(old_id, wrapped, CONTEXT) == MATERIAL
    server.min_decryption_version = 2
    with pytest.raises(KeysUnavailable, match="refuses"):
        provider.unwrap(old_id, wrapped, CONTEXT)
    new_id, wrapped = provider.wrap(MATERIAL, CONTEXT)
    assert provider.unwrap(new_id, wrapped, CONTEXT) == MATERIAL


def test_many_are_unwrapped_and_each_failure_is_its_own(server):
    provider = providers.current_provider()
    items = [(*provider.wrap(bytes([number]) * 32, CONTEXT), CONTEXT) for number in range(20)]
    items[7] = (*items[7][:2], b"other")
    found = providers.unwrap_many(items)
    assert isinstance(found.pop(7), KeysUnavailable)
    assert found == [bytes([number]) * 32 for number in range(20) if number != 7]
    assert providers.unwrap_many(items[:1]) == [bytes(32)]


@pytest.mark.django_db
def test_held_keys_work_while_vault_is_sealed_and_everything_else_says_so(server):
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE)
    server.sealed = True
    assert keyring.open_sealed(PAIR, sealed, PLACE) == b"hello"
    keyring.forget(PAIR)
    with pytest.raises(KeysUnavailable) as caught:
        keyring.open_sealed(PAIR, sealed, PLACE)
    assert caught.value.status == 503
    assert 1 <= caught.value.retry_after_seconds <= 5
    with pytest.raises(KeysUnavailable):
        keyring.ensure(keyring.Pair("creator-1", "fan-new"))
    assert DataKey.objects.count() == 1


@pytest.mark.parametrize("trouble", ["sealed", "babbles"])
def test_it_is_left_alone_after_a_failure_and_asked_again_later(server, trouble):
    provider, clock = clocked(providers.current_provider())
    kek_id, wrapped = provider.wrap(MATERIAL, CONTEXT)
    setattr(server, trouble, True)
    before = server.asked
    for _ in range(50):
        with pytest.raises(KeysUnavailable, match="does not answer"):
            provider.unwrap(kek_id, wrapped, CONTEXT)
    assert server.asked == before + 1
    setattr(server, trouble, False)
    clock.now += 5.1
    assert provider.unwrap(kek_id, wrapped, CONTEXT) == MATERIAL


def test_a_bad_token_is_a_refusal_and_never_shown(server, settings, caplog):
    settings.VAULT_TOKEN = "s.very-bad"
    providers.forget_all()
    provider, clock = clocked(providers.current_provider())
    for _ in range(3):
        with pytest.raises(KeysUnavailable, match="refuses the use of its key") as caught:
            provider.wrap(MATERIAL, CONTEXT)
    assert server.asked == 1
    assert caught.value.retry_after_seconds == 60
    (refusal,) = [record for record in caplog.records if record.message == "key_provider_refuses"]
    assert (refusal.levelname, refusal.operation, refusal.reason) == ("ERROR", "vault", "Forbidden")
    assert "very-bad" not in caplog.text + str(caught.value)
    clock.now += 60.1
    with pytest.raises(KeysUnavailable):
        provider.wrap(MATERIAL, CONTEXT)
    assert server.asked == 2


def test_a_key_that_does_not_exist_is_a_refusal(server, settings):
    settings.VAULT_TRANSIT_KEY = "other"
    providers.forget_all()
    with pytest.raises(KeysUnavailable, match="refuses"):
        providers.current_provider().wrap(MATERIAL, CONTEXT)


def test_a_token_that_an_agent_renewed_is_read_again(server, settings, tmp_path):
    file = tmp_path / "token"
    file.write_text("s.good\n")
    settings.VAULT_TOKEN_FILE = str(file)
    providers.forget_all()
    providers.current_provider().wrap(MATERIAL, CONTEXT)
    server.token = "s.renewed"
    file.write_text("s.renewed\n")
    providers.current_provider().wrap(MATERIAL, CONTEXT)


def test_a_slow_answer_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(vault, "READ_SECONDS", 0.1)
    providers.forget_all()
    server.slow = True
    with pytest.raises(KeysUnavailable, match="does not answer"):
        providers.current_provider().wrap(MATERIAL, CONTEXT)


def test_an_answer_without_a_version_is_none(server):
    server.forgets_version = True
    with pytest.raises(KeysUnavailable, match="does not answer"):
        providers.current_provider().wrap(MATERIAL, CONTEXT)


def test_nobody_there(server, settings):
    settings.VAULT_ADDR = f"http://127.0.0.1:{dead_port()}"
    providers.forget_all()
    with pytest.raises(KeysUnavailable, match="does not answer"):
        providers.current_provider().wrap(MATERIAL, CONTEXT)


@pytest.mark.parametrize(("name", "value"), [("VAULT_ADDR", ""), ("VAULT_TOKEN", ""), ("VAULT_TOKEN_FILE", "/no/such")])
def test_settings_that_are_not_whole_are_said(server, settings, name, value):
    setattr(settings, name, value)
    providers.forget_all()
    with pytest.raises(KeysUnavailable, match="VAULT_"):
        providers.current_provider()


def test_the_api_answers_503_and_says_when_to_come_back(server, service):
    service.say("fan-held", "of a key that is held")
    service.say("fan-cold", "of a key that is not")
    keyring.forget(keyring.Pair("creator-1", "fan-cold"))
    client().flushdb()
    server.sealed = True
    assert service.context("fan-held")["recentMessages"][0]["content"] == "of a key that is held"
    service.say("fan-held", "and again")
    body = {"type": "message", "content": "a canary"}
    answers = [
        service.get("/api/of-memory/context?fanId=fan-cold"),
        service.post("/api/of-memory/interaction", {"fanId": "fan-cold", **body}),
        service.post("/api/of-memory/interaction", {"fanId": "fan-new", **body}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (503, "DATABASE_ERROR"), answer.content
        assert 1 <= int(answer["Retry-After"]) <= 5
        assert b"canary" not in answer.content
    assert not FanMemory.objects.filter(fan_id="fan-new").exists()
