"""What the demo creators offer, and how a fan takes it or leaves it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Offer:
    """Something for sale; ``pitch`` is said before, ``thanks`` by a fan who bought it."""

    category: str
    content_id: str
    title: str
    price: Decimal
    pitch: str
    thanks: str


def _offer(category: str, content_id: str, title: str, price: str, pitch: str, thanks: str) -> Offer:
    return Offer(category, content_id, title, Decimal(price), pitch, thanks)


# fmt: off
OFFERS: dict[str, tuple[Offer, ...]] = {
    "creator-1": (
        _offer(
            "photos", "aurora-coast-dawn", "The coast at dawn", "18.00",
            "I was at the coast at five this morning. Twenty-four photos, the sea like glass. Would you like them?",
            "The one with the fishing boat is my new desktop background, it is so calm!",
        ),
        _offer(
            "photos", "aurora-city-rain", "City in the rain", "15.00",
            "My new set is finished: the city in the rain, all reflections and umbrellas. Shall I send it over?",
            "The yellow umbrella! I keep going back to that one.",
        ),
        _offer(
            "photos", "aurora-first-snow", "First snow", "16.00",
            "I walked through the first snow all day. Twenty photos, cold fingers. Would you like to see them?",
            "I can almost hear how quiet it was. Lovely set.",
        ),
        _offer(
            "photos", "aurora-lighthouse", "Eleven lighthouses", "22.00",
            "Eleven lighthouses in eleven days: the series is complete. Would you like to have it?",
            "Number seven with the gulls is a masterpiece. Which one did you like best?",
        ),
        _offer(
            "videos", "aurora-morning-routine", "Ten calm minutes", "24.00",
            "I filmed the ten-minute morning routine step by step. Do you want the video?",
            "Did it right away. Much clearer than the description, my back says thank you!",
        ),
        _offer(
            "videos", "aurora-hike-film", "Three days in the hills", "29.00",
            "The film of my three days in the hills is cut, with the real sound of the wind. Interested?",
            "Watched it with tea and a blanket. The wind at the hut was my favourite part.",
        ),
        _offer(
            "videos", "aurora-stretching", "Evening stretching", "21.00",
            "A quiet stretching session for the evening, twenty minutes, lights low. Shall I send it?",
            "I fell asleep before the end, which is the best review I can give.",
        ),
        _offer(
            "custom", "aurora-custom-print", "A signed print for you", "55.00",
            "I could make a signed print of a picture you choose, with a line on the back. Would you like one?",
            "It arrived and it is beautiful. The line on the back made me very happy.",
        ),
        _offer(
            "custom", "aurora-custom-plan", "Your own four-week plan", "45.00",
            "If you like, I write you a four-week training plan, just for your days and your knees. Interested?",
            "The plan fits my week exactly, nobody ever made something like that for me.",
        ),
    ),
    "creator-2": (
        _offer(
            "videos", "juniper-bread-class", "Bread for beginners", "22.00",
            "My bread class is ready: forty minutes from flour to crust. Do you want to bake along?",
            "Baked along in real time and it worked! I stopped the video only twice.",
        ),
        _offer(
            "videos", "juniper-summer-kitchen", "Summer kitchen", "19.00",
            "Five dishes for hot evenings, filmed on my balcony. Shall I send you the video?",
            "Made the cold cucumber soup straight away. Perfect for this heat.",
        ),
        _offer(
            "videos", "juniper-living-room", "A living-room concert", "26.00",
            "I recorded a whole living-room concert, nine songs and one cat. Would you like to see it?",
            "The cat walking over the piano in song four! I laughed and cried.",
        ),
        _offer(
            "photos", "juniper-market-book", "The market booklet", "12.00",
            "A little photo booklet from the market, with a recipe on every second page. Would you like it?",
            "The plum page is already full of plum. That is a compliment.",
        ),
        _offer(
            "photos", "juniper-kitchen-notes", "Kitchen notes", "14.00",
            "I photographed all my handwritten recipe cards, stains included. Are you curious?",
            "I love the stains most of all. Your grandmother's dumplings are next.",
        ),
        _offer(
            "custom", "juniper-custom-menu", "A menu for your evening", "38.00",
            "I could plan your next dinner with you: menu, shopping list and a playlist. Would you like that?",
            "Everyone asked for the recipe and then for the playlist. Best evening in a long time.",
        ),
        _offer(
            "custom", "juniper-custom-song", "A song for somebody", "60.00",
            "I have time to record one song for somebody you love, with the name in it. Do you want it to be yours?",
            "We listened to it three times, and nobody could say anything for a minute. Thank you.",
        ),
    ),
}
# fmt: on

ACCEPTED = (
    "Yes please, I was hoping you would ask",
    "Oh yes, send it over!",
    "You had me at the first word. Yes!",
    "Of course, I would love that",
    "Yes! I have been looking forward to it all week",
)
DECLINED = (
    (
        "Not this time, I have to watch my money until the end of the month",
        "That is completely fine. How was your day?",
    ),
    ("Maybe later, that one is not quite for me", "Thank you for saying so. I will think of you when it fits better."),
    ("No thanks, I still have the last one to enjoy", "Then enjoy it slowly, there is no hurry at all."),
)
TIPS = (
    ("A small thank you for the good advice", "That is so kind of you, thank you! It really makes my day."),
    ("For your next coffee", "I will drink it to your health, thank you!"),
    ("Because you remembered", "How could I forget? Thank you so much."),
)
