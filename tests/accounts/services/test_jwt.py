"""Forged, stale and misused tokens: 401 with one message, whatever is wrong."""

import base64
import hmac
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt as pyjwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.exceptions import ImproperlyConfigured

from accounts.models import User
from accounts.services import jwt
from accounts.services.principals import forget_principals
from accounts.services.sessions import open_session
from ofmemory.errors import Unauthorized
from tests.conftest import PASSWORD, Api

STATS = "/api/of-memory/stats"
REFUSED = {"error": Unauthorized().message, "type": "UNAUTHORIZED", "details": {}}
Claims = dict[str, Any]


def encode(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(claims: Claims, *, key: Any = None, alg: Any = "HS256", **header: Any) -> str:
    """Sign by hand, with nothing in the way that would refuse to."""
    head = encode({"typ": "JWT", "kid": "default", **header, "alg": alg})
    signing_input = f"{head}.{encode(claims)}"
    secret = jwt.signing_keys()["default"].private if key is None else key
    return f"{signing_input}.{encode(hmac.digest(secret, signing_input.encode(), 'sha256'))}"


def unsigned(claims: Claims, alg: str) -> str:
    return f"{encode({'alg': alg, 'kid': 'default', 'typ': 'JWT'})}.{encode(claims)}."


def assert_refused(token: str) -> None:
    answer = Api(token).get(STATS)
    body = answer.json()
    body.pop("correlationId")
    assert (answer.status_code, body) == (401, REFUSED)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.fixture
def claims(alice: Api) -> Claims:
    """What a good access token of Alice says."""
    return pyjwt.decode(alice.token, options={"verify_signature": False})


def test_the_forger_is_good_enough(claims):
    assert Api(forge(claims)).get(STATS).status_code == 200


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
def test_unsigned_is_refused(claims, alg):
    assert_refused(unsigned(claims, alg))
    assert_refused(forge(claims, alg=alg))


@pytest.mark.parametrize("alg", ["HS384", "HS512", "RS256", "EdDSA", "ES256", "hs256"])
def test_another_algorithm_than_the_keys_is_refused(claims, alg):
    assert_refused(forge(claims, alg=alg))


@pytest.mark.parametrize(
    "kid",
    ["nobody", "", "../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "default' UNION SELECT 'x", "http://evil/k",
     "default\x00", 7, None, ["default"], {"default": 1}],
)  # fmt: skip
def test_a_key_id_that_is_not_ours_is_refused(claims, kid):
    assert_refused(forge(claims, kid=kid))
    assert_refused(forge(claims, kid=kid, key=b""))


def test_no_key_id_is_refused(claims):
    head = encode({"typ": "JWT", "alg": "HS256"})
    assert_refused(f"{head}.{encode(claims)}.{encode(b'x' * 32)}")


@pytest.mark.parametrize("header", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_brought_along_is_not_used(claims, header):
    own = encode(b"k" * 32)
    brought: Any = {"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/cert", "jwk": {"kty": "oct", "k": own}}
    assert_refused(forge(claims, key=b"k" * 32, **{header: brought.get(header, [own])}))


@pytest.mark.parametrize("crit", [["exp"], ["b64"], ["ofm-unknown"], [], "exp", 1])
def test_a_critical_extension_nobody_knows_is_refused(claims, crit):
    assert_refused(forge(claims, crit=crit, **{"ofm-unknown": 1}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another-api"}, {"aud": []}, {"iss": "somebody"}, {"iss": ""}, {"typ": "refresh"}, {"typ": "id"},
        {"exp": 1_000_000_000}, {"nbf": 32_000_000_000}, {"iat": 32_000_000_000},
        {"exp": "soon"}, {"exp": None}, {"sub": None}, {"sub": 1}, {"sid": str(uuid.UUID(int=4))}, {"sub": "999999"},
    ],
    ids=str,
)  # fmt: skip
def test_claims_that_do_not_fit_are_refused(claims, wrong):
    assert_refused(forge(claims | wrong))


@pytest.mark.parametrize("missing", jwt.REQUIRED_CLAIMS)
def test_every_claim_is_required(claims, missing):
    assert_refused(forge({name: value for name, value in claims.items() if name != missing}))


@pytest.mark.parametrize(
    "token",
    ["x", "..", "a.b.c", "ofm_", "ofm_x", "ofm__", "ofm_\x00_x", "ofm_' OR 1=1_x", "A" * 10_240, "é", "null", " "],
    ids=ascii,
)
def test_what_is_no_token_is_refused(db, token):
    assert_refused(token)


def test_a_well_signed_token_of_10_kb_is_refused(claims):
    assert_refused(forge(claims | {"more": "x" * 10_240}))


def test_deeply_nested_json_is_refused(db):
    assert_refused(f"{encode(b'[' * 1400)}.{encode({})}.{encode(b'x')}")


@pytest.mark.parametrize("header", ["Basic YWxpY2U6eA==", "Bearer", "Bearer ", "Token x", "bearer  "])
def test_another_scheme_is_refused(db, api, header):
    assert api.get(STATS, authorization=header).status_code == 401


def test_a_changed_payload_is_refused(claims):
    head, _, signature = forge(claims).split(".")
    assert_refused(f"{head}.{encode(claims | {'sub': '1'})}.{signature}")


def test_it_expires_and_is_not_good_before_its_time(alice):
    now = datetime.now(UTC)
    assert alice.get(STATS).status_code == 200
    with time_machine.travel(now + timedelta(seconds=329), tick=False):
        forget_principals()
        assert alice.get(STATS).status_code == 200  # within the leeway for clocks
    with time_machine.travel(now + timedelta(seconds=332), tick=False):
        assert_refused(alice.token)  # although the caller is cached
        forget_principals()
        assert_refused(alice.token)
    with time_machine.travel(now - timedelta(hours=1), tick=False):
        forget_principals()
        assert_refused(alice.token)


def test_refresh_and_access_tokens_are_not_interchangeable(alice, api):
    pair = open_session(username="alice", password=PASSWORD)
    assert_refused(pair.refresh_token)
    for route in ("refresh", "revoke"):
        answer = api.post(f"/api/auth/token/{route}", {"refreshToken": pair.access_token})
        assert (answer.status_code, answer.json()["error"]) == (401, Unauthorized().message)
    assert Api(pair.access_token).get(STATS).status_code == 200


@pytest.mark.parametrize(
    "end", [User.delete, lambda _user: User.objects.update(is_active=False)], ids=["deleted", "disabled"]
)
def test_the_token_of_somebody_gone_is_refused(alice, end):
    end(User.objects.get(username="alice"))
    assert_refused(alice.token)


# ---- other algorithms, rotation


def pem(private: Any) -> str:
    raw = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(raw).decode()


ED = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
HS = base64.b64encode(b"h" * 32).decode()


@pytest.fixture
def log_in(alice: Api) -> Callable[[], Api]:
    return lambda: Api(open_session(username="alice", password=PASSWORD).access_token)


@pytest.mark.parametrize(
    ("alg", "key"), [("EdDSA", pem(ED)), ("RS256", pem(RSA)), ("HS256", HS)], ids=["Ed", "RSA", "HMAC"]
)
def test_other_algorithms_work(settings, log_in, alg, key):
    settings.JWT_KEYS = f"k1:{alg}:{key}"
    caller = log_in()
    assert pyjwt.get_unverified_header(caller.token) == {"alg": alg, "kid": "k1", "typ": "JWT"}
    assert caller.get(STATS).status_code == 200


def test_hs256_with_the_public_key_as_secret_is_refused(settings, log_in, claims):
    settings.JWT_KEYS = f"k1:RS256:{pem(RSA)}"
    public = RSA.public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        for encoding in (Encoding.PEM, Encoding.DER):
            secret = public.public_bytes(encoding, form)
            assert_refused(forge(claims, key=secret, kid="k1"))
            assert_refused(forge(claims, key=secret.strip(), kid="k1"))


def test_rotation(settings, log_in):
    settings.JWT_KEYS = f"old:EdDSA:{pem(ED)}"
    old = log_in()
    settings.JWT_KEYS = f"new:RS256:{pem(RSA)};old:EdDSA:{pem(ED)}"
    new = log_in()
    assert pyjwt.get_unverified_header(new.token)["kid"] == "new"
    forget_principals()
    assert [caller.get(STATS).status_code for caller in (old, new)] == [200, 200]
    settings.JWT_KEYS = f"new:RS256:{pem(RSA)}"
    forget_principals()
    assert_refused(old.token)
    assert new.get(STATS).status_code == 200


@pytest.mark.parametrize(
    "entries",
    ["k1", "k1:HS256", f"k1:HS512:{HS}", "k1:HS256:c2hvcnQ=", "k1:HS256:***", f"k1:EdDSA:{pem(RSA)}",
     f"k1:RS256:{pem(ED)}", f"k1:EdDSA:{HS}", f"k1:HS256:{HS};k1:HS256:{HS}", ";"],
    ids=lambda entries: entries[:12],
)  # fmt: skip
def test_keys_that_cannot_be_read_are_named_without_being_shown(settings, entries):
    settings.JWT_KEYS = entries
    with pytest.raises(ImproperlyConfigured, match="JWT_KEYS") as caught:
        jwt.signing_keys()
    assert HS not in str(caught.value)
