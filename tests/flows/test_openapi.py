"""The OpenAPI description: valid, without warnings, and the one that is committed."""

from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from tests.flows.conftest import BASE

READS_WITH_A_BODY = ("of-memory/bulk", "/export", "/analyze", "/recommendations")
COMMITTED = BASE / "docs" / "openapi.yaml"


@pytest.fixture
def generated(tmp_path: Path) -> str:
    """Fails where drf-spectacular has a warning, or makes something that is no OpenAPI 3.1."""
    file = tmp_path / "openapi.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))
    return file.read_text()


def test_committed_equals_generated(generated):
    command = "DJANGO_SETTINGS_MODULE=ofmemory.settings.test python manage.py spectacular --file docs/openapi.yaml"
    assert COMMITTED.read_text() == generated, f"run: {command}"


def test_served_equals_generated(generated, client):
    assert yaml.safe_load(client.get("/api/schema/").content) == yaml.safe_load(generated)


def test_is_3_1(generated):
    assert yaml.safe_load(generated)["openapi"].startswith("3.1")


def test_every_operation_says_what_it_takes_and_what_can_go_wrong(generated):
    for path, operations in yaml.safe_load(generated)["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            assert {"400", "401", "503"} <= set(operation["responses"]), (method, path)
            if "requestBody" in operation:
                assert {"413", "415"} <= set(operation["responses"]), (method, path)
            if method != "get" and path.startswith("/api/of") and not path.endswith(READS_WITH_A_BODY):
                assert "Idempotency-Key" in {p["name"] for p in operation["parameters"]}, (method, path)
