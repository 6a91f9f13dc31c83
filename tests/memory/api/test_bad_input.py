"""Whatever is sent: a documented refusal, and nothing changed; or it is taken and comes back unchanged."""

import gzip
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.models import FanMemory
from tests.memory.support import QUERY, A, B, everything, fields_at_fault, iso, refused, talked

DEEP = 100_000
TARGET = {"fanId": "fan-1"}
# Every route with a body, and a body that it takes.
BODIES: dict[str, tuple[str, str, Any]] = {
    "save A": ("POST", A, {"content": "hi"}),
    "save B": ("POST", f"{B}/interaction", {**TARGET, "content": "hi"}),
    "preferences A": ("PATCH", f"{A}/preferences", {"topicInterests": {"cats": 1}}),
    "preferences B": ("PATCH", f"{B}/preferences", {**TARGET, "topicInterests": {"cats": 1}}),
    "preferences of many": ("PATCH", f"{B}/preferences/bulk", {"updates": [{**TARGET, "topicInterests": {"cats": 1}}]}),
    "personality": ("PATCH", f"{B}/personality", {**TARGET, "tone": "flirty"}),
    "bulk": ("POST", f"{B}/bulk", {"fanIds": ["fan-1"]}),
    "export A": ("POST", f"{A}/export", {"creatorId": "creator-1"}),
    "export B": ("POST", f"{B}/export", TARGET),
}
WITH_A_BODY = pytest.mark.parametrize(("method", "url", "body"), BODIES.values(), ids=BODIES)
ROUTE_IDS = pytest.mark.parametrize("route", BODIES)


def padded(body, size):
    return orjson.dumps(body)[:-1] + b" " * size + b"}"


