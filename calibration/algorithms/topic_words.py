"""Words of topics, by language, and words that must not become topics. Written for this product.

On purpose there is no topic for health, religion, politics, ethnic origin, sexual life or orientation (GDPR Art. 9),
and what is named in the words of ``is_sensitive`` is never taken up as a topic either.
"""

from collections.abc import Mapping

CONTENT_TOPICS = frozenset({"photos", "videos", "audio", "live", "custom"})

_ENGLISH_TOPICS = {
    "travel": "travel traveling travelling trip vacation flight airport abroad backpacking roadtrip road_trip hotel",
    "food": "food pizza sushi pasta burger ramen taco steak chocolate dessert cake snack restaurant dinner "
    "breakfast lunch "
    "brunch cheese ice_cream noodle candy fries bbq",
    "cooking": "cooking cook baking recipe bake",
    "coffee": "coffee espresso latte cappuccino",
    "tea": "tea matcha",
    "drinks": "wine beer cocktail whiskey whisky gin champagne",
    "music": "music song playlist album band singer guitar piano vinyl rap jazz techno rock_music hip_hop "
    "spotify drums",
    "concerts": "concert festival gig",
    "films": "movie film cinema movies documentary netflix horror_movie",
    "series": "series tv_show sitcom tv_series episode",
    "books": "book reading novel poetry author library",
    "gaming": "gaming gamer videogame video_game xbox playstation nintendo minecraft fortnite twitch console",
    "board games": "board_game chess poker card_game",
    "anime": "anime manga cosplay",
    "sports": "sport sports basketball baseball tennis hockey golf boxing rugby volleyball nba nfl martial_arts",
    "football": "football soccer",
    "fitness": "gym fitness workout working_out lifting crossfit pilates weightlifting",
    "yoga": "yoga meditation",
    "running": "running jogging marathon",
    "cycling": "cycling bike biking bicycle",
    "swimming": "swimming swim pool",
    "hiking": "hiking hike trekking camping climbing",
    "winter sports": "skiing ski snowboarding snowboard ice_skating",
    "water sports": "surfing surf diving snorkeling sailing kayaking",
    "beach": "beach ocean seaside",
    "nature": "nature forest mountain lake sunset stargazing wildlife",
    "pets": "pet dog puppy cat kitten hamster rabbit parrot",
    "horses": "horse horse_riding",
    "photography": "photography camera photographer",
    "art": "art painting drawing museum sculpture sketching paint",
    "crafts": "knitting crochet pottery sewing woodworking crafts diy lego",
    "dance": "dance dancing dancer ballet salsa",
    "fashion": "fashion outfit dress shoes sneakers clothes heels jewelry shopping",
    "beauty": "makeup skincare hairstyle nails perfume",
    "tattoos": "tattoo piercing",
    "cars": "car cars motorsport formula_one f1 driving",
    "motorbikes": "motorcycle motorbike harley",
    "technology": "technology tech computer coding programming gadget smartphone robotics",
    "science": "science astronomy physics space_travel",
    "history": "history archaeology",
    "family": "family mom mum dad mother father sister brother parents daughter son kids grandma grandpa nephew niece",
    "friends": "friend friends bestie buddy",
    "work": "job office boss coworker colleague career work shift overtime",
    "studies": "school college university exam homework studying uni degree",
    "home": "apartment furniture decorating house moving_house",
    "gardening": "gardening garden plants flowers",
    "parties": "party parties clubbing nightclub",
    "celebrations": "birthday anniversary wedding",
    "weather": "weather rain snow sunny sunshine",
    "photos": "photo pic pics picture selfie photoset",
    "videos": "video vid vids clip",
    "audio": "audio voice_note voice_message voice_notes",
    "live": "livestream live_stream live_show",
    "custom": "custom customs",
}
_FRENCH_TOPICS = {
    "travel": "voyage voyages voyager vacances avion",
    "food": "nourriture manger pizza chocolat restaurant fromage gâteau",
    "cooking": "cuisine cuisiner recette",
    "coffee": "café",
    "music": "musique chanson guitare piano",
    "films": "film cinéma",
    "books": "livre lire lecture roman",
    "gaming": "jeux_vidéo jeu_vidéo",
    "sports": "sport tennis basket rugby",
    "football": "foot football",
    "fitness": "musculation muscu",
    "running": "courir",
    "hiking": "randonnée",
    "beach": "plage mer",
    "pets": "chien chat chiens chats",
    "family": "famille mère père sœur frère maman papa enfants",
    "work": "travail boulot bureau",
    "dance": "danse danser",
    "cars": "voiture",
    "photos": "photo",
    "videos": "vidéo",
}
_SPANISH_TOPICS = {
    "travel": "viajar viaje viajes vacaciones",
    "food": "comida comer pizza chocolate restaurante",
    "cooking": "cocinar cocina receta",
    "coffee": "café",
    "music": "música canción canciones guitarra",
    "films": "película cine",
    "books": "libro leer novela",
    "gaming": "videojuego videojuegos",
    "sports": "deporte tenis baloncesto",
    "football": "fútbol",
    "fitness": "gimnasio",
    "running": "correr",
    "beach": "playa",
    "pets": "perro gato",
    "family": "familia madre padre hermana hermano mamá papá hijos",
    "work": "trabajo oficina",
    "dance": "bailar baile",
    "cars": "coche carro",
    "photos": "foto",
    "videos": "vídeo video",
}
_GERMAN_TOPICS = {
    "travel": "reise reisen urlaub",
    "food": "essen pizza schokolade restaurant kuchen",
    "cooking": "kochen backen rezept",
    "coffee": "kaffee",
    "music": "musik lied lieder gitarre klavier",
    "films": "film filme kino",
    "books": "buch bücher lesen roman",
    "gaming": "zocken videospiele",
    "sports": "sport tennis",
    "football": "fußball fussball",
    "fitness": "fitnessstudio krafttraining",
    "running": "laufen joggen",
    "hiking": "wandern",
    "beach": "strand",
    "pets": "hund hunde katze katzen",
    "family": "familie mutter vater schwester bruder kinder",
    "work": "arbeit büro job",
    "dance": "tanzen",
    "cars": "auto autos",
    "photos": "foto fotos bilder",
    "videos": "video videos",
}
_ITALIAN_TOPICS = {
    "travel": "viaggio viaggi viaggiare vacanze vacanza",
    "food": "cibo mangiare pizza pasta cioccolato gelato ristorante",
    "cooking": "cucinare cucina ricetta",
    "coffee": "caffè",
    "music": "musica canzone canzoni chitarra",
    "films": "film cinema",
    "books": "libro libri leggere",
    "gaming": "videogioco videogiochi",
    "sports": "sport tennis",
    "football": "calcio",
    "fitness": "palestra",
    "running": "correre",
    "beach": "spiaggia mare",
    "pets": "cane cani gatto gatti",
    "family": "famiglia madre padre sorella fratello mamma papà figli",
    "work": "lavoro ufficio",
    "dance": "ballare danza",
    "cars": "macchina macchine",
    "photos": "foto",
    "videos": "video",
}
_PORTUGUESE_TOPICS = {
    "travel": "viajar viagem viagens férias",
    "food": "comida comer pizza chocolate restaurante",
    "cooking": "cozinhar receita",
    "coffee": "café",
    "music": "música músicas violão",
    "films": "filme filmes cinema",
    "books": "livro livros ler",
    "gaming": "videogame jogos",
    "sports": "esporte esportes desporto tênis",
    "football": "futebol",
    "fitness": "academia ginásio",
    "running": "correr",
    "beach": "praia",
    "pets": "cachorro cachorros cão cães gato gatos",
    "family": "família mãe pai irmã irmão filhos",
    "work": "trabalho escritório",
    "dance": "dançar dança",
    "cars": "carro carros",
    "photos": "foto fotos",
    "videos": "vídeo vídeos",
}


