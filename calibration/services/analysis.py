"""Reading messages for whoever asks; nothing is stored."""

from collections.abc import Sequence
from typing import Any

from calibration import shapes
from calibration.algorithms.safety import find_cues
from calibration.algorithms.topics import extract_topics
from calibration.services.reading import read_messages


def analyze_message(message: str) -> dict[str, Any]:
    """Return what one message says; see ``analyze_messages``."""
    return analyze_messages([message])[0]


def analyze_messages(messages: Sequence[str]) -> list[dict[str, Any]]:
    """Return what each message says, in their order. Any text is answered, an empty one with no sentiment.

    Returns:
        sentiment (None where the reader abstains; ``reason`` says why), confidence, probabilities, emotions, intensity,
        language, method, topics, and cues of distress, self-harm, age, loneliness and the like.
    """
    return [
        {
            **shapes.reading(found),
            "topics": [shapes.topic(one) for one in extract_topics(message, found.language)],
            "cues": [shapes.cue(one) for one in find_cues(message)],
        }
        for message, found in zip(messages, read_messages(messages), strict=True)
    ]
