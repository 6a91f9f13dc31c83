"""The alerts: whole, about metrics that exist, with a page for each; and each fires when it should."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest

from ofmemory.infra.observability.state import _parts
from tests.deploy.promql import exported, metrics_in, unknown_in

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES, CONFIG, CASES = FOLDER / "rules/ofmemory.yml", FOLDER / "prometheus.yml", FOLDER / "tests/ofmemory_test.yml"
PAGES = ROOT / "docs" / "troubleshooting.md"
DURATION = re.compile(r"\d+(ms|s|m|h|d)")

GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALL = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in ALL if "alert" in rule]
RECORDED = [rule for rule in ALL if "record" in rule]

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


@pytest.fixture
def known(transactional_db):
    """What the product exports, looked at anew, and what the rules record."""
    for watched in _parts.values():
        watched.reset()
    return exported() | {rule["record"]: set() for rule in RECORDED}


def test_rules_have_the_shape_of_rules():
    assert len({group["name"] for group in GROUPS}) == len(GROUPS)
    assert all(set(group) <= {"name", "interval", "rules"} for group in GROUPS)
    for rule in RECORDED:
        assert set(rule) == {"record", "expr"}
        assert re.fullmatch(r"ofmemory:[a-z0-9_]+:[a-z0-9_]+", rule["record"])
    for alert in ALERTS:
        assert set(alert) - {"for"} == {"alert", "expr", "labels", "annotations"}, alert["alert"]
        assert DURATION.fullmatch(alert.get("for", "1m"))
        assert alert["labels"]["severity"] in ("warning", "critical")
        assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
        assert all(text.strip() for text in alert["annotations"].values())
    names = [alert["alert"] for alert in ALERTS]
    assert len(names) == len(set(names)) > 15


def test_every_metric_and_label_is_really_exported(known):
    problems = {rule.get("alert") or rule["record"]: unknown_in(rule["expr"], known) for rule in ALL}
    assert {name: found for name, found in problems.items() if found} == {}


def test_labels_in_the_texts_are_those_of_the_expression(known):
    for alert in ALERTS:
        used = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
        kept = re.search(r"\bby \(([^)]*)\)", alert["expr"])
        given = {label.strip() for label in kept[1].split(",")} if kept else {"job", "instance"}
        assert used <= given, alert["alert"]


def test_every_alert_has_its_page():
    anchors = {_anchor(line) for line in PAGES.read_text().splitlines() if line.startswith("#")}
    for alert in ALERTS:
        document, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        assert ROOT / document == PAGES
        assert anchor == alert["alert"].lower()
        assert anchor in anchors, alert["alert"]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")


@pytest.mark.parametrize(
    ("what", "bound"),
    [
        ("OfMemoryRetrievalSlow", "> 0.3"),
        ("OfMemoryCacheHitRatioLow", "< 0.85"),
        ("OfMemoryDatabaseConnectionsScarce", "> 0.9"),
        ("OfMemoryErrorsMany", "> 100"),
        ("OfMemoryErrorRatioHigh", "> 0.01"),
        ("OfMemoryErasureLate", "> 48 * 3600"),
    ],
)
def test_the_bounds_that_are_promised(what, bound):
    (alert,) = [alert for alert in ALERTS if alert["alert"] == what]
    assert bound in alert["expr"]


def test_the_configuration_loads_the_rules_and_hides_the_token():
    config = yaml.safe_load(CONFIG.read_text())
    assert any(RULES in FOLDER.glob(pattern) for pattern in config["rule_files"])
    for job in config["scrape_configs"]:
        assert job["metrics_path"] == "/metrics"
        assert set(job["authorization"]) == {"credentials_file"}
        assert job["job_name"].startswith("ofmemory-")  # as the alert on targets wants it


def test_every_alert_is_tried():
    tried = set(re.findall(r"OfMemory\w+", CASES.read_text()))
    assert tried == {alert["alert"] for alert in ALERTS}


def test_the_reader_of_expressions():
    rates = 'sum by (le, a) (rate(x_bucket{b=~"c|d",e!="f=g"}[5m]))'
    found = metrics_in(f"{rates} / (y > 0) and time() - max(z) or vector(0)")
    assert found == {"x_bucket": {"b", "e", "le", "a"}, "y": {"le", "a"}, "z": {"le", "a"}}
    known = {"x": {"a"}}
    assert unknown_in('x{a="1"}', known) == []
    assert unknown_in('x{b="1"} / y', known) == ["x{b}", "y"]


def test_no_metric_has_a_label_of_a_person(known):
    labels = set().union(*known.values())
    assert not labels & {"creator", "fan", "creator_id", "fan_id", "user", "key", "path", "url", "message"}


def test_the_text_that_is_scraped_is_well_formed():
    from ofmemory.infra.observability.metrics import OWN

    assert generate_latest(OWN).endswith(b"\n")


@promtool
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", str(RULES)),
        ("check", "config", "--syntax-only", str(CONFIG)),
        ("test", "rules", str(CASES)),
    ],
    ids=["rules", "config", "cases"],
)
def test_promtool_agrees(arguments):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
