"""The demo: complete, believable in its numbers, made once, and never where it is not wanted."""

import io
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiKey, Creator, User
from accounts.services.demo import PASSWORD
from accounts.services.keys import find_key
from accounts.services.sessions import open_session
from memory.demo.cast import CREATORS, FANS, PINNED_FAN
from memory.demo.script import interactions_of
from memory.demo.stories import FOLDER, story
from memory.domain import InteractionType, Sender
from memory.models import EngagementMetrics, FanMemory, Interaction
from memory.services.clearing import clear_memory
from memory.services.context import get_memory_context
from tests.memory.support import CREATOR, everything

NOW = datetime(2026, 6, 3, 15, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path, settings) -> Path:
    folder: Path = tmp_path / "home"
    settings.OFMEMORY_HOME = folder
    return folder


def seed(*options: str) -> str:
    out = io.StringIO()
    call_command("seed_demo", *options, stdout=out)
    return out.getvalue()


def key_of(home: Path) -> str:
    return (home / "demo-api-key").read_text().strip()


# ---- the script


def test_the_script_is_the_same_at_any_time():
    for fan in FANS:
        now, later = interactions_of(fan, NOW), interactions_of(fan, NOW + timedelta(days=4, hours=7))
        assert [(i.external_id, i.content, i.amount) for i in now] == [
            (i.external_id, i.content, i.amount) for i in later
        ]


@pytest.mark.parametrize("days", range(8))
def test_time_goes_forward_and_ends_when_the_fan_was_last_heard_of(days):
    now = NOW + timedelta(days=days, hours=3 * days)
    for fan in FANS:
        instants = [said.timestamp for said in interactions_of(fan, now) if said.timestamp]
        assert instants == sorted(set(instants)), fan.id
        silent = now - instants[-1]
        assert timedelta(0) < silent <= timedelta(hours=fan.silent_hours + 1), fan.id
        assert now - instants[0] > timedelta(days=20 * fan.months - 30), fan.id


def test_external_ids_are_unique_and_everybody_speaks():
    said = [interaction for fan in FANS for interaction in interactions_of(fan, NOW)]
    assert len({interaction.external_id for interaction in said}) == len(said)
    assert {interaction.type for interaction in said} == set(InteractionType)
    assert {interaction.sender for interaction in said} == set(Sender)


def test_no_slot_is_left_open_and_every_story_is_told():
    words = " ".join(interaction.content for fan in FANS for interaction in interactions_of(fan, NOW))
    assert not re.search(r"[{}|]", words)
    told = {topic for fan in FANS for topic in fan.topics} | {fan.mood for fan in FANS if fan.mood} | {"chat"}
    assert told == {path.stem for path in FOLDER.glob("*.txt")}
    assert all(len(meeting) >= 2 for name in told for meeting in story(name))


def test_buyers_keep_to_their_day():
    for fan in FANS:
        bought = [i for i in interactions_of(fan, NOW) if i.type == InteractionType.PURCHASE]
        assert len(bought) == len(fan.buys)
        assert {i.timestamp.isoweekday() % 7 for i in bought if i.timestamp} <= {fan.weekday}
        assert all({"category", "contentId"} <= set(i.metadata) for i in bought)


# ---- the command


def test_makes_everything(db, home):
    assert "interactions made" in seed()
    assert set(Creator.objects.values_list("id", "display_name", "is_demo")) == {
        (creator.id, creator.name, True) for creator in CREATORS
    }
    roles = {f"{m.user.username} {m.role} {m.creator_id}" for u in User.objects.all() for m in u.memberships.all()}
    assert roles == {"alice creator creator-1", "bob chatter creator-1", "charlie creator creator-2"}
    assert set(User.objects.filter(is_demo=True, is_staff=True).values_list("username", "groups__name")) == {
        ("support", "Support"),
        ("dpo", "DPO"),
        ("admin", None),
    }
    assert EngagementMetrics.objects.count() == len(FANS) == 40
    assert open_session(username="alice", password=PASSWORD).access_token


def test_the_first_fan_is_a_rich_example(db, home):
    seed()
    context = get_memory_context(fan_id=PINNED_FAN, creator_id=CREATOR)
    assert context["engagementMetrics"]["totalMessages"] > 300
    assert context["engagementMetrics"]["totalPurchases"] >= 5
    assert context["preferences"]["pinned"]["topicInterests"] == ["photography", "running"]
    assert context["personalityProfile"]["preferredEmojis"]
    assert context["reconnection"] is None


def test_some_fans_come_back_after_a_long_time(db, home):
    seed()
    silent = [fan for fan in FANS if fan.silent_hours > 31 * 24]
    assert len(silent) >= 4
    for fan in silent:
        context = get_memory_context(fan_id=fan.id, creator_id=fan.creator_id)
        assert context["reconnection"]["facts"]


def test_twice_changes_nothing(db, home):
    seed()
    rows, key = everything(), key_of(home)
    assert "0 interactions" in seed()
    assert "already" in seed("--if-empty")
    assert (everything(), key_of(home)) == (rows, key)
    assert FanMemory.objects.count() + Interaction.objects.count() > 4000


def test_the_key_is_private_and_works(db, home):
    seed()
    file = home / "demo-api-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    row = find_key(key_of(home))
    assert row is not None
    assert (row.is_demo, row.creator_id, row.fan_id) == (True, CREATOR, "")
    assert [path.name for path in home.iterdir()] == ["demo-api-key"]


@pytest.mark.parametrize("content", [None, b"", b"ofm_00_wrong\n", b"\xff\x00"])
def test_a_lost_key_is_replaced_and_revoked(db, home, content):
    seed()
    before = key_of(home)
    if content is None:
        (home / "demo-api-key").unlink()
    else:
        (home / "demo-api-key").write_bytes(content)
    assert "0 interactions" in seed("--if-empty")
    assert find_key(key_of(home)) is not None
    assert find_key(before) is None
    assert ApiKey.objects.filter(revoked_at__isnull=True).count() == 1


def test_an_erased_fan_does_not_come_back(db, home):
    seed()
    clear_memory(fan_id=PINNED_FAN, creator_id=CREATOR)
    seed("--if-empty")
    seed()
    assert not FanMemory.objects.filter(fan_id=PINNED_FAN).exists()


def test_does_nothing_where_somebody_works(creator_1, home):
    assert "already" in seed("--if-empty")
    assert not User.objects.exists()
    assert not home.exists()


@pytest.mark.parametrize("taken", ["creator", "user"])
def test_never_takes_over_what_is_somebodys_own(db, home, taken):
    if taken == "creator":
        Creator.objects.create(id="creator-2", display_name="Juniper")
    else:
        User.objects.create_user("alice", password="correct horse battery")
    with pytest.raises(CommandError, match="not the demo's"):
        seed()
    assert not User.objects.filter(is_demo=True).exists()
    assert not FanMemory.objects.exists()


def test_refused_where_the_demo_is_off(db, home, settings):
    settings.DEMO_ENABLED = False
    with pytest.raises(CommandError, match="DEMO_ENABLED"):
        seed()
    assert not Creator.objects.exists()
