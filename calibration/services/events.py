"""From rows to what the learners take: ordered, each once, and read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from calibration.algorithms.topics import extract_topics
from calibration.domain import Event, MessageReading, Method, learnable
from calibration.services.reading import read_messages, reader_version
from calibration.services.states import Kept, find_all_kept
from memory import evidence
from memory.domain import InteractionType, Sender, Sentiment
from memory.evidence import THE_BEGINNING, Known
from memory.services.learnt import ReadMessage
from privacy.domain import Purpose

# Interactions of one pair taken in at once; a longer history takes several runs.
BATCH_EVENTS = 1000
VERSION, _CORRECTION = "version", "correction"


@dataclass(frozen=True, slots=True)
class Material:
    """What a run of one pair works on.

    Args:
        kept: what earlier runs made, to go on from.
        rows: of the interactions after it, in order.
        is_all: there are no more after these.
        events: the rows as the learners take them; empty until they are read.
        read: messages read for the first time, by id.
    """

    known: Known
    kept: Kept
    rows: tuple[Any, ...]
    is_all: bool
    events: tuple[Event, ...] = ()
    read: Mapping[UUID, ReadMessage] = field(default_factory=dict)

    @property
    def allowed(self) -> frozenset[Purpose]:
        """What the pair may be learnt about for."""
        return learnable(self.known.limits)


def load_material(pairs: Sequence[Known]) -> list[Material]:
    """Return what there is to work on of pairs, in three queries; those waiting after failures are left out.

    It has to be called in ``evidence.one_snapshot``.
    """
    going = find_all_kept(pairs)
    since = {known.pair: kept.cursor[0] if kept.cursor else THE_BEGINNING for known, kept in going.items()}
    messages = evidence.list_messages_since(since, BATCH_EVENTS)
    others = evidence.list_interactions_since(since, BATCH_EVENTS)
    return [_merged(known, kept, [messages[known.pair], others[known.pair]]) for known, kept in going.items()]


def _merged(known: Known, kept: Kept, streams: Sequence[Sequence[Any]]) -> Material:
    """Put the rows in order. Where one stream was cut off, what is later than its end has to wait."""
    cut = [_key(stream[-1]) for stream in streams if len(stream) == BATCH_EVENTS]
    rows = sorted((row for stream in streams for row in stream), key=_key)
    after = [row for row in rows if kept.cursor is None or _key(row) > kept.cursor]
    return Material(known, kept, tuple(row for row in after if not cut or _key(row) <= min(cut)), not cut)


def _key(row: Any) -> tuple[datetime, UUID]:
    return row.created_at, row.id


def readied(material: Material) -> Material:
    """Return the material with its events, what the fan said read."""
    unread = list(_unread(material))
    readings = read_messages([row.message_content for row in unread])
    found = {row.id: reading for row, reading in zip(unread, readings, strict=True)}
    return _with_events(material, found)


def _unread(material: Material) -> Iterator[Any]:
    if Purpose.EMOTION_ANALYSIS in material.allowed:
        current = reader_version()
        for row in material.rows:
            if _is_said_by_fan(row) and row.reading.get(VERSION) != current:
                yield row


def _is_said_by_fan(row: Any) -> bool:
    return hasattr(row, "message_content") and row.sender == Sender.FAN


def _with_events(material: Material, found: Mapping[UUID, MessageReading]) -> Material:
    events = tuple(_event(row, material.allowed, found) for row in material.rows)
    # A message is stored with what was read from it once; only a new reading makes it worth while again.
    new = [e for e in events if e.is_message and e.is_by_fan and (e.id in found or not material.kept.recounted)]
    corrections = {row.id: row.reading.get(_CORRECTION) for row in material.rows if _is_said_by_fan(row)}
    return replace(material, events=events, read={e.id: _stored(e, corrections[e.id]) for e in new})


def _event(row: Any, allowed: frozenset[Purpose], found: Mapping[UUID, MessageReading]) -> Event:
    if not hasattr(row, "message_content"):
        return Event(
            row.id,
            row.created_at,
            InteractionType(row.type),
            Sender(row.sender),
            row.content,
            amount=row.amount,
            metadata=row.metadata,
        )
    is_by_fan = _is_said_by_fan(row)
    reading = _reading(row, found) if is_by_fan and Purpose.EMOTION_ANALYSIS in allowed else None
    return Event(
        row.id,
        row.created_at,
        InteractionType.MESSAGE,
        Sender(row.sender),
        row.message_content,
        reading=reading,
        topics=_topics(row, reading) if is_by_fan and Purpose.PERSONALISATION in allowed else (),
        metadata=row.metadata,
    )


def _topics(row: Any, reading: MessageReading | None) -> Any:
    return extract_topics(row.message_content, reading.language if reading else "en")


def _reading(row: Any, found: Mapping[UUID, MessageReading]) -> MessageReading:
    """Return what was read now or before, a person's correction in its place."""
    held = {name: value for name, value in row.reading.items() if name not in (VERSION, _CORRECTION)}
    reading = found.get(row.id) or msgspec.convert(held, MessageReading)
    return corrected(reading, row.reading.get(_CORRECTION))


def corrected(reading: MessageReading, correction: str | None) -> MessageReading:
    """Return the reading with a person's word on the sentiment, if there is one."""
    if correction is None:
        return reading
    sentiment = Sentiment(correction)
    sure = {one: float(one is sentiment) for one in Sentiment}
    return replace(reading, sentiment=sentiment, confidence=1.0, probabilities=sure, method=Method.HUMAN, reason="")


def _stored(event: Event, correction: str | None) -> ReadMessage:
    topics = [mention.name for mention in event.topics]
    if event.reading is None:
        return ReadMessage(None, {}, topics)
    reading = {**msgspec.to_builtins(event.reading), VERSION: reader_version()}
    return ReadMessage(event.reading.sentiment, {**reading, _CORRECTION: correction} if correction else reading, topics)