def _index(topics: Mapping[str, str]) -> dict[str, str]:
    """Return word, or two words joined by a space -> topic; English and Romance plurals in -s come by themselves."""
    found: dict[str, str] = {}
    for topic, words in topics.items():
        for word in words.replace("_", "\0").split():
            name = word.replace("\0", " ")
            found.setdefault(name, topic)
            if not name.endswith("s"):
                found.setdefault(name + "s", topic)
    return found


TOPICS: Mapping[str, Mapping[str, str]] = {
    "en": _index(_ENGLISH_TOPICS),
    "fr": _index(_FRENCH_TOPICS),
    "es": _index(_SPANISH_TOPICS),
    "de": _index(_GERMAN_TOPICS),
    "it": _index(_ITALIAN_TOPICS),
    "pt": _index(_PORTUGUESE_TOPICS),
}

# Words about what Art. 9 GDPR protects; with a "-" beginnings of words. A filter, not a guarantee.
_SENSITIVE = (
    # health
    "ill- disease- cancer- diabet- depress- anxiety anxieties adhd autis- bipolar hiv aids surger- hospital- "
    "doctor doctors "
    "therap- medic- pill pills drug- weed cannabis marijuana cocaine heroin disab- pregnan- abort- "
    "allerg- asthma- suicid- rehab- "
    "alcoholi- addict- "
    "krank- maladie- enfermedad- malattia- doença- symptom- vaccin- covid- epilep- migraine- insomnia anorexi- "
    "bulimi- obes- "
    # religion and belief
    "god jesus christ- church- bible allah islam- muslim- quran koran jew jews jewish judais- synagog- hindu- "
    "buddh- catholic- "
    "protestant- religi- atheis- pray- faith mosque- temple- priest- pope gott kirche- dieu église- dios "
    "iglesia- chiesa- "
    "igreja- "
    # politics and unions
    "trump biden putin politi- democrat- republican- conservativ- liberal- communis- socialis- fascis- nazi- "
    "election- vote "
    "votes voting president- senat- congress union unions labour feminis- maga brexit- parti "
    # origin
    "race races racis- ethnic- immigra- refugee- gypsy black blacks white whites asian- latina- latino- arab- african- "
    # sexual life and orientation
    "men man women woman guy guys girl girls boy boys male males female females dude dudes penis- vagina- nipple- "
    "cuckold- fuck- nsfw gay gays lesb- homosex- bisex- heterosex- queer- lgbt- trans transgender- straight sex sexy "
    "sexual- "
    "sexting porn- nude- "
    "naked erotic- kink- fetish- bdsm orgas- boob- tit tits ass asses butt butts pussy pussies dick dicks cock "
    "cocks cum "
    "blowjob- anal dominat- submissiv- threesome- masturb- horny milf- escort- girlfriend- boyfriend- wife husband- "
    # crime
    "prison- crime crimes criminal- convict-"
)
SENSITIVE_WORDS = frozenset(word for word in _SENSITIVE.split() if not word.endswith("-"))
SENSITIVE_BEGINNINGS = tuple(word[:-1] for word in _SENSITIVE.split() if word.endswith("-"))


def is_sensitive(word: str) -> bool:
    """Return whether a word in lower case is about what must not be guessed."""
    return word in SENSITIVE_WORDS or word.startswith(SENSITIVE_BEGINNINGS)