MALFORMED = {
    "nothing but space": b" ",
    "not JSON": b"fanId=fan-1",
    "half": b'{"fanId": "fan-1"',
    "two values": b'{"fanId": "fan-1"} {}',
    "trailing comma": b'{"fanId": "fan-1",}',
    "comment": b'{"fanId": "fan-1"} // hi',
    "array": b"[]",
    "null": b"null",
    "text": b'"fan-1"',
    "number": b"1",
    "true": b"true",
    "NaN": b'{"content": NaN}',
    "Infinity": b'{"amount": -Infinity}',
    "1e400": b'{"amount": 1e400}',
    "5,000 digits": b'{"amount": ' + b"9" * 5000 + b"}",
    "BOM": b"\xef\xbb\xbf{}",
    "UTF-16": '{"fanId": "fan-1"}'.encode("utf-16"),
    "UTF-32": '{"fanId": "fan-1"}'.encode("utf-32-be"),
    "latin-1": '{"fanId": "é"}'.encode("latin-1"),
    "invalid UTF-8": b'{"fanId": "\xff\xfe"}',
    "overlong UTF-8": b'{"fanId": "\xc0\xaf"}',
    "surrogate in UTF-8": b'{"fanId": "\xed\xa0\x80"}',
    "lone surrogate": b'{"fanId": "\\ud800"}',
    "surrogates swapped": b'{"fanId": "\\udc00\\ud800"}',
    "raw NUL": b'{"fanId": "fan\x00"}',
    "escaped NUL": b'{"fanId": "fan\\u0000"}',
    "NUL in a name": b'{"metadata": {"a\\u0000b": 1}}',
    "NUL deep inside": b'{"metadata": {"a": [[{"b": "\\u0000"}]]}}',
    "raw control character": b'{"fanId": "fan\n1"}',
    "a name twice": b'{"fanId": "fan-1", "fanId": "fan-2"}',
    "a name twice, deep inside": b'{"metadata": {"a": {"b": 1, "b": 2}}}',
    "a name twice, spelt differently": b'{"fanId": "fan-1", "fan\\u0049d": "fan-2"}',
    "deep arrays": b'{"metadata": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"metadata": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "deep, not closed": b"[" * DEEP,
    "a thousand deep": b'{"metadata": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "a thousand deep with NUL": b'{"type": ' + b"[" * 1000 + b'"\\u0000"' + b"]" * 1000 + b"}",
    "a thousand deep where a word belongs": b'{"type": ' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"}",
}


@ROUTE_IDS
def test_malformed_bodies(service, route):
    service.say("fan-1")
    before = everything()
    method, url, _ = BODIES[route]
    for name, body in MALFORMED.items():
        answer = service(method, url, body, idempotency_key=f"key {name}")
        assert answer.status_code == 400, (name, answer.content)
        refused(answer, 400, "VALIDATION_ERROR")
    assert everything() == before


@WITH_A_BODY
def test_too_large(service, method, url, body):
    service.say("fan-1")
    before = everything()
    refused(service(method, url, padded(body, 1_000_000)), 413, "VALIDATION_ERROR")
    refused(service(method, url, b"x" * 1_000_001), 413, "VALIDATION_ERROR")
    assert everything() == before


def test_just_not_too_large(service):
    body = padded({"content": "hi"}, 0)
    answer = service.post(A, padded({"content": "hi"}, 1_000_000 - len(body)))
    assert answer.status_code == 201


@WITH_A_BODY
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "*/*",
    ],
)
def test_other_content_types(service, method, url, body, content_type):
    service.say("fan-1")
    before = everything()
    headers = {"authorization": f"Bearer {service.token}"}
    answer = Client().generic(method, url, orjson.dumps(body), content_type=content_type, headers=headers)
    refused(answer, 415, "VALIDATION_ERROR")
    assert everything() == before


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_spellings_of_the_content_type(service, content_type):
    headers = {"authorization": f"Bearer {service.token}"}
    answer = Client().post(A, b'{"content": "hi"}', content_type=content_type, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity"])
def test_compressed_bodies(service, encoding):
    body = gzip.compress(b'{"content": "hi"}')
    refused(service.post(A, body, content_encoding=encoding), 415, "VALIDATION_ERROR")


@pytest.mark.parametrize("charset", ["utf-16", "hex", "undefined", "idna", "rot13", "nonsense"])
def test_declared_charsets_mean_nothing(service, charset):
    """JSON is UTF-8, and so are our queries; Django would read the query as it is told."""
    service.say("fän")
    headers = {"authorization": f"Bearer {service.token}"}
    kind = f"application/json; charset={charset}"
    answer = Client().generic("GET", f"{B}/context?fanId=f%C3%A4n", b"", content_type=kind, headers=headers)
    assert answer.status_code == 200
    answer = Client().generic("POST", A, '{"content": "hä"}'.encode(), content_type=kind, headers=headers)
    assert answer.status_code == 201
    assert "hä" in [message.message_content for message in FanMemory.objects.all()]


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "seventeen", "", " "])
def test_declared_length_that_is_none(service, length):
    before = everything()
    answer = service.post(A, b'{"content": "hi"}', content_length="17")
    assert answer.status_code == 201
    FanMemory.objects.all().delete()
    headers = {"authorization": f"Bearer {service.token}"}
    answer = Client().post(
        A, b'{"content": "hi"}', content_type="application/json", headers=headers, CONTENT_LENGTH=length
    )
    refused(answer, 400, "VALIDATION_ERROR")
    assert before["fan_memories"] == everything()["fan_memories"]


def test_declared_length_beyond_the_limit_is_not_even_read(service):
    headers = {"authorization": f"Bearer {service.token}"}
    answer = Client().post(A, b"{}", content_type="application/json", headers=headers, CONTENT_LENGTH="1000000000000")
    refused(answer, 413, "VALIDATION_ERROR")


# ---- fields

READ_ONLY = [
    "id", "creator", "creator_id", "created_at", "createdAt", "receivedAt", "sentiment", "topics", "version",
    "is_staff", "encrypted", "engagementScore", "totalRevenue", "learnt_interactions", "reason", "actor", "__proto__",
    "constructor", "", "fan_id", "FanId", "fanid",
]  # fmt: skip


@WITH_A_BODY
def test_unknown_fields_are_named(service, method, url, body):
    service.say("fan-1")
    before = everything()
    for name in READ_ONLY:
        assert fields_at_fault(service(method, url, {**body, name: "x"})) == {name}, name
    assert everything() == before


