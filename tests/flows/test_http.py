"""What only a real web server shows: lengths, chunks, broken requests, HEAD, two processes."""

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Api
from tests.flows.conftest import PATIENCE_SECONDS, Server, wait_until
from tests.memory.support import A, B, everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(server: Server, service: Api):
    """Send a request of the integrator to the server; return status, headers and body."""

    def send(method, path, body=None, **headers):
        connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_SECONDS)
        try:
            kind = {"Content-Type": "application/json"} if body is not None else {}
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            chunked = body is not None and not isinstance(body, bytes)
            connection.request(
                method,
                path,
                body,
                {"Authorization": f"Bearer {service.token}", **kind, **named},
                encode_chunked=chunked,
            )
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    return send


@pytest.fixture
def raw(server: Server, service: Api):
    """Send bytes as they are; return what comes back until the server closes or has answered."""

    def raw(head, body=b""):
        text = head.format(token=f"Authorization: Bearer {service.token}", host=f"Host: {server.host}:{server.port}")
        with socket.create_connection((server.host, server.port), PATIENCE_SECONDS) as sock:
            sock.sendall(text.replace("\n", "\r\n").encode("latin-1") + body)
            sock.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            return answer.status, answer.read()

    return raw


def chunks(body, size=1000):
    return (body[start : start + size] for start in range(0, len(body), size))


def test_chunked_body(send):
    status, _, body = send("POST", A, chunks(b'{"content": "in pieces"}', 5), Transfer_Encoding="chunked")
    assert status == 201
    assert json.loads(body)["data"]["recentMessages"][0]["content"] == "in pieces"


@pytest.mark.parametrize("total", [1_000_001, 10_000_000])
def test_chunked_body_over_the_limit(send, total):
    before = everything()
    try:
        status, _, body = send("POST", A, chunks(b" " * total, 65_536), Transfer_Encoding="chunked")
    except (BrokenPipeError, ConnectionResetError):
        return  # refused before all was sent
    assert (status, json.loads(body)["type"]) == (413, "VALIDATION_ERROR")
    assert everything() == before


def test_body_over_the_limit(send):
    status, _, body = send("POST", A, b" " * 1_000_001)
    assert (status, json.loads(body)["type"]) == (413, "VALIDATION_ERROR")


def test_chunked_rubbish(send):
    status, _, body = send("PATCH", f"{A}/preferences", chunks(b"[" * 5000), Transfer_Encoding="chunked")
    assert (status, json.loads(body)["type"]) == (400, "VALIDATION_ERROR")


HEAD = f"POST {A} HTTP/1.1\n{{host}}\n{{token}}\nContent-Type: application/json\nConnection: close\n"


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ("Content-Length: seventeen\n\n", b'{"content": "hi"}'),
        ("Content-Length: -1\n\n", b'{"content": "hi"}'),
        ("Content-Length: 5\n\n", b'{"content": "hi"}'),
        ("Content-Length: 17\nContent-Length: 5\n\n", b'{"content": "hi"}'),
        ("Transfer-Encoding: chunked\n\n", b"zz\r\nrubbish"),
        ("X-Bad Header: x\n\n", b""),
    ],
)
def test_requests_that_lie_about_themselves(raw, more, body):
    before = everything()
    try:
        status, _ = raw(HEAD + more, body)
        assert status in (400, 415)
    except (http.client.HTTPException, ConnectionResetError):
        pass  # closed without an answer
    assert everything() == before


def test_body_shorter_than_declared(raw, send):
    """Nothing is stored of half a request, and the server goes on."""
    before = everything()
    try:
        status, _ = raw(HEAD + "Content-Length: 1000\n\n", b'{"content": "hi"}')
        assert status == 400
    except (http.client.HTTPException, ConnectionResetError):
        pass
    assert everything() == before
    assert send("POST", A, b'{"content": "hi"}')[0] == 201


def test_head_has_no_body(send):
    send("POST", A, b'{"content": "hi"}')
    status, headers, body = send("HEAD", A)
    assert (status, body) == (200, b"")
    assert headers["ETag"] == send("GET", A)[1]["ETag"]


def test_unchanged(send):
    send("POST", A, b'{"content": "hi"}')
    etag = send("GET", A)[1]["ETag"]
    status, headers, body = send("GET", A, If_None_Match=etag)
    assert (status, headers["ETag"], body) == (304, etag, b"")


@pytest.mark.parametrize("path", ["/api/nothing", f"{A}/nothing", f"{B}/context?fanId=%ff", "/api/onlyfans/memory/%ff"])
def test_errors_have_their_shape(send, path):
    status, headers, body = send("GET", path, X_Correlation_ID="trace-me")
    assert status in (400, 404)
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["correlationId"] == headers["X-Correlation-ID"] == "trace-me"


def test_long_urls_and_many_headers(send):
    assert send("GET", f"{B}/context?fanId={'x' * 5_000}")[0] == 400
    assert send("GET", A, **{f"X-H{n}": "x" for n in range(50)})[0] == 404


@pytest.mark.parametrize("fan", ["%F0%9F%98%80", "%2e%2e", "a%20b", "a+b", "%25", "a%3Fb%23c", "%C3%A9"])
def test_ids_in_the_path(send, fan):
    status, _, body = send("POST", f"/api/onlyfans/memory/{fan}", b'{"content": "hi"}')
    assert status == 201
    assert send("GET", f"{B}/context?fanId={fan.replace('+', '%2B')}")[0] == 200
    assert json.loads(body)["data"]["fanId"]


def test_every_process_sees_every_write_at_once(send):
    """Two processes and four threads each: whoever answers next knows what was acknowledged before."""
    for number in range(20):
        assert (
            send("POST", f"{B}/interaction", json.dumps({"fanId": "fan-1", "content": f"{number}"}).encode())[0] == 200
        )
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: send("GET", A), range(4)))
        for _, _, body in answers:
            assert json.loads(body)["data"]["recentMessages"][-1]["content"] == f"{number}"


def test_same_key_from_many_clients_has_one_effect(send):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send("POST", A, b'{"content": "once"}', Idempotency_Key="k-1"), range(6)))
    assert {status for status, _, _ in answers} == {201}
    assert len({body for _, _, body in answers}) == 1
    assert len(everything()["fan_memories"]) == 1


def test_logs_hold_no_content(send, server):
    secret = "my secret word"
    send("POST", A, json.dumps({"content": secret, "metadata": {"a": secret}}).encode())
    send("POST", f"{B}/interaction", json.dumps({"fanId": secret, "type": secret}).encode())
    send("GET", f"/api/onlyfans/memory/{secret.replace(' ', '%20')}")
    wait_until(server.log.exists)
    assert secret not in server.log.read_text()
