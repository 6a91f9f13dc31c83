"""What people say about what was learnt or proposed, and what follows from it."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from accounts.gate import Gate
from calibration.domain import FeedbackSubject, FeedbackVerdict
from calibration.models import Feedback, ToneDecision
from calibration.services.due import DUE
from calibration.services.noticing import BY_FEEDBACK
from calibration.services.states import begin_anew
from memory.domain import Sentiment
from memory.services.learnt import store_correction
from memory.services.locking import locked_pair
from memory.services.preferences import change_preferences
from memory.services.writes import carry_out
from ofmemory.errors import InvalidInput, NotFound
from privacy.domain import Pair

REWARDS = {FeedbackVerdict.RIGHT: 1.0, FeedbackVerdict.WRONG: 0.0}


def give_feedback(
    *, fan_id: str, creator_id: str, about: str, reference: str, verdict: str, value: str = "", actor: str
) -> UUID:
    """Keep what a person said about something learnt, act on it, and return its id.

    Args:
        about: ``tone`` (reference: a decision's id; its outcome is set), ``reading`` (a message's id; ``wrong``
            needs the right sentiment as ``value``, and all is learnt anew), ``preference`` (the name of a category;
            ``wrong`` removes it for good), ``recommendation`` or ``disengagement`` (kept, to be judged by).
        verdict: right, wrong or snooze.
        actor: who said it, as ``user:<id>`` or ``key:<id>``.

    Raises:
        NotFound: the fan was never seen, or has nothing of that id.
        InvalidInput: a correction without the right sentiment.
    """
    pair = Pair(creator_id, fan_id)
    given = {"about": about, "reference": reference, "verdict": verdict, "value": value, "actor": actor}
    return carry_out([pair], Gate(creator_id, action="feedback.given"), lambda: take(pair, **given))[0]


def take(pair: Pair, *, about: str, reference: str, verdict: str, value: str = "", actor: str) -> UUID:
    """Take feedback inside the caller's ``writing`` block; see ``give_feedback``."""
    locked_pair(pair)
    subject, said = FeedbackSubject(about), FeedbackVerdict(verdict)
    if said is not FeedbackVerdict.SNOOZE and subject in _FOLLOWS:
        _FOLLOWS[subject](pair, reference, said, value)
    row = Feedback.objects.create(
        creator_id=pair.creator_id,
        fan_id=pair.fan_id,
        about=subject,
        reference=reference,
        verdict=said,
        value=value,
        actor=actor,
    )
    return row.id


def _reward(pair: Pair, reference: str, verdict: FeedbackVerdict, _: str) -> None:
    decided = ToneDecision.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id, pk=_id(reference))
    if not decided.update(reward=REWARDS[verdict], rewarded_by=BY_FEEDBACK):
        raise NotFound("There is no such decision of this fan.")


def _correct(pair: Pair, reference: str, verdict: FeedbackVerdict, value: str) -> None:
    if verdict is FeedbackVerdict.RIGHT:
        return
    if value not in list(Sentiment):
        raise InvalidInput.field("value", f"must be one of {', '.join(Sentiment)}.")
    if not store_correction(pair, _id(reference), Sentiment(value)):
        raise NotFound("There is no such message of this fan.")
    begin_anew(pair)
    number = locked_pair(pair).id
    transaction.on_commit(lambda: DUE.add(number), robust=True)


def _forget(pair: Pair, reference: str, verdict: FeedbackVerdict, _: str) -> None:
    """Pinned at 0, it is not learnt again until it is released."""
    if verdict is FeedbackVerdict.WRONG:
        change_preferences(pair, {"contentPreferences": {reference.strip().lower(): 0.0}})


def _id(reference: str) -> UUID:
    try:
        return UUID(reference)
    except ValueError as error:
        raise InvalidInput.field("reference", "must be an id.") from error


_FOLLOWS: dict[FeedbackSubject, Callable[[Pair, str, FeedbackVerdict, str], None]] = {
    FeedbackSubject.TONE: _reward,
    FeedbackSubject.READING: _correct,
    FeedbackSubject.PREFERENCE: _forget,
}
