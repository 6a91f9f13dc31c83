"""Figures as Markdown, and a document whose parts are written anew."""

from calibration.evaluation.report import markdown_table, verdict, with_part
from calibration.evaluation.values import Metric


def test_a_table_says_what_was_met_and_by_how_much():
    metrics = [
        Metric("AUC", 0.79, 0.75, 0.82, ">= 0.78", 1845),
        Metric("Brier", 0.2, 0.1, 0.3, "< 0.171", 10),
        Metric("silence", 0.7, 0.6, 0.8, "", 10),
    ]
    rows = markdown_table(metrics).splitlines()
    assert rows[2] == "| AUC | 0.790 | 0.750 to 0.820 | ≥ 0.78 | met by 0.010 | 1,845 |"
    assert rows[3] == "| Brier | 0.200 | 0.100 to 0.300 | < 0.171 | **missed by 0.029** | 10 |"
    assert rows[4] == "| silence | 0.700 | 0.600 to 0.800 |  |  | 10 |"


def test_a_hair_is_called_a_hair():
    assert verdict(Metric("x", 0.8499, 0, 1, "≥ 0.85", 1)) == "**missed by less than 0.001**"


def test_a_part_goes_to_the_end_and_later_into_its_place():
    once = with_part("# Results\n", "text", "first")
    both = with_part(once, "rhythm", "second")
    assert both == (
        "# Results\n\n<!-- text: begin -->\nfirst\n<!-- text: end -->\n\n"
        "<!-- rhythm: begin -->\nsecond\n<!-- rhythm: end -->\n"
    )
    assert with_part(both, "text", "new") == both.replace("first", "new")
    assert with_part(both, "rhythm", "second") == both


def test_a_document_may_be_new():
    assert with_part("", "text", "x") == "<!-- text: begin -->\nx\n<!-- text: end -->\n"
