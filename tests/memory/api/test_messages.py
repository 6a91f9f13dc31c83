"""Paging through a conversation, by both routes."""

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.models import EngagementMetrics, FanMemory
from memory.services.messages import get_recent_messages
from ofmemory.errors import InvalidInput, NotFound
from tests.memory.support import CREATOR, QUERY, A, B, fields_at_fault, iso, minute, refused, talked

ROUTES = pytest.mark.parametrize("url", [f"{A}/messages?", f"{B}/messages{QUERY}&"], ids=["onlyfans", "of-memory"])


def talk(service, count, first=0):
    for number in range(first, first + count):
        service.say("fan-1", f"message {number}", timestamp=iso(minute(number)))


def page_through(service, url, limit, between=lambda _count: None):
    seen, cursor = [], ""
    while cursor is not None:
        answer = service.get(f"{url}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.content
        page = answer.json()["data"]
        assert set(page) == {"messages", "nextCursor"}
        assert len(page["messages"]) <= limit
        seen += [message["content"] for message in page["messages"]]
        cursor = page["nextCursor"]
        between(len(seen))
    return seen


@ROUTES
@pytest.mark.parametrize("limit", [1, 3, 6, 7, 200])
def test_every_message_once_newest_first(service, url, limit):
    talk(service, 6)
    assert page_through(service, url, limit) == [f"message {number}" for number in range(5, -1, -1)]


@ROUTES
def test_messages_that_arrive_meanwhile_shift_nothing(service, url):
    talk(service, 7)
    seen = page_through(service, url, 2, between=lambda count: talk(service, 1, first=100 + count))
    assert seen == [f"message {number}" for number in range(6, -1, -1)]


@ROUTES
def test_fifty_at_a_time_where_nothing_is_said(service, url):
    talked(51)
    page = service.get(url.rstrip("?&")).json()["data"]
    assert len(page["messages"]) == 50
    assert page["nextCursor"]


@ROUTES
def test_fan_never_seen(service, url):
    refused(service.get(url.rstrip("?&")), 404, "NOT_FOUND")


def test_fan_without_messages(service):
    service.post(f"{B}/interaction", {"fanId": "fan-1", "type": "like"})
    assert service.get(f"{A}/messages").json()["data"] == {"messages": [], "nextCursor": None}


@ROUTES
@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1000000000", "1.5", "", "9" * 5000])
def test_limit(service, url, limit):
    talk(service, 1)
    assert fields_at_fault(service.get(f"{url}limit={limit}")) == {"limit"}


@ROUTES
@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "%00", "é", "", "x" * 65, *(base64.urlsafe_b64encode(b).decode() for b in (b"x", b"9" * 40, b"-1e9"))],
)
def test_cursor_that_we_never_gave(service, url, cursor):
    talk(service, 1)
    assert fields_at_fault(service.get(f"{url}cursor={cursor}")) == {"cursor"}


def test_unknown_or_repeated_parameters(service):
    talk(service, 1)
    assert fields_at_fault(service.get(f"{A}/messages?offset=10")) == {"offset"}
    assert fields_at_fault(service.get(f"{A}/messages?limit=1&limit=2")) == {"limit"}


def test_as_a_service(service):
    talk(service, 3)
    page = get_recent_messages(fan_id="fan-1", creator_id=CREATOR, limit=2)
    rest = get_recent_messages(fan_id="fan-1", creator_id=CREATOR, limit=2, cursor=page.next_cursor)
    assert [m["content"] for m in page.messages + rest.messages] == ["message 2", "message 1", "message 0"]
    assert rest.next_cursor is None
    with pytest.raises(InvalidInput):
        get_recent_messages(fan_id="fan-1", creator_id=CREATOR, limit=201)
    with pytest.raises(NotFound):
        get_recent_messages(fan_id="fan-2", creator_id=CREATOR)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gaps=st.lists(st.sampled_from([1, 2, 1000, 60_000_000]), max_size=20), limit=st.integers(1, 7))
def test_pages_fit_together_at_any_spacing(db, gaps, limit):
    """Neighbours a microsecond apart are told apart by the cursor."""
    FanMemory.objects.all().delete()
    EngagementMetrics.objects.get_or_create(creator_id=CREATOR, fan_id="fan-1")
    at = minute(0)
    for gap in gaps:
        at += gap * (minute(1) - minute(0)) / 60_000_000
        FanMemory.objects.create(creator_id=CREATOR, fan_id="fan-1", message_content="x", sender="fan", created_at=at)
    wanted = list(FanMemory.objects.order_by("-created_at").values_list("id", flat=True))
    seen: list[Any] = []
    cursor = None
    while len(seen) < len(wanted):
        page = get_recent_messages(fan_id="fan-1", creator_id=CREATOR, limit=limit, cursor=cursor)
        seen += [message["id"] for message in page.messages]
        cursor = page.next_cursor
    assert seen == wanted
    assert cursor is None