def test_unknown_fields_inside(service):
    service.say("fan-1")
    answer = service.patch(f"{B}/preferences/bulk", {"updates": [{**TARGET, "pinned": {}}]})
    assert fields_at_fault(answer) == {"updates"}
    assert "pinned" in str(answer.json()["details"])


def test_thousands_of_unknown_fields_make_a_short_answer(service):
    answer = service.post(A, {f"field {n}": n for n in range(20_000)})
    assert len(fields_at_fault(answer)) == 20


@WITH_A_BODY
@pytest.mark.parametrize("wrong", [None, 1, True, [], {}, ["x"], {"a": "b"}, "", " x", "x ", "a\nb", "\x7f", "x" * 256])
def test_ids_of_the_wrong_kind(service, method, url, body, wrong):
    service.say("fan-1")
    before = everything()
    names = {"creatorId"} | ({"fanId"} & set(body))
    for name in names:
        assert fields_at_fault(service(method, url, {**body, name: wrong})) == {name}
    assert everything() == before


@pytest.mark.parametrize("url", [f"{B}/context", f"{B}/messages", f"{B}/preferences", f"{B}/personality", f"{B}/clear"])
@pytest.mark.parametrize("wrong", ["", "%00", "a%00b", "%0a", "a%0d%0ab", "%20x", "x" * 256, "%7f", "%e2%80%a8"])
def test_ids_in_the_query(service, url, wrong):
    service.say("fan-1")
    before = everything()
    method = "DELETE" if url.endswith("clear") else "GET"
    assert fields_at_fault(service(method, f"{url}?fanId={wrong}")) == {"fanId"}
    assert everything() == before


@pytest.mark.parametrize("wrong", ["%00", "a%00b", "%0a", "%20", "x" * 256, "%7f", "%1b%5b31m", "%c2%85"])
@pytest.mark.parametrize("rest", ["", "/preferences", "/messages", "/export"])
def test_ids_in_the_path(service, wrong, rest):
    method = {"": "DELETE", "/preferences": "PATCH", "/messages": "GET", "/export": "POST"}[rest]
    body: Any = {"topicInterests": {}} if rest == "/preferences" else None
    answer = service(method, f"/api/onlyfans/memory/{wrong}{rest}", body)
    assert fields_at_fault(answer) == {"fanId"}


@pytest.mark.parametrize("broken", ["%ff", "a%c3", "%c0%af", "%ed%a0%80"])
def test_broken_utf8(service, broken):
    before = everything()
    for method, url in (("GET", f"{B}/context?fanId={broken}"), ("DELETE", f"{B}/clear?fanId={broken}")):
        refused(service(method, url), 400, "VALIDATION_ERROR")
    for method in ("GET", "DELETE", "POST"):
        refused(service(method, f"/api/onlyfans/memory/{broken}"), 400, "VALIDATION_ERROR")
    assert everything() == before


def test_queries_that_are_none_or_too_many(service):
    assert fields_at_fault(service.get(f"{B}/context?fanId=a&fanId=b")) == {"fanId"}
    refused(service.get(f"{B}/context?" + "&".join(f"a{n}=1" for n in range(60))), 400, "VALIDATION_ERROR")
    assert fields_at_fault(service.get(f"{B}/context{QUERY}&%F0%9F%98%80=1")) == {"😀"}


# ---- what looks dangerous and is only text

