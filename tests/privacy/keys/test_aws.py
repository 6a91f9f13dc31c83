"""Keys wrapped by AWS KMS, as moto's HTTP server plays it."""

import socketserver
import threading

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from privacy.errors import KeysUnavailable
from privacy.keys import keyring, providers
from privacy.keys.models import DataKey
from privacy.keys.providers import aws
from tests.privacy.keys.refusing import refusing_kms
from tests.privacy.keys.support import PAIR, PLACE, clocked, dead_port

MATERIAL, CONTEXT = b"m" * 32, b"context"


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def kms(moto, settings, monkeypatch):
    """A KMS with one key, and the settings that name it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    requests.post(f"{moto}/moto-api/reset", timeout=10).raise_for_status()
    settings.KEK_PROVIDER, settings.AWS_REGION, settings.AWS_KMS_ENDPOINT_URL = "aws", "eu-central-1", moto
    client = boto3.client("kms", region_name="eu-central-1", endpoint_url=moto)
    settings.AWS_KMS_KEY_ID = client.create_key()["KeyMetadata"]["KeyId"]
    providers.forget_all()
    yield client
    providers.forget_all()


def test_what_is_wrapped_is_unwrapped_for_its_context_alone(kms, settings):
    provider = providers.current_provider()
    kek_id, wrapped = provider.wrap(MATERIAL, CONTEXT)
    assert kek_id.startswith("aws:arn:aws:kms:eu-central-1:")
    assert kek_id.endswith(settings.AWS_KMS_KEY_ID)
    assert providers.provider_of(kek_id).unwrap(kek_id, wrapped, CONTEXT) == MATERIAL
    for bytes_, context in ((wrapped, b"other"), (wrapped[:-1] + b"?", CONTEXT), (b"", CONTEXT)):
        with pytest.raises(KeysUnavailable, match="changed, or belongs elsewhere"):
            provider.unwrap(kek_id, bytes_, context)
    assert provider.unwrap(kek_id, wrapped, CONTEXT) == MATERIAL
    assert provider.current_id() == kek_id
    assert provider.keeps(kek_id)


def test_many_are_unwrapped(kms):
    provider = providers.current_provider()
    items = [(*provider.wrap(bytes([number]) * 32, CONTEXT), CONTEXT) for number in range(12)]
    assert providers.unwrap_many(items) == [bytes([number]) * 32 for number in range(12)]


@pytest.mark.parametrize("code", ["DisabledException", "KMSInvalidStateException", "AccessDeniedException"])
def test_a_key_that_is_refused_is_asked_for_once_a_minute(kms, settings, caplog, code):
    with refusing_kms() as server:
        server.code, settings.AWS_KMS_ENDPOINT_URL = code, server.address
        providers.forget_all()
        provider, clock = clocked(providers.current_provider())
        for _ in range(10):
            with pytest.raises(KeysUnavailable, match="refuses the use of its key") as caught:
                provider.wrap(MATERIAL, CONTEXT)
        assert (caught.value.retry_after_seconds, server.asked) == (60, 1)
        clock.now += 60.1
        with pytest.raises(KeysUnavailable):
            provider.wrap(MATERIAL, CONTEXT)
        assert server.asked == 2
    refusals = [record for record in caplog.records if record.message == "key_provider_refuses"]
    assert {(record.levelname, record.operation, record.reason) for record in refusals} == {("ERROR", "aws", code)}
    assert len(refusals) == 2
    assert "very-secret" not in caplog.text


@pytest.mark.parametrize("code", ["ThrottlingException", "KMSInternalException", "DependencyTimeoutException"])
def test_a_busy_kms_is_left_alone_for_a_moment(kms, settings, code):
    with refusing_kms() as server:
        server.code, settings.AWS_KMS_ENDPOINT_URL = code, server.address
        providers.forget_all()
        provider, _clock = clocked(providers.current_provider())
        for _ in range(10):
            with pytest.raises(KeysUnavailable, match="does not answer") as caught:
                provider.wrap(MATERIAL, CONTEXT)
        assert caught.value.retry_after_seconds == 5
        assert server.asked <= aws.ATTEMPTS


@pytest.mark.django_db
def test_held_keys_outlive_their_provider(kms, settings):
    sealed = keyring.ensure(PAIR).seal(b"hello", PLACE)
    settings.AWS_KMS_ENDPOINT_URL = f"http://127.0.0.1:{dead_port()}"
    providers.forget_all()
    assert keyring.open_sealed(PAIR, sealed, PLACE) == b"hello"
    keyring.forget(PAIR)
    with pytest.raises(KeysUnavailable):
        keyring.open_sealed(PAIR, sealed, PLACE)
    with pytest.raises(KeysUnavailable):
        keyring.ensure(keyring.Pair("creator-1", "fan-new"))
    assert DataKey.objects.count() == 1


def test_an_unknown_key_is_a_refusal(kms, settings):
    settings.AWS_KMS_KEY_ID = "00000000-0000-0000-0000-000000000000"
    providers.forget_all()
    with pytest.raises(KeysUnavailable, match="refuses"):
        providers.current_provider().wrap(MATERIAL, CONTEXT)


def test_no_credentials_are_a_refusal(kms, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for name, value in {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/no/such",
        "AWS_SHARED_CREDENTIALS_FILE": "/no/such",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(KeysUnavailable, match="refuses"):
        providers.current_provider().wrap(MATERIAL, CONTEXT)


def test_nobody_there(kms, settings):
    settings.AWS_KMS_ENDPOINT_URL = f"http://127.0.0.1:{dead_port()}"
    providers.forget_all()
    with pytest.raises(KeysUnavailable, match="does not answer") as caught:
        providers.current_provider().wrap(MATERIAL, CONTEXT)
    assert caught.value.retry_after_seconds == 5


def test_a_slow_answer_is_not_waited_for_and_held_off(kms, settings, monkeypatch):
    monkeypatch.setattr(aws, "READ_SECONDS", 0.1)
    calls, end = [], threading.Event()

    class Silent(socketserver.BaseRequestHandler):
        def handle(self):
            calls.append(1)
            end.wait(30)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        settings.AWS_KMS_ENDPOINT_URL = f"http://127.0.0.1:{server.server_address[1]}"
        providers.forget_all()
        for _ in range(20):
            with pytest.raises(KeysUnavailable, match="does not answer"):
                providers.current_provider().wrap(MATERIAL, CONTEXT)
        end.set()
        server.shutdown()
    assert len(calls) == aws.ATTEMPTS


@pytest.mark.parametrize("name", ["AWS_KMS_KEY_ID", "AWS_REGION"])
def test_settings_that_are_not_whole_are_said(kms, settings, monkeypatch, name):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/no/such")
    setattr(settings, name, "")
    providers.forget_all()
    with pytest.raises(KeysUnavailable, match="AWS"):
        providers.current_provider()
