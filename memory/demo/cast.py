"""Who plays: two creators and forty fans."""

from dataclasses import dataclass, replace
from typing import Literal

Style = Literal["plain", "lower", "emoji", "loud"]


@dataclass(frozen=True, slots=True)
class DemoCreator:
    id: str
    name: str
    tone: str
    emoji_frequency: float
    message_length: str
    punctuation: str
    emojis: tuple[str, ...]
    response_speed: str


@dataclass(frozen=True, slots=True)
class DemoFan:
    """An invented person and their habits.

    Args:
        topics: the stories this fan lives through, side by side.
        silent_hours: how long ago the fan was last heard of.
        buys: categories bought, one purchase each, first one first.
        weekday, hour: when the fan buys (0 = Sunday) and is usually online, in UTC.
        mood: the story of the last meeting: ``happy``, ``rough`` or ``short``; empty for an ordinary one.
        small_talk: how many little chats lie between the stories.
    """

    name: str
    city: str
    job: str
    pet: str
    friend: str
    topics: tuple[str, ...]
    silent_hours: int
    months: int
    hour: int = 19
    weekday: int = 5
    buys: tuple[str, ...] = ()
    declines: int = 0
    tips: int = 0
    mood: str = ""
    style: Style = "plain"
    small_talk: int = 3
    id: str = ""
    creator_id: str = ""


CREATORS = (
    DemoCreator("creator-1", "Aurora", "friendly", 0.4, "medium", "casual", ("🌅", "📷", "😊", "💪"), "quick"),
    DemoCreator("creator-2", "Juniper", "playful", 0.3, "medium", "proper", ("🍋", "🎶", "😄"), "moderate"),
)
# Topics set by hand for the fan that every example uses: what an owner who knows her fan would pin.
PINNED_FAN = "fan-001"
PINNED = {
    "contentPreferences": {"photos": {"score": 0.95, "confidence": 1.0}},
    "topicInterests": {"photography": 0.9, "running": 0.8},
    "communicationPreferences": {"language": "en"},
}

P, V, C = "photos", "videos", "custom"
_ALL = ("dog", "photo", "running", "job", "guitar", "garden", "travel", "exam", "workout", "vinyl", "gaming")
_DAY, _WEEK = 24, 168