TEXTS = [
    "'; DROP TABLE fan_memories; --",
    '" OR ""="',
    "%s %(fan)s %% {0} {fan} {{ settings.SECRET_KEY }} {% debug %} ${7*7} #{7*7}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "\\x00\\u0000",
    "😀👩‍👩‍👧‍👦🇫🇷",
    "Z\u0337a\u0338l\u0335go \u202eright to left\u202c \u200bzero width",
    "汉字 עברית عربي ñ",
    "null",
    "true",
    "stats",
    "NaN",
    "\ufeffBOM inside",
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_back_unchanged(service, text):
    body = {"fanId": text, "content": text, "metadata": {text: [text, {"deep": text}]}}
    assert service.post(f"{B}/interaction", body).status_code == 200
    service.patch(f"{B}/preferences", {"fanId": text, "topicInterests": {text[:64]: 1}})
    data = service.context(quote(text, safe=""))
    assert data["fanId"] == text
    (message,) = data["recentMessages"]
    assert (message["content"], message["metadata"]) == (text, body["metadata"])
    assert list(data["preferences"]["topicInterests"]) == [text[:64]]
    assert service.post(f"{B}/bulk", {"fanIds": [text]}).json()["data"] == {text: data}
    assert service.delete(f"{B}/clear?fanId={quote(text, safe='')}").status_code == 200
    assert not any(everything().values())


@pytest.mark.parametrize("text", [text for text in TEXTS if "/" not in text and text != "stats"])
def test_any_text_may_stand_in_the_path(service, text):
    path = f"/api/onlyfans/memory/{quote(text, safe='')}"
    assert service.post(path, {"content": "hi"}).status_code == 201
    assert service.get(path).json()["data"]["fanId"] == text
    assert service.get(f"{path}/messages").status_code == 200


def test_two_dots_are_an_id(service):
    assert service.post("/api/onlyfans/memory/%2e%2e", {"content": "hi"}).json()["data"]["fanId"] == ".."


def test_longest_id(service):
    fan = "😀" * 255
    assert service.post(f"{B}/interaction", {"fanId": fan, "content": "hi"}).status_code == 200
    assert service.context(quote(fan))["fanId"] == fan


def test_control_characters_in_a_message_are_kept(service):
    content = "line\r\nline\ttab \x1b[31mred\x07 \x7f\x85\u2028"
    service.say("fan-1", content)
    assert service.context("fan-1")["recentMessages"][0]["content"] == content


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), min_size=1, max_size=60))
def test_every_text_is_kept_or_refused(service, text):
    answer = service.post(f"{B}/interaction", {"fanId": "fan-1", "content": text, "metadata": {text: text}})
    if not text.strip():
        assert fields_at_fault(answer) == {"content"}
        return
    assert answer.status_code == 200
    newest = FanMemory.objects.latest("id")
    assert (newest.message_content, newest.metadata) == (text, {text: text})
    FanMemory.objects.all().delete()


# ---- metadata


def nested(levels):
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "metadata",
    [None, [], "x", 1, nested(9), {"a": [[[[[[[[1]]]]]]]]}, {"x": "y" * 32_768}, {"externalId": "x" * 256}],
)
def test_metadata_refused(service, metadata):
    assert fields_at_fault(service.post(A, {"content": "hi", "metadata": metadata})) == {"metadata"}
    assert not any(everything().values())


@pytest.mark.parametrize(
    "metadata",
    [{}, nested(8), {"x": "y" * 32_000}, {"a": [None, True, -1, 0.1, 1e-300, 2**63, {"": ""}]}, {"externalId": [1]}],
)
def test_metadata_kept(service, metadata):
    assert service.post(A, {"content": "hi", "metadata": metadata}).status_code == 201
    assert service.context("fan-1")["recentMessages"][0]["metadata"] == metadata


def test_dates_at_the_edge(service):
    soon = timezone.now() + timedelta(days=1)
    wrong: list[Any] = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-02-30T00:00:00Z", iso(soon)]
    for at in [*wrong, "", [], {}]:
        assert fields_at_fault(service.post(A, {"content": "hi", "timestamp": at})) == {"timestamp"}
    assert service.post(A, {"content": "hi", "timestamp": "2000-01-01T00:00:00Z"}).status_code == 201


def test_nothing_grows_with_what_is_asked(service):
    talked(3)
    for url in (f"{B}/messages{QUERY}&limit=1000000000", f"{B}/personality/history{QUERY}&limit=1000000000"):
        assert fields_at_fault(service.get(url)) == {"limit"}
    assert fields_at_fault(service.post(f"{B}/bulk", {"fanIds": [str(n) for n in range(50_000)]})) == {"fanIds"}
