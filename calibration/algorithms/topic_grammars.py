"""How each language says what one likes and dislikes. Written for this product."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from calibration.algorithms.topic_words import TOPICS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that say how somebody stands to what follows.

    Args:
        liking: -1 to 1.
        is_open: what follows is taken up also where no topic has a word for it.
        names_first: the thing comes after a copula, or before the cue ("my favourite band is ...", "... is my thing").
        needs_subject: without one ("Enjoy your trip!", "much like ...") it is only said of the writer with a negation.
        not_after: words right before it that give it another meaning ("it was like ...").
    """

    liking: float
    is_open: bool = True
    names_first: bool = False
    not_after: frozenset[str] = frozenset()
    needs_subject: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a language says what one likes.

    Args:
        topics: word -> topic.
        cues: words -> cue, by the first word, longest first.
        negators: before the cue; ``negators_after`` within so many words after it (``negators_reach``).
        mine: subjects that are the writer; ``others`` are not.
        between: words that may stand between subject and cue. Empty: any may.
        needs_subject: a cue counts only after one of ``mine``.
        contrasts: words that end what is liked, or turn it round with a negator after them.
        breaks: words that end it.
        joins: words that go on with the list.
        fillers: skipped before a thing.
        closers: what follows is the creator's own ("your smile") or a clause ("to see ..."): only topics count.
        stops: words that are no part of a thing.
    """

    topics: Mapping[str, str]
    cues: dict[str, tuple[tuple[tuple[str, ...], Cue], ...]]
    negators: frozenset[str]
    mine: frozenset[str]
    others: frozenset[str]
    contrasts: frozenset[str]
    breaks: frozenset[str]
    joins: frozenset[str]
    fillers: frozenset[str]
    closers: frozenset[str]
    stops: frozenset[str]
    copulas: frozenset[str] = frozenset()
    between: frozenset[str] = frozenset()
    negators_after: frozenset[str] = frozenset()
    negators_reach: int = 0
    needs_subject: bool = False
    conditions: frozenset[str] = field(default_factory=frozenset)


def _cues(phrases: Mapping[str, Cue]) -> dict[str, tuple[tuple[tuple[str, ...], Cue], ...]]:
    found: dict[str, list[tuple[tuple[str, ...], Cue]]] = {}
    for phrase in sorted(phrases, key=lambda text: (-len(text.split()), text)):
        words = tuple(phrase.split())
        found.setdefault(words[0], []).append((words, phrases[phrase]))
    return {first: tuple(entries) for first, entries in found.items()}


_FAVOURITE = Cue(0.9, names_first=True)

ENGLISH = Grammar(
    topics=TOPICS["en"],
    cues=_cues(
        {
            **{word: Cue(0.9) for word in ("love", "loved", "adore", "luv", "loving")},
            **{word: Cue(0.7) for word in ("liked", "enjoyed", "dig", "enjoying")},
            "like": Cue(0.7, not_after=_words("am was be been"), needs_subject=True),
            "enjoy": Cue(0.7, needs_subject=True),
            **{word: Cue(-0.9) for word in ("hate", "hated", "detest", "loathe", "despise")},
            "dislike": Cue(-0.7),
            "prefer": Cue(0.6),
            "into": Cue(0.7),
            "fan of": Cue(0.8),
            "fond of": Cue(0.7),
            "keen on": Cue(0.7),
            "hooked on": Cue(0.8),
            "obsessed with": Cue(1.0),
            "in love with": Cue(0.9),
            "crazy about": Cue(0.9),
            "passionate about": Cue(0.9),
            "can not stand": Cue(-0.9),
            "could not stand": Cue(-0.9),
            "can not bear": Cue(-0.9),
            "can not get enough of": Cue(1.0),
            "sick of": Cue(-0.7),
            "tired of": Cue(-0.5),
            "bored of": Cue(-0.5),
            "bored with": Cue(-0.5),
            "want": Cue(0.4, is_open=False),
            "miss": Cue(0.5, is_open=False),
            **{f"my favo{u}rite": _FAVOURITE for u in ("", "u")},
            **{f"my fav{e}": _FAVOURITE for e in ("", "e")},
            "my thing": Cue(0.7, names_first=True),
            "my jam": Cue(0.8, names_first=True),
        }
    ),
    negators=_words("not never no hardly neither nor without barely"),
    mine=_words("i we"),
    others=_words(
        "you u ya he she they it who people everyone everybody nobody anyone someone somebody guys girls men "
        "women one this "
        "that these those"
    ),
    between=_words(
        "do did does am was have has had been be would will could should might can may must really just also "
        "still always "
        "not never no longer hardly neither nor barely actually totally absolutely definitely kinda kind sort "
        "of honestly "
        "truly so much quite very pretty super too ever even used to and but or , a an big huge such well yes yeah oh "
        "lol haha hey mostly especially usually generally probably rather both simply only secretly even got "
        "gotten get "
        "getting more most deeply genuinely ok okay think guess the biggest great know that"
    ),
    copulas=_words("is are was were"),
    contrasts=_words("but except"),
    breaks=_words("because when while if although though since than whereas until unless who which so however"),
    joins=_words("and or , nor plus"),
    fillers=_words(
        "the a an my our some any all of for really so very much more lots lot good going doing having "
        "eating watching "
        "playing listening reading making seeing getting drinking thanks both especially big other also even just"
    ),
    closers=_words("your ur youre to how when what where why him her them me us myself"),
    stops=_words(
        "i you u he she it we they me him her us them this that these those is are was were be been am do does "
        "did have has "
        "had will would can could should may might must in on at by with from into about over under after "
        "before during "
        "through between like as to of for when how what why where who which whether if there here not no never too "
        "much lot lots well now then today tonight tomorrow yesterday lately lol haha tbh imo please right everything "
        "sorry thanks thank hey hi hello ok okay yes no "
        "nothing "
        "anything something anyone someone everyone way idea fact part thing things stuff being talking "
        "thinking it s t "
        "m re ve ll d one ones more most than really just so very also but and or , except because while though since "
        "even already again ever every each your ur youre my our his their its the a an some any all both being same "
        "nt don im ive id up down out off all back life day days time"
    ),
    conditions=_words("if wish wished whether"),
)

FRENCH = Grammar(
    topics=TOPICS["fr"],
    cues=_cues(
        {
            "adore": Cue(0.9),
            "aime": Cue(0.8),
            "aimais": Cue(0.4),
            "kiffe": Cue(0.9),
            "préfère": Cue(0.6),
            "déteste": Cue(-0.9),
            "hais": Cue(-0.9),
            "fan de": Cue(0.8),
            "fan d": Cue(0.8),
            "passionné de": Cue(0.9),
            "passionnée de": Cue(0.9),
        }
    ),
    negators=_words("pas jamais plus"),
    negators_after=_words("pas plus jamais"),
    negators_reach=2,
    mine=_words("j je"),
    others=_words("tu il elle on ils elles vous nous qui"),
    needs_subject=True,
    contrasts=_words("mais sauf"),
    breaks=_words("parce quand si car que qui lorsque"),
    joins=_words("et ou ni ,"),
    fillers=_words(
        "le la les l un une des du de d mon ma mes vraiment trop bien beaucoup pas plus jamais faire aussi tout"
    ),
    closers=_words("ton ta tes votre vos"),
    stops=_words(
        "je tu il elle on nous vous ils elles me te se le la les l un une des du de d à au aux en dans avec "
        "pour par sur "
        "que qui quand si et ou mais , est sont suis es pas plus jamais très trop ça cela c ce cette ces mon ma "
        "mes ton "
        "ta tes t m s y être avoir"
    ),
)

SPANISH = Grammar(
    topics=TOPICS["es"],
    cues=_cues(
        {
            **{f"me {verb}": Cue(0.7) for verb in ("gusta", "gustan", "interesa", "interesan")},
            **{f"me {verb}": Cue(0.9) for verb in ("encanta", "encantan", "fascina", "fascinan")},
            **{word: Cue(0.9) for word in ("adoro", "amo")},
            "prefiero": Cue(0.6),
            **{word: Cue(-0.9) for word in ("odio", "detesto")},
            "fan de": Cue(0.8),
        }
    ),
    negators=_words("no nunca tampoco jamás"),
    mine=_words("yo"),
    others=_words("tú ella él ellos ellas usted ustedes"),
    contrasts=_words("pero excepto sino"),
    breaks=_words("porque cuando si que aunque"),
    joins=_words("y o e ni ,"),
    fillers=_words("el la los las un una unos unas mi mis mucho muchísimo muy de del jugar ver hacer también"),
    closers=_words("tu tus"),
    stops=_words(
        "yo tú él ella me te se lo la los las el un una de del a al en con por para que cuando si y o pero , es "
        "son estoy "
        "muy mucho más no nunca esto eso mi mis tu tus"
    ),
)

GERMAN = Grammar(
    topics=TOPICS["de"],
    cues=_cues(
        {
            "mag": Cue(0.7),
            "liebe": Cue(0.9),
            "genieße": Cue(0.7),
            "stehe auf": Cue(0.8),
            "bevorzuge": Cue(0.6),
            "hasse": Cue(-0.9),
            "verabscheue": Cue(-0.9),
            "fan von": Cue(0.8),
        }
    ),
    negators=_words("nicht nie kein keine"),
    negators_after=_words("nicht kein keine keinen keinerlei nie"),
    negators_reach=4,
    mine=_words("ich"),
    others=_words("du er sie es wir ihr man wer"),
    needs_subject=True,
    contrasts=_words("aber sondern außer"),
    breaks=_words("weil wenn dass als da obwohl"),
    joins=_words("und oder ,"),
    fillers=_words(
        "der die das den dem ein eine einen mein meine meinen kein keine keinen sehr wirklich auch so nicht total"
    ),
    closers=_words("dein deine deinen deiner"),
    stops=_words(
        "ich du er sie es wir ihr mich dich sich der die das den dem ein eine einen in im mit auf an am zu zum "
        "von für und "
        "oder aber , ist sind bin nicht kein keine keinen sehr so gern gerne auch wenn weil dass nie mein meine "
        "dein deine"
    ),
)

ITALIAN = Grammar(
    topics=TOPICS["it"],
    cues=_cues(
        {
            **{f"mi {verb}": Cue(0.7) for verb in ("piace", "piacciono", "interessa")},
            **{word: Cue(0.9) for word in ("adoro", "amo")},
            "preferisco": Cue(0.6),
            **{word: Cue(-0.9) for word in ("odio", "detesto")},
            "fan di": Cue(0.8),
        }
    ),
    negators=_words("non mai neanche nemmeno"),
    mine=_words("io"),
    others=_words("tu lui lei loro voi"),
    contrasts=_words("ma tranne però"),
    breaks=_words("perché quando se che"),
    joins=_words("e o ed né ,"),
    fillers=_words("il lo la i gli le l un una uno mio mia molto tanto davvero di fare anche"),
    closers=_words("tuo tua tuoi tue"),
    stops=_words(
        "io tu lui lei mi ti si il lo la i gli le l un una uno di a da in con su per che quando se e o ma , è "
        "sono molto "
        "tanto non mai questo quello mio mia tuo tua"
    ),
)

PORTUGUESE = Grammar(
    topics=TOPICS["pt"],
    cues=_cues(
        {
            **{word: Cue(0.7) for word in ("gosto", "curto")},
            **{word: Cue(0.9) for word in ("adoro", "amo")},
            "prefiro": Cue(0.6),
            **{word: Cue(-0.9) for word in ("odeio", "detesto")},
            "fã de": Cue(0.8),
        }
    ),
    negators=_words("não nao nunca nem"),
    mine=_words("eu"),
    others=_words("você voce ele ela eles elas"),
    contrasts=_words("mas exceto"),
    breaks=_words("porque quando se que"),
    joins=_words("e ou nem ,"),
    fillers=_words("o a os as um uma meu minha muito muita de do da dos das jogar ver fazer também"),
    closers=_words("teu tua seu sua teus tuas seus suas"),
    stops=_words(
        "eu você ele ela me te se o a os as um uma de do da dos das em no na nos nas com por para que quando e "
        "ou mas , é "
        "são muito mais não nunca isso isto meu minha seu sua"
    ),
)

GRAMMARS: Mapping[str, Grammar] = {
    "en": ENGLISH,
    "fr": FRENCH,
    "es": SPANISH,
    "de": GERMAN,
    "it": ITALIAN,
    "pt": PORTUGUESE,
}