# fmt: off
_AURORA = (
    DemoFan("Maya", "Bergen", "nurse", "Rex", "Jonas", _ALL,
            2, 9, 19, 5, (P, P, V, P, C, P, V), 2, 3, "happy", "emoji", 13),
    DemoFan("Tom", "Leeds", "bus driver", "Biscuit", "Ravi", ("dog", "running", "photo"),
            5, 6, 21, 0, (V, V, P), 1, 1, "", "plain", 4),
    DemoFan("Elif", "Izmir", "teacher", "Pamuk", "Derya", ("cat", "photo", "exam"),
            9, 7, 17, 6, (P, P, P, C), 0, 2, "happy", "emoji", 5),
    DemoFan("Lucas", "Porto", "carpenter", "Mel", "Tiago", ("dog", "workout"),
            26, 4, 22, 5, (V,), 1, 0, "rough", "lower", 3),
    DemoFan("Hanna", "Tampere", "librarian", "Muru", "Aino", ("cat", "travel", "running"),
            14, 8, 18, 2, (P, C), 1, 1, "", "plain", 4),
    DemoFan("Diego", "Valencia", "cook", "Lola", "Pablo", ("photo", "job"),
            3, 3, 23, 6, (P, P), 0, 1, "", "loud", 2),
    DemoFan("Amira", "Lyon", "pharmacist", "Zizou", "Salma", ("running", "job", "cat"),
            33 * _DAY, 7, 20, 5, (P, V), 1, 0, "", "plain", 3),
    DemoFan("Ben", "Bristol", "web developer", "Pixel", "Oscar", ("gaming", "dog", "workout"),
            47, 5, 21, 1, (V, V, V), 2, 0, "", "lower", 4),
    DemoFan("Chiara", "Turin", "architect", "Nina", "Marco", ("photo", "travel"),
            7, 6, 20, 0, (P, P, P, P, C), 0, 3, "happy", "plain", 3),
    DemoFan("Noah", "Utrecht", "baker", "Toast", "Sem", ("dog", "garden"),
            75, 4, 6, 3, (P,), 2, 0, "", "plain", 2),
    DemoFan("Sofia", "Warsaw", "translator", "Kluska", "Ola", ("cat", "exam", "guitar"),
            58 * _DAY, 9, 19, 4, (P, P), 0, 1, "", "plain", 3),
    DemoFan("Jamal", "Birmingham", "electrician", "Duke", "Kofi", ("workout", "running", "dog"),
            11, 8, 5, 1, (V, C, V), 0, 2, "happy", "loud", 5),
    DemoFan("Ingrid", "Oslo", "midwife", "Pus", "Kari", ("garden", "photo"),
            20, 5, 16, 6, (P, C), 1, 1, "", "plain", 3),
    DemoFan("Viktor", "Brno", "train driver", "Bobik", "Petr", ("vinyl", "travel"),
            9 * _DAY, 6, 22, 0, (P,), 1, 0, "short", "lower", 2),
    DemoFan("Leila", "Brussels", "physiotherapist", "Simba", "Nour", ("running", "workout"),
            6, 4, 7, 2, (V, V), 0, 1, "", "emoji", 3),
    DemoFan("Oskar", "Gdansk", "sailor", "Foka", "Marek", ("photo", "guitar"),
            31, 7, 21, 5, (P, P, P), 1, 0, "rough", "plain", 3),
    DemoFan("Emma", "Cork", "florist", "Poppy", "Aoife", ("garden", "dog", "travel"),
            4, 9, 18, 6, (P, V, P, C), 0, 4, "happy", "emoji", 6),
    DemoFan("Yuto", "Duesseldorf", "sound engineer", "Mochi", "Ken", ("vinyl", "cat"),
            16 * _DAY, 5, 23, 6, (P,), 0, 0, "short", "plain", 2),
    DemoFan("Grace", "Nairobi", "accountant", "Simba", "Wanjiru", ("exam", "running"),
            13, 6, 17, 5, (P, V), 2, 1, "", "plain", 4),
    DemoFan("Pavel", "Ostrava", "machinist", "Rocky", "Jirka", ("dog", "gaming"),
            41 * _DAY, 4, 20, 0, (V,), 1, 0, "short", "lower", 1),
    DemoFan("Nadia", "Marseille", "ferry captain", "Olive", "Ines", ("photo", "travel", "cat"),
            8, 8, 5, 1, (P, C, P), 0, 2, "", "plain", 4),
    DemoFan("Felix", "Graz", "ski instructor", "Balu", "Toni", ("workout", "guitar"),
            52, 5, 20, 3, (V, P), 1, 0, "", "loud", 2),
    DemoFan("Ayo", "Dublin", "paramedic", "Kiki", "Tunde", ("exam", "job", "running"),
            18, 7, 22, 2, (V,), 1, 2, "rough", "plain", 4),
    DemoFan("Rosa", "Seville", "seamstress", "Canela", "Lucia", ("garden", "photo"),
            27, 6, 16, 6, (P, P), 0, 1, "", "emoji", 3),
    DemoFan("Jan", "Ghent", "bicycle mechanic", "Spaak", "Wout", ("running", "vinyl"),
            5 * _DAY, 3, 21, 0, (), 2, 0, "", "plain", 2),
)
_JUNIPER = (
    DemoFan("Olivia", "York", "vet", "Truffle", "Hugh", ("cooking", "dog", "songs", "garden"),
            3, 9, 18, 0, (V, V, P, C), 1, 2, "happy", "emoji", 7),
    DemoFan("Mateo", "Bilbao", "fisherman", "Sal", "Iker", ("songs", "cooking"),
            10, 6, 20, 5, (V, C), 0, 3, "", "plain", 4),
    DemoFan("Freya", "Aarhus", "potter", "Klump", "Signe", ("cooking", "cat"),
            6, 7, 17, 6, (P, P, V), 0, 1, "happy", "plain", 4),
    DemoFan("Karim", "Nantes", "school cook", "Couscous", "Yanis", ("cooking", "job"),
            22, 5, 21, 1, (V, P), 1, 0, "", "plain", 3),
    DemoFan("Zoe", "Athens", "student", "Feta", "Eleni", ("songs", "exam", "cat"),
            15, 6, 23, 4, (V,), 2, 0, "rough", "lower", 4),
    DemoFan("Henrik", "Malmo", "postman", "Sill", "Lars", ("vinyl", "songs"),
            37 * _DAY, 8, 19, 0, (V, V), 0, 1, "", "plain", 2),
    DemoFan("Priya", "Leicester", "optician", "Mango", "Anita", ("cooking", "travel"),
            4, 4, 18, 0, (P, V, C), 0, 2, "happy", "emoji", 4),
    DemoFan("Stefan", "Linz", "gardener", "Moos", "Uli", ("garden", "cooking"),
            30, 6, 6, 6, (P,), 1, 0, "", "plain", 3),
    DemoFan("Camille", "Lille", "violinist", "Figaro", "Margot", ("songs", "guitar"),
            8, 7, 22, 6, (V, C, V), 0, 3, "", "plain", 4),
    DemoFan("Arjun", "Rotterdam", "harbour pilot", "Anker", "Dev", ("cooking", "running"),
            44, 5, 21, 3, (V,), 1, 0, "", "loud", 2),
    DemoFan("Beatriz", "Coimbra", "chemist", "Nata", "Joana", ("cooking", "songs"),
            12, 6, 20, 5, (V, P), 0, 1, "", "plain", 4),
    DemoFan("Milo", "Basel", "puppeteer", "Kasper", "Reto", ("songs", "gaming"),
            11 * _DAY, 4, 22, 0, (V,), 2, 0, "short", "lower", 2),
    DemoFan("Saoirse", "Galway", "farrier", "Pepper", "Niamh", ("dog", "guitar", "songs"),
            7, 8, 19, 6, (V, V), 0, 2, "happy", "plain", 4),
    DemoFan("Emil", "Odense", "carpenter", "Krumme", "Bo", ("cooking", "vinyl"),
            64 * _DAY, 7, 20, 1, (P, V), 1, 0, "", "plain", 2),
    DemoFan("Tessa", "Breda", "kindergarten teacher", "Vlinder", "Fleur", ("cooking", "cat", "songs"),
            19, 5, 18, 2, (P, P, V), 0, 1, "", "emoji", 4),
)


# fmt: on
FANS = (
    *(replace(fan, id=f"fan-{n:03d}", creator_id="creator-1") for n, fan in enumerate(_AURORA, 1)),
    *(replace(fan, id=f"fan-{n:03d}", creator_id="creator-2") for n, fan in enumerate(_JUNIPER, len(_AURORA) + 1)),
)
