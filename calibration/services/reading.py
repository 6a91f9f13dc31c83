"""Reading messages: the one door to the mood of texts."""

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.conf import settings

from calibration.algorithms.emotion import MODEL_LANGUAGES, READ_AT_MOST, has_words, read_message, settle_language
from calibration.domain import MessageReading
from ofmemory.infra.text import language, model
from ofmemory.infra.text.model import ModelUnavailable, TextModel, TextOutputs

logger = logging.getLogger(__name__)


def read_messages(texts: Sequence[str]) -> list[MessageReading]:
    """Return the reading of each text, in their order. Any text gives one; the same text always the same.

    Without the model's files the word lists read, with lower confidence; that is logged, not raised.
    """
    reader = find_model()
    return [read_with(reader, text) for text in texts]


def find_model() -> TextModel | None:
    """Return the text model of this process, None where its files are missing or wrong."""
    try:
        return model.load(Path(getattr(settings, "TEXT_MODEL_DIR", None) or model.PACKAGED))
    except ModelUnavailable as error:
        _warn(str(error))
        return None


def reader_version() -> str:
    """Return what tells readings of different models apart; another model reads anew what this one read."""
    reader = find_model()
    return reader.manifest.checksums[model.MODEL_FILE][:16] if reader else "lexicon"


def read_with(reader: TextModel | None, text: str) -> MessageReading:
    """Return the reading of one text by a given model, or by the word lists alone."""
    detected, _confidence = language.detect(text)
    code = settle_language(text[:READ_AT_MOST], detected)
    return read_message(text, _outputs(text, code, reader), code)


@cache
def _warn(reason: str) -> None:
    """Say it once a process, not once a message."""
    logger.warning("text model unavailable, word lists read instead", extra={"error": reason})


def _outputs(text: str, code: str, reader: TextModel | None) -> TextOutputs | None:
    if reader is None or code not in MODEL_LANGUAGES or not has_words(text[:READ_AT_MOST]):
        return None
    return reader.read([text])[0]
