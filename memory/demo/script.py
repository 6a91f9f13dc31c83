"""From cast and stories to interactions: the same words every time, placed in time before ``now``."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, zip_longest

from memory.demo.cast import CREATORS, DemoFan
from memory.demo.shop import ACCEPTED, DECLINED, OFFERS, TIPS, Offer
from memory.demo.stories import Meeting, story
from memory.domain import Interaction, InteractionType, Sender

CURRENCY = "USD"
# From then on an assistant answers for the creators now and then.
AI_SINCE_DAYS = 75
_EMOJIS = ("😊", "🥰", "😄", "🙌", "✨")
_NAMES = {creator.id: creator.name for creator in CREATORS}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing in a meeting; what is not said has another type than message."""

    sender: str
    words: str
    type: InteractionType = InteractionType.MESSAGE
    amount: Decimal | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """One meeting; ``weekday`` where it has to be on that day (0 = Sunday)."""

    key: str
    steps: tuple[Step, ...]
    weekday: int | None = None


def interactions_of(fan: DemoFan, now: datetime) -> list[Interaction]:
    """Return everything between a fan and the creator, in an order that does not depend on ``now``."""
    dice = random.Random(fan.id)  # noqa: S311 - a believable play, not a secret
    scenes = _scenes(fan, dice)
    starts = _starts(fan, scenes, now, dice)
    played = zip(scenes, starts, strict=True)
    return list(chain.from_iterable(_played(fan, scene, start, now, dice) for scene, start in played))


def _scenes(fan: DemoFan, dice: random.Random) -> list[Scene]:
    """The meetings in the order in which they happen; the stories run side by side."""
    stories = [[_scene(f"{topic}-{i}", m) for i, m in enumerate(story(topic))] for topic in fan.topics]
    in_turns = [scene for round_ in zip_longest(*stories) for scene in round_ if scene]
    talks = list(enumerate(story("chat")))
    dice.shuffle(talks)
    extra = [*(_scene(f"chat-{i}", m) for i, m in talks[: fan.small_talk]), *_business(fan, dice)]
    for number, scene in enumerate(extra, 1):
        # Spread over the whole time; the first meeting stays a story, so that people get to know each other.
        in_turns.insert(max(1, number * (len(in_turns) + 1) // (len(extra) + 1)), scene)
    ending = story(fan.mood)[dice.randrange(len(story(fan.mood)))] if fan.mood else None
    return [*in_turns, *([_scene(f"{fan.mood}-end", ending)] if ending else [])]


def _scene(key: str, meeting: Meeting) -> Scene:
    return Scene(key, tuple(Step(sender, words) for sender, words in meeting))


def _business(fan: DemoFan, dice: random.Random) -> Iterator[Scene]:
    shelf = {category: [o for o in OFFERS[fan.creator_id] if o.category == category] for category in fan.buys}
    deals = [_bought(fan, shelf[category].pop(0), n, dice) for n, category in enumerate(fan.buys) if shelf[category]]
    left = [offer for offer in OFFERS[fan.creator_id] if offer.content_id not in {scene.key for scene in deals}]
    deals += [_declined(offer, n) for n, offer in enumerate(left[-fan.declines :] if fan.declines else [])]
    deals += [_tipped(n, dice) for n in range(fan.tips)]
    dice.shuffle(deals)
    yield from deals


def _bought(fan: DemoFan, offer: Offer, number: int, dice: random.Random) -> Scene:
    about = {"category": offer.category, "contentId": offer.content_id}
    steps = [
        Step("creator", offer.pitch),
        Step("fan", ACCEPTED[(int(fan.id[-3:]) + number) % len(ACCEPTED)]),
        Step("fan", offer.title, InteractionType.PURCHASE, offer.price, about),
        Step("fan", "", InteractionType.VIEW, metadata=about),
        Step("fan", offer.thanks),
        Step("creator", dice.choice(("That makes me so happy to hear!", "Thank you, {me}, I had you in mind for it."))),
    ]
    if dice.random() < 0.6:
        steps.insert(4, Step("fan", "", InteractionType.LIKE, metadata=about))
    return Scene(offer.content_id, tuple(steps), weekday=fan.weekday)


def _declined(offer: Offer, number: int) -> Scene:
    said, answer = DECLINED[number % len(DECLINED)]
    about = {"category": offer.category, "contentId": offer.content_id}
    declined = Step("fan", "", InteractionType.OFFER_DECLINED, metadata=about)
    steps = (Step("creator", offer.pitch), Step("fan", said), declined, Step("creator", answer))
    return Scene(f"declined-{offer.content_id}", steps)


def _tipped(number: int, dice: random.Random) -> Scene:
    said, answer = TIPS[number % len(TIPS)]
    tip = Step("fan", said, InteractionType.TIP, Decimal(dice.choice((5, 10, 10, 20))))
    return Scene(f"tip-{number}", (tip, Step("creator", answer)))


def _starts(fan: DemoFan, scenes: list[Scene], now: datetime, dice: random.Random) -> list[datetime]:
    """One meeting a day at most, the last one ``silent_hours`` ago, the first about ``months`` before it."""
    last = now.replace(microsecond=0) - timedelta(hours=fan.silent_hours, minutes=dice.randrange(20, 50))
    gap = max(1.0, fan.months * 30 / max(1, len(scenes) - 1))
    starts, before = [last], last
    for scene in reversed(scenes[:-1]):
        day = before - timedelta(days=max(1, round(gap * dice.uniform(0.4, 1.6))))
        wanted = scene.weekday
        back = 0 if wanted is None else (day.isoweekday() - wanted) % 7
        minutes = fan.hour * 60 + dice.randrange(-50, 50)
        midnight = day.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        start = midnight + timedelta(minutes=minutes, seconds=dice.randrange(60))
        before = (
            start if start < before - timedelta(hours=4) else start - timedelta(days=7 if wanted is not None else 1)
        )
        starts.append(before)
    return starts[::-1]


def _played(fan: DemoFan, scene: Scene, start: datetime, now: datetime, dice: random.Random) -> Iterator[Interaction]:
    by_ai = dice.random() < 0.45 and now - start < timedelta(days=AI_SINCE_DAYS)
    at = start
    for number, step in enumerate(scene.steps):
        yield Interaction(
            type=step.type,
            content=_styled(fan, step, dice),
            sender=Sender.FAN if step.sender == "fan" else Sender.AI if by_ai else Sender.CREATOR,
            amount=step.amount,
            currency=CURRENCY if step.amount is not None else None,
            timestamp=at,
            external_id=(external_id := f"demo-{fan.id}-{scene.key}-{number}"),
            metadata={**step.metadata, "externalId": external_id},
        )
        at += timedelta(seconds=dice.randrange(15, 150))


def _styled(fan: DemoFan, step: Step, dice: random.Random) -> str:
    """Say it the way this fan does; the creator says it as it is written."""
    ways = step.words.split(" | ")
    words = ways[dice.randrange(len(ways))].format(
        me=fan.name, c=_NAMES[fan.creator_id], pet=fan.pet, friend=fan.friend, city=fan.city, job=fan.job
    )
    if step.sender != "fan" or step.type != InteractionType.MESSAGE:
        return words
    mark = dice.random()
    if fan.style == "emoji" and mark < (0.8 if "!" in words else 0.15):
        return f"{words} {dice.choice(_EMOJIS)}"
    if fan.style == "lower":
        return words.lower()
    return f"{words}!" if fan.style == "loud" and mark < 0.5 and words[-1].isalpha() else words
