"""Short texts written for this purpose: what chats say and GoEmotions hardly does (slang, emoji, rare emotions).

Each entry: what a sentence may consist of, its emotions, its sentiment. Alternatives are separated by "|" and combined.
"""

import random
from itertools import product

from tools.train_text_model.data import SENTIMENTS, Example

WEIGHT = 0.7
MOST_OF_A_KIND = 14
SEED = 11
POSITIVE, NEGATIVE, NEUTRAL = "positive", "negative", "neutral"
SENTENCES: tuple[tuple[str, str, str], ...] = (
    # Praise in dark words, affection, teasing.
    ("{you are|ur|you're} so bad {😈|😏|lol|haha}", "amusement admiration", POSITIVE),
    ("{damn|omg|wow|holy moly} you look {hot|amazing|so good|unreal} {|🔥|🥵|😍}", "admiration excitement", POSITIVE),
    ("{i'm|im} {dying|dead|crying} {😂|🤣|lmao|💀 haha}", "amusement", POSITIVE),
    ("{stop it|omg stop|shut up} {😂|🤣|haha you're too funny}", "amusement", POSITIVE),
    ("you {kill|slay|crush} me {every time|lol} {😂|😍}", "amusement admiration", POSITIVE),
    ("{want|need|miss} you so bad {|❤️|🥺|😩}", "desire love", POSITIVE),
    ("{miss|missing} {you|u} {|babe|so much|already} {❤️|😘|🥰|}", "love", POSITIVE),
    ("{sick|insane|killer|wicked} {pic|body|outfit|video} {🔥|👏|!!}", "admiration", POSITIVE),
    ("you're {driving me crazy|making me lose my mind} {😍|🥵|😏}", "desire excitement", POSITIVE),
    ("{naughty|bad} {girl|boy} {😈|😏|😜}", "amusement desire", POSITIVE),
    ("{can't wait|cant wait} {|to see more|for tonight|for the next one} {|😍|!!}", "excitement", POSITIVE),
    ("{that|this} {slaps|is fire|is lit|is straight fire|is goated} {|🔥|💯}", "admiration", POSITIVE),
    ("{lmao|lmfao|rofl|haha} {|that was great|you're hilarious|good one}", "amusement", POSITIVE),
    ("no {cap|joke} {best|prettiest|coolest} {ever|one here}", "admiration", POSITIVE),
    ("{ily|ilysm|love u|luv ya} {|❤️|babe|so much}", "love", POSITIVE),
    ("{tysm|thx|ty|thank u} {|babe|so much|🙏|❤️}", "gratitude", POSITIVE),
    ("{gm|good morning|good night|gn} {beautiful|gorgeous|babe|sunshine} {|☀️|😘|❤️}", "love", POSITIVE),
    ("you made my {day|night|week} {|😊|❤️|🥰}", "joy gratitude", POSITIVE),
    (
        "{hope|wishing} you {have|had|get} {a great day|a good sleep|a nice weekend} {|😊|❤️}",
        "optimism caring",
        POSITIVE,
    ),
    ("{red heart|fire|smiling face with hearts|face blowing a kiss|smiling face with heart-eyes}", "love", POSITIVE),
    ("{😂|🤣|😆} {😂|🤣|}", "amusement", POSITIVE),
    # Complaints, boredom, leaving.
    ("{this|that|it} is {way |}too {expensive|pricey|much money} {|for me|🙄}", "disapproval annoyance", NEGATIVE),
    ("{i want|give me|can i get} my money back {|now|😡|!!}", "anger annoyance", NEGATIVE),
    ("what a {rip off|ripoff|scam|waste of money} {|😡|🤬|!!}", "anger disapproval", NEGATIVE),
    (
        "{i'm|im} {cancelling|unsubscribing|done here|leaving} {|this is a joke|not worth it}",
        "disappointment",
        NEGATIVE,
    ),
    ("you {never answer|always ignore me|forgot about me|don't care} {|😔|😞|...}", "sadness disappointment", NEGATIVE),
    ("{bored|so bored|meh|whatever} {|🙄|😒|...}", "annoyance", NEGATIVE),
    ("{i feel|feeling} {so lonely|down|low|empty|awful} {|tonight|today|lately|😢}", "sadness", NEGATIVE),
    ("{wtf|ffs|smh|ugh} {|this again|not again|seriously} {|🤦|😡}", "annoyance anger", NEGATIVE),
    (
        "{not what i paid for|this isn't what you promised|thought it would be longer} {|😕|🙁}",
        "disappointment",
        NEGATIVE,
    ),
    ("{leave me alone|stop messaging me|stop spamming me} {|😠|!!}", "anger annoyance", NEGATIVE),
    ("{eww|yuck|gross|that's disgusting} {|🤢|🤮}", "disgust", NEGATIVE),
    # Small talk.
    ("{hey|hi|hello|yo} {|there|again} {|what are you up to|wyd|hru|how was work}", "neutral", NEUTRAL),
    ("{what time|when} {do you go live|are you online|is the next one} {|?|today?}", "curiosity neutral", NEUTRAL),
    ("{just got home|at work rn|on the bus|making dinner|watching tv} {|you?|now}", "neutral", NEUTRAL),
    ("{ok|okay|k|alright|sure} {|then|sounds like a plan|will do|one sec}", "neutral", NEUTRAL),
    ("{i sent|did you get|check} {the message|my reply|your inbox} {|?|yesterday}", "neutral", NEUTRAL),
    ("{how much|what's the price} {for|of} {a custom video|the set|ten photos}", "neutral curiosity", NEUTRAL),
    ("{it's|its} {monday|raining here|almost five|on channel two} {|today|again}", "neutral", NEUTRAL),
    # Emotions that GoEmotions has few examples of.
    ("{rest in peace|RIP|R.I.P.} {|grandpa|my friend|little buddy|legend}", "grief sadness", NEGATIVE),
    (
        "my {dad|mom|grandma|brother|dog|cat} {died|passed away|is gone} {|last week|this year|yesterday}",
        "grief sadness",
        NEGATIVE,
    ),
    (
        "{i'm |}{so |very |}sorry for your loss{|. my condolences|, may she rest in peace}",
        "grief sadness caring",
        NEGATIVE,
    ),
    ("{my condolences|sending condolences} {to you and your family|for your father}", "grief caring", NEGATIVE),
    ("we {lost|buried} {him|her|our mother|our friend} {|last month|too soon|today}", "grief sadness", NEGATIVE),
    ("i {still|really} {grieve|mourn} {for him|for her|every day}", "grief sadness", NEGATIVE),
    ("{i'm|im|i am} {so |really |very |}proud of {you|myself|her|my son|my team|us}", "pride admiration", POSITIVE),
    ("{proud|so proud} to {be your fan|say i did it|have finished|be part of this}", "pride joy", POSITIVE),
    ("{i did it|finally made it|look what i built} {|all by myself}, proud {moment|of it}", "pride joy", POSITIVE),
    ("{phew|whew|thank god|thank goodness} {|it's over|it worked|you're okay|it wasn't serious}", "relief", POSITIVE),
    (
        "{what a relief|such a relief|i'm so relieved|i feel relieved} {|now|that it's over|you are safe}",
        "relief",
        POSITIVE,
    ),
    ("{so |}glad {it's over|nobody got hurt|that's settled|you're safe|it all worked out}", "relief joy", POSITIVE),
    ("{finally |at last }{i can breathe|it's done|i can relax}", "relief", POSITIVE),
    (
        "{i'm|im|i am} {so |really |a bit |}{nervous|anxious|worried} {|about tomorrow|about this|for the exam}",
        "nervousness fear",
        NEGATIVE,
    ),
    (
        "{my heart is racing|my hands are shaking|i can't sleep, too nervous|butterflies in my stomach}",
        "nervousness",
        NEGATIVE,
    ),
    ("this {gives me|gave me} {anxiety|so much anxiety|the jitters}", "nervousness fear", NEGATIVE),
    (
        "{this is|that's|that was} {so |really |}{embarrassing|awkward|cringe|cringy} {|for me|to watch}",
        "embarrassment",
        NEGATIVE,
    ),
    ("{i'm|im} {so |}{embarrassed|ashamed|mortified} {|by this|right now|of what i said}", "embarrassment", NEGATIVE),
    ("{oops|whoops}, {that's awkward|i feel stupid now|wrong chat, so embarrassing}", "embarrassment", NEGATIVE),
    ("{i regret|i shouldn't have|i feel guilty for} {saying that|leaving|what i did}", "remorse", NEGATIVE),
    (
        "{sorry|i'm sorry|my apologies|forgive me} {|for the late reply|for being rude|about yesterday}",
        "remorse",
        NEGATIVE,
    ),
    (
        "{i just realized|just realised|turns out|now i get it,} {it was you|we've met before|i had it wrong}",
        "realization",
        "",
    ),
    ("{i really want|i wish i had|i'd love|i need} {this|one of those|to try it|to be there}", "desire", POSITIVE),
    ("{i'm scared|that's terrifying|this is so scary|i was terrified} {|of the dark|honestly}", "fear", NEGATIVE),
)


def load(labels: list[str]) -> list[Example]:
    """Return some combinations of every kind as examples; always the same."""
    dice = random.Random(SEED)  # noqa: S311  a choice of examples, not a secret
    return [
        _example(text, emotions, sentiment, labels)
        for pattern, emotions, sentiment in SENTENCES
        for text in _some(_combinations(pattern), dice)
    ]


def _some(texts: list[str], dice: random.Random) -> list[str]:
    return texts if len(texts) <= MOST_OF_A_KIND else dice.sample(texts, MOST_OF_A_KIND)


def _combinations(pattern: str) -> list[str]:
    parts = [part.split("|") for part in pattern.replace("}", "{").split("{")]
    return [" ".join("".join(choice).split()) for choice in product(*parts)]


def _example(text: str, emotions: str, sentiment: str, labels: list[str]) -> Example:
    wanted = emotions.split()
    if unknown := set(wanted) - set(labels):
        raise ValueError(f"no such emotions: {sorted(unknown)}")
    marks = tuple(float(label in wanted) for label in labels)
    known = tuple(float(name == sentiment) for name in SENTIMENTS)
    return Example(text, marks, (known[0], known[1], known[2]) if sentiment else None, WEIGHT)
