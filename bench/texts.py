"""Messages as fans and creators write them: mostly short, some long. The same for the same number, always."""

from random import Random
from typing import Final

OPENINGS: Final = (
    "hey you 😊",
    "good morning!",
    "just got home from work,",
    "haha okay okay,",
    "omg I loved that one,",
    "so I was thinking about what you said yesterday,",
    "sorry for the late answer,",
    "can't sleep again,",
)
MIDDLES: Final = (
    "how was your day?",
    "the hike on Sunday was great, my legs still hurt",
    "did you see the new season already?",
    "I'd love to see more of the beach pictures 🌊",
    "my dog Bruno says hi, he has stolen another sock",
    "we are driving to Lisbon for my birthday next week",
    "is the set you talked about out yet?",
    "you always know how to make me smile",
    "work is crazy, my boss wants the report by Friday and nobody helps",
)
CLOSINGS: Final = ("tell me everything!", "talk later?", "xx", "miss our chats ❤️", "what are you up to tonight?")


def message(number: int) -> str:
    """Return message ``number``: 20 to 150 characters, mostly a single sentence."""
    choose = Random(number)  # noqa: S311 - repeatable on purpose
    opening, closing = choose.random() < 0.3, choose.random() < 0.2
    words = (choose.choice(OPENINGS) * opening, choose.choice(MIDDLES), choose.choice(CLOSINGS) * closing)
    return " ".join(filter(None, words))
