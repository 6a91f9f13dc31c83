"""One id that follows a request."""

import re
import string
import threading

from hypothesis import given
from hypothesis import strategies as st

from ofmemory.infra.ids import pseudonym
from ofmemory.infra.observability.correlation import begin, correlation_id, unrevealing_id

WELL_FORMED = string.ascii_letters + string.digits


@given(st.text(WELL_FORMED + "._-", min_size=1, max_size=128).filter(lambda value: value[0] in WELL_FORMED))
def test_a_well_formed_id_is_kept(offered):
    assert begin(offered) == offered == correlation_id()


@given(st.none() | st.text().filter(lambda value: not re.fullmatch(r"[A-Za-z0-9][\w.\-]*", value, re.ASCII)))
def test_any_other_is_replaced(offered):
    assert re.fullmatch("[0-9a-f]{32}", begin(offered))


def test_too_long():
    assert begin("x" * 128) == "x" * 128
    assert begin("x" * 129) != "x" * 129


def test_threads_have_their_own():
    begin("mine")
    seen = []
    thread = threading.Thread(target=lambda: seen.append(correlation_id()))
    thread.start()
    thread.join()
    assert seen == [""]
    assert correlation_id() == "mine"


def test_what_is_kept_for_good_says_nothing_about_anybody():
    for offered in (None, "6f1c3a52-9a0e-4b7e-8b1b-0a2f7c9d3e55"):
        assert begin(offered) == unrevealing_id()
    begin("fan-1")
    assert unrevealing_id() == pseudonym("fan-1")
