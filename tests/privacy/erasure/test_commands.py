"""`erase_fan`: what it shows, asks and writes, and its exit codes."""

import io
import sys
from datetime import UTC, datetime

import orjson
import pytest
from django.core.management import CommandError, call_command

from ofmemory.infra.ids import uuid7
from privacy.domain import RequestKind, RequestStatus
from privacy.models import DataRequest
from privacy.services import holds, requests
from tests.privacy.erasure.support import DPO, FAN, OTHER, PAIR, SECOND, fill, rows_of
from tests.privacy.erasure.test_leftovers import note
from tools import verify_receipt

pytestmark = pytest.mark.django_db(transaction=True)
NAMED = ("--creator", PAIR.creator_id, "--fan", FAN)


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Return what the command printed, as JSON, and its exit code."""
    monkeypatch.chdir(tmp_path)

    def run_(*arguments, **options):
        code = 0
        try:
            call_command("erase_fan", *NAMED, *arguments, "--format", "json", **options)
        except SystemExit as exit_:
            code = exit_.code
        return code, orjson.loads(capsys.readouterr().out)

    return run_


class Terminal(io.StringIO):
    def isatty(self):
        return True


def refused(*arguments):
    with pytest.raises(CommandError) as error:
        call_command("erase_fan", *NAMED, *arguments)
    return error.value.returncode


def test_erases_and_writes_the_receipt(run, tmp_path):
    fill()
    code, facts = run("--yes", "--receipt", str(tmp_path / "proof.json"))
    assert code == 0
    assert facts["receipt"] == str(tmp_path / "proof.json")
    assert not rows_of(PAIR)
    about = ("--opening", facts["opening"], *NAMED)
    assert verify_receipt.main([facts["receipt"], *about]) == 0
    assert verify_receipt.main([facts["receipt"], *about[:-1], OTHER.fan_id]) == 1


def test_the_receipt_has_a_name(run, tmp_path):
    _, facts = run("--yes")
    assert (tmp_path / facts["receipt"]).name == f"receipt-{facts['request']}.json"
    assert verify_receipt.main([facts["receipt"]]) == 0


def test_a_dry_run_shows_the_plan(run):
    fill()
    before = rows_of(PAIR)
    code, facts = run("--dry-run")
    assert code == 0
    assert facts["plan"]["rows"]["fan_memories"] == 3
    assert facts["plan"]["keys"] == 1
    assert rows_of(PAIR) == before
    assert not DataRequest.objects.exists()


def test_asks(run, monkeypatch, capsys):
    fill()
    monkeypatch.setattr(sys, "stdin", Terminal("fan-2\n"))
    assert refused() == 2
    assert "3  fan_memories" in capsys.readouterr().err
    assert rows_of(PAIR)
    monkeypatch.setattr(sys, "stdin", Terminal(f"{FAN}\n"))
    assert run()[0] == 0
    assert not rows_of(PAIR)


def test_without_a_terminal_it_must_be_said(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{FAN}\n"))
    assert refused() == 2


def test_under_a_hold(run):
    fill()
    holds.place(creator_id=PAIR.creator_id, matter="m", ground="g", review_on=datetime.now(UTC).date(), actor=DPO)
    assert run("--dry-run")[0] == 3
    assert refused("--yes") == 3
    assert rows_of(PAIR)


def test_a_second_approver(run, settings):
    settings.ERASURE_SECOND_APPROVER = True
    fill()
    code, facts = run("--yes")
    assert (code, facts["status"]) == (3, "received")
    assert refused("--yes", "--request", facts["request"]) == 3
    requests.approve(facts["request"], SECOND)
    code, facts = run("--yes", "--request", facts["request"])
    assert (code, facts["status"]) == (0, "completed")


def test_a_request_of_somebody_else():
    for request in (
        requests.open_request(RequestKind.ERASURE, OTHER, DPO),
        requests.open_request(RequestKind.EXPORT, PAIR, DPO),
        requests.deny(requests.open_request(RequestKind.ERASURE, PAIR, DPO).id, "no", DPO),
    ):
        assert refused("--yes", "--request", str(request.id)) == 2
    assert refused("--yes", "--request", str(uuid7())) == 2


def test_something_is_left(run):
    fill()
    note(FAN)
    code, facts = run("--yes")
    assert (code, facts["status"]) == (1, RequestStatus.EXECUTING)
    assert facts["found"]["counts"] == {"text:audit_pending": 1}


def test_a_receipt_that_can_not_be_written(tmp_path):
    fill()
    assert refused("--yes", "--receipt", str(tmp_path / "no" / "where.json")) == 1
    assert not rows_of(PAIR)


def test_text(capsys, tmp_path):
    fill()
    call_command("erase_fan", *NAMED, "--yes", "--receipt", str(tmp_path / "r.json"))
    assert "status: completed" in capsys.readouterr().out
