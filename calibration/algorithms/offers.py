"""What was offered to a fan, bought and declined: so that nothing is offered twice, or too soon after a no."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from calibration.algorithms.facts import category_of, identity, identity_of, is_offer, price_of
from calibration.domain import Event
from memory.domain import InteractionType

ALREADY_BOUGHT = "already_bought"
DECLINED_RECENTLY = "declined_recently"


@dataclass(frozen=True, slots=True)
class OfferParams:
    """The rules and bounds of the ledger.

    Args:
        rest_days: after a declined offer nothing of its category is offered for so long.
        most_items: kept.
        most_names: ids, and hashes, kept for one item; the latest.
        most_categories: whose last decline is kept; the latest.
    """

    rest_days: float = 7.0
    most_items: int = 200
    most_names: int = 4
    most_categories: int = 64


OFFER_PARAMS = OfferParams()


@dataclass(frozen=True, slots=True)
class OfferedItem:
    """One item and what became of it. Items are the same where an id or a hash is the same.

    Args:
        ids: it went by, latest last; re-uploads get new ones.
        hashes: of its content, latest last.
        price: the latest stated or paid.
        sent_count: how often it was sent with an offer.
    """

    ids: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    category: str = ""
    price: float = 0.0
    sent_count: int = 0
    sent_at: datetime | None = None
    bought_at: datetime | None = None
    declined_at: datetime | None = None

    @property
    def last_at(self) -> datetime:
        """Return when something last happened to it."""
        return max(at for at in (self.sent_at, self.bought_at, self.declined_at, _BEFORE) if at is not None)


_BEFORE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OfferState:
    """The ledger of a pair.

    Args:
        items: in the order in which something last happened to them.
        declined: category -> when an offer of it was last declined, in the same order.
    """

    items: tuple[OfferedItem, ...] = ()
    declined: dict[str, datetime] = field(default_factory=dict)


def learn(state: OfferState, events: Sequence[Event], params: OfferParams = OfferParams()) -> OfferState:
    """Return the ledger with more events taken in.

    Beyond ``most_items`` the item goes to which nothing has happened for longest, those that were not bought first: a
    bought item is forgotten only where all of them were bought.
    """
    for event in events:
        if is_offer(event) or event.type in _ANSWERS:
            state = _taken_in(state, event, params)
    return state


def objection(
    state: OfferState,
    *,
    category: str,
    content_id: str = "",
    content_hash: str = "",
    as_of: datetime,
    params: OfferParams = OfferParams(),
) -> str | None:
    """Return why this must not be offered now, or None.

    Returns:
        "already_bought", or "declined_recently:2026-05-08T10:00:00+00:00" with the instant from which it may be offered
        again: exactly ``rest_days`` after the decline it may. Without a category and known item nothing is objected.
    """
    item = find_item(state, content_id=content_id, content_hash=content_hash)
    if item and item.bought_at:
        return ALREADY_BOUGHT
    until = rests_until(state, category=category or (item.category if item else ""), item=item, params=params)
    return f"{DECLINED_RECENTLY}:{until.isoformat()}" if until and as_of < until else None


def find_item(state: OfferState, *, content_id: str = "", content_hash: str = "") -> OfferedItem | None:
    """Return the item that goes, or went, by this id or hash."""
    one, other = identity(content_id), identity(content_hash)
    return next((item for item in reversed(state.items) if _is(item, one, other)), None)


def rests_until(
    state: OfferState, *, category: str, item: OfferedItem | None = None, params: OfferParams = OfferParams()
) -> datetime | None:
    """Return when the category, and the item, may be offered again; None where nothing was declined."""
    declined = [at for at in (state.declined.get(_named(category)), item.declined_at if item else None) if at]
    return max(declined) + timedelta(days=params.rest_days) if declined else None


_ANSWERS = frozenset({InteractionType.PURCHASE, InteractionType.OFFER_DECLINED})


def _taken_in(state: OfferState, event: Event, params: OfferParams) -> OfferState:
    one, other = identity_of(event.metadata, "contentId"), identity_of(event.metadata, "contentHash")
    same, others = _parted(state.items, one, other)
    category = category_of(event.metadata) or next((item.category for item in reversed(same) if item.category), "")
    if event.type is InteractionType.OFFER_DECLINED and category:
        state = replace(state, declined=_latest(state.declined, category, event.at, params.most_categories))
    if not one and not other:
        return state
    merged = replace(_merged(same, one, other, params), category=category)
    return replace(state, items=_bounded((*others, _changed(merged, event)), params.most_items))


def _parted(
    items: Sequence[OfferedItem], content_id: str, content_hash: str
) -> tuple[list[OfferedItem], list[OfferedItem]]:
    """Return the items that are the same as the one so named, and the others."""
    same: list[OfferedItem] = []
    others: list[OfferedItem] = []
    for item in items:
        (same if _is(item, content_id, content_hash) else others).append(item)
    return same, others


def _is(item: OfferedItem, content_id: str, content_hash: str) -> bool:
    return (content_id != "" and content_id in item.ids) or (content_hash != "" and content_hash in item.hashes)


def _named(category: str) -> str:
    return category_of({"category": category})


def _latest(declined: dict[str, datetime], category: str, at: datetime, most: int) -> dict[str, datetime]:
    kept = {name: when for name, when in declined.items() if name != category}
    kept[category] = at
    return dict(list(kept.items())[-most:])


def _merged(same: Sequence[OfferedItem], content_id: str, content_hash: str, params: OfferParams) -> OfferedItem:
    """Return one item out of those that turned out to be the same, by the names they all have."""
    return OfferedItem(
        ids=_names([name for item in same for name in item.ids], content_id, params.most_names),
        hashes=_names([name for item in same for name in item.hashes], content_hash, params.most_names),
        price=next((item.price for item in reversed(same) if item.price), 0.0),
        sent_count=sum(item.sent_count for item in same),
        sent_at=_last(item.sent_at for item in same),
        bought_at=_last(item.bought_at for item in same),
        declined_at=_last(item.declined_at for item in same),
    )


def _names(known: Sequence[str], new: str, most: int) -> tuple[str, ...]:
    names = [*(name for name in dict.fromkeys(known) if name != new), *([new] if new else [])]
    return tuple(names[-most:])


def _last(instants: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in instants if at is not None), default=None)


def _changed(item: OfferedItem, event: Event) -> OfferedItem:
    price = price_of(event) or item.price
    if event.type is InteractionType.PURCHASE:
        return replace(item, price=price, bought_at=event.at)
    if event.type is InteractionType.OFFER_DECLINED:
        return replace(item, price=price, declined_at=event.at)
    return replace(item, price=price, sent_at=event.at, sent_count=item.sent_count + 1)


def _bounded(items: tuple[OfferedItem, ...], most: int) -> tuple[OfferedItem, ...]:
    if len(items) <= most:
        return items
    drop = next((place for place, item in enumerate(items[:-1]) if item.bought_at is None), 0)
    return items[:drop] + items[drop + 1 :]
