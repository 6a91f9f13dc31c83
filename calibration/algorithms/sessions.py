"""Conversations: runs of events without a long silence in between."""

from datetime import datetime, timedelta

# As the data the forecasts were measured on was split.
SESSION_GAP = timedelta(hours=6)


def starts_session(previous: datetime | None, at: datetime, gap: timedelta = SESSION_GAP) -> bool:
    """Return whether an event at ``at`` begins a conversation, the one before it having been at ``previous``."""
    return previous is None or at - previous > gap
