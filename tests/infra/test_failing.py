"""Failures outside the API keep Django's pages; below it they have the one shape."""

import errno

import pytest
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory

from ofmemory.infra import drf
from ofmemory.infra.checks import broker_apart_from_cache

HANDLERS = [
    (drf.bad_request, (SuspiciousOperation("x"),), 400),
    (drf.permission_denied, (PermissionDenied("x"),), 403),
    (drf.not_found, (Exception("x"),), 404),
    (drf.server_error, (), 500),
]


@pytest.mark.parametrize(("handler", "arguments", "status"), HANDLERS)
def test_a_page_fails_as_a_page(handler, arguments, status):
    answer = handler(RequestFactory().get("/admin/x"), *arguments)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("handler", [drf.bad_request, drf.permission_denied, drf.server_error])
def test_a_machine_gets_json(handler):
    arguments = () if handler is drf.server_error else (SuspiciousOperation(),)
    if handler is drf.permission_denied:
        arguments = (PermissionDenied(),)
    answer = handler(RequestFactory().get("/api/schema/"), *arguments)
    assert answer["Content-Type"] == "application/json"
    assert b'"correlationId"' in answer.content


def test_an_unknown_page_is_not_found():
    answer = Client().get("/nowhere")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_a_broker_on_the_cache_is_warned_of(settings):
    assert broker_apart_from_cache() == []
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://localhost:6379/0"
    assert [warning.id for warning in broker_apart_from_cache()] == ["infra.W001"]
    assert "infra.W001" in {warning.id for warning in run_checks(include_deployment_checks=True)}


@pytest.mark.parametrize(
    ("number", "status"), [(errno.EMFILE, 503), (errno.ENOSPC, 503), (errno.EPERM, 500), (None, 500)]
)
def test_a_machine_without_room_is_no_mistake_of_ours(number, status):
    answer = drf.answer_error(OSError(number, "x") if number else OSError("x"))
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, "1" if status == 503 else None)
