"""The dashboards: whole, and about metrics that exist."""

import json
from pathlib import Path

import pytest
import yaml

from ofmemory.infra.observability.state import _parts
from tests.deploy.promql import exported, unknown_in
from tests.deploy.test_rules import RECORDED

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "grafana"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))}
SOURCE = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text())["datasources"][0]


def test_there_are_three():
    assert set(BOARDS) == {"ofmemory-overview", "ofmemory-dependencies", "ofmemory-learning-privacy"}


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_whole(name):
    board = BOARDS[name]
    assert board["uid"] == name
    assert board["title"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) > 8
    titles = [panel["title"] for panel in board["panels"]]
    assert len(titles) == len(set(titles))
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        if panel["type"] == "row":
            continue
        assert panel["type"] in ("timeseries", "stat")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_overlap(name):
    taken = set()
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", BOARDS)
def test_everything_asks_the_provisioned_source(name):
    wanted = {"type": SOURCE["type"], "uid": SOURCE["uid"]}
    board = BOARDS[name]
    asked = [a["datasource"] for a in board["annotations"]["list"]]
    for panel in board["panels"]:
        if panel["type"] != "row":
            asked += [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert all(source == wanted for source in asked)


def test_every_metric_is_really_exported(transactional_db):
    for watched in _parts.values():
        watched.reset()
    known = exported() | {rule["record"]: set() for rule in RECORDED}
    problems = {}
    for name, board in BOARDS.items():
        expressions = [a["expr"] for a in board["annotations"]["list"]]
        expressions += [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
        for expression in expressions:
            if found := unknown_in(expression, known):
                problems[name, expression] = found
    assert problems == {}


def test_every_metric_of_ours_is_shown_or_alerted_on(transactional_db):
    """What nobody looks at need not be measured."""
    shown = json.dumps(BOARDS) + (FOLDER.parent / "prometheus/rules/ofmemory.yml").read_text()
    metrics = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in exported()}
    assert {name for name in metrics if name not in shown} == set()


def test_boards_are_loaded_from_where_they_are_mounted():
    (provider,) = yaml.safe_load((FOLDER / "provisioning/dashboards/ofmemory.yml").read_text())["providers"]
    mounted = (FOLDER.parents[1] / "compose.yaml").read_text()
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in mounted
