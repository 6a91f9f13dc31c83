"""Panic, despair, loss, violence, money that was needed for the rent."""

from calibration.algorithms.safety_rules.rule import ADVERBS, FAN, Rule, words
from calibration.domain import CueKind

DISTRESS = (
    Rule(
        CueKind.DISTRESS,
        "panic",
        0.8,
        words("panic panicking anxiety breathe shaking hyperventilating breakdown"),
        r"\b(?:having|had|have|getting|get|keep having|another|in the middle of)(?: \S+){0,3} (?:panic|"
        r"anxiety) attacks?\b|\bim(?: \S+){0,2} (?:panicking|hyperventilating)\b|\bi (?:cant|can not|"
        r"cannot)(?: \S+){0,2} (?:breathe|stop shaking)\b|\bmy anxiety is(?: \S+){0,2} (?:bad|awful|"
        r"terrible|killing me|unbearable|through the roof|out of control)\b"
        r"|\b(?:having|had|heading for|close to|about to have|on the verge of)(?: \S+){0,3} (?:breakdown|"
        r"meltdown)\b",
        r"\b(?:never|not|didnt|game|movie|film|song|nose|cold|mask|hill|car|computer|laptop|server|phone|"
        r"years ago|stairs|running|run|dress|jeans|corset|my boss had|used to)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.DISTRESS,
        "cannot_go_on",
        0.9,
        words(
            "bottom breaking point limit wits cope cant cannot hardly barely anymore rope apart breaking "
            "falling fallen fell crumbling collapsing shattering losing drowning strength energy how"
        ),
        r"\bi(?: \S+){0,2} (?:cant|cannot|can not|can hardly|can barely|"
        r"cant even)(?: \S+){0,2} (?:cope|go on|keep going|take (?:it|this|life|much more|any more)|"
        r"do this|bear (?:it|this)|handle (?:this|it|life|anything)|carry on|keep doing this|stand (?:it|"
        r"this)|fight)(?: (?:anymore|any more|any longer|like this|all|much longer|alone|everything|$))"
        r"|\b(?:cant|cannot|can not|unable to) cope\b|\bend of my rope\b|\bat (?:my )?(?:breaking point|"
        r"rock bottom|my wits end|my limit)\b|\b(?:everything|my (?:whole )?(?:life|world|family|"
        r"marriage))(?: \S+){0,2} (?:is|feels like its|just|has|keeps|been) (?:falling|fallen|fell|"
        r"breaking|crumbling|collapsing|shattering)(?: apart| down)?\b"
        r"|\bim (?:really |just |slowly |completely )?(?:breaking down|falling apart|breaking apart|"
        r"at breaking point|losing it completely|drowning in (?:debt|grief|despair))\b|\b(?:no strength|"
        r"no energy) (?:left )?(?:to|for) (?:go on|fight|carry on|keep going|live)\b|"
        r"\bcant take it(?: anymore| any more)?$|\bdont know how (?:much longer|to go on|"
        r"im going to (?:survive|cope|get through))\b",
        r"\b(?:level|game|boss fight|recipe|song|waiting|wait|see your|suspense|cliffhanger|diet|spicy|"
        r"commute|couch|shoes|puzzle|cake|crossword|homework|laundry|season|too hot|too cute|cuteness|"
        r"gorgeous|beautiful|tease|teasing|horny|workout|plank|hill|exercise|push ?ups|wifi|sofa|chair|"
        r"my car is|my old car|the car|bike)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.DISTRESS,
        "despair",
        0.9,
        words(
            "hopeless worthless helpless empty numb depressed depression miserable desperate despair burden "
            "useless failure broken devastated suffering shattered hate unbearable heartbroken ashamed "
            "suicidal hopelessness nothing disgusted traumatized grieving overwhelmed"
        ),
        rf"{FAN}{ADVERBS} (?:hopeless|worthless|helpless|numb|depressed|miserable|desperate|devastated|"
        r"shattered|heartbroken|in despair|useless|disgusted with myself|ashamed of myself|broken|"
        r"traumatized|grieving|overwhelmed|empty inside|suffering)\b|\b(?:feel|feeling|"
        rf"felt)(?: \S+){{0,3}} (?:hopeless|worthless|helpless|numb|depressed|miserable|empty|empty inside|"
        r"useless|like nothing|like a (?:failure|burden|waste)|like im (?:drowning|broken|nothing|"
        r"worthless)|broken|overwhelmed)\b"
        r"|\bi(?:m| am)(?: just| only| nothing but)?(?: such)? a(?: (?:total|complete|huge|"
        r"constant))? (?:burden|failure|waste of (?:space|air))\b|\bi hate (?:myself|my life|being me)\b|"
        r"\bmy depression\b|\bhate what ive become\b|\b(?:life|it|everything|the pain) is unbearable\b|"
        r"\bim suffering\b|\b(?:clinically depressed|severe depression|deep depression|"
        r"diagnosed with depression|struggling with depression)\b",
        r"\b(?:not|never|isnt|wasnt|less|no longer|nobody|stopped) (?:\S+ ){0,2}(?:hopeless|worthless|"
        r"helpless|depressed|miserable|desperate|numb|useless|a burden|overwhelmed|a failure|broken|"
        r"empty)\b|\b(?:hopeless|useless|broken) (?:at|with|romantic|cook|in the kitchen)\b|"
        r"\bdesperate (?:for|to)(?: (?:a|an|some|the|more))? (?:coffee|beer|nap|pizza|holiday|vacation|"
        r"snack|drink|weekend|see|shower|sleep|summer|sun|rain|hear|break|haircut)\b|\bnumb (?:from|"
        r"after) (?:the )?(?:cold|sitting|dentist)\b|\b(?:feet|toes|fingers|legs|dentist|lips|movie|film|"
        r"song|tank|fridge|stomach|battery|weather|rain|monday|team lost|score|match|album|my screen|"
        r"washing machine|leg is|arm is|for my exam|for a marathon)\b|\bhate my life when\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.DISTRESS,
        "tears",
        0.7,
        words("crying cried cry sobbing tears sobbed"),
        rf"{FAN}(?: \S+){{0,4}} (?:crying|sobbing|cried|sobbed|cry)(?: \S+){{0,3}} (?:all (?:night|day|week|"
        r"morning|weekend)|for (?:hours|days|weeks)|myself to sleep|every (?:night|day|single)|again|"
        r"right now|alone|nonstop|since|in (?:bed|the bathroom|my car|the shower))\b|\b(?:cant|couldnt|"
        r"can not) stop (?:crying|sobbing)\b|\bcr(?:y|ied|ying) myself to sleep\b|\bim (?:crying|"
        r"sobbing)(?: (?:so hard|here|rn|and i|because|as i|while)|$)|\bin tears (?:right now|because|"
        r"again|all)\b",
        r"\b(?:laughing|laughter|happy tears|tears of joy|joy|onions?|movie|film|series|episode|ending|"
        r"book|wedding|baby|the kid|beautiful song|so funny|so cute|happiness|concert|scene|happily|proud|"
        r"of pride|chapter|finale)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.DISTRESS,
        "loss",
        0.7,
        words(
            "killed lose losing died dead passed lost funeral cancer diagnosed divorce evicted homeless miscarriage "
            "dying hospice abused assaulted terminal hospital raped beats hits widow widower fired buried"
        ),
        r"\bmy (?:\S+ )?(?:mom|mum|mother|dad|father|wife|husband|son|daughter|brother|sister|girlfriend|"
        r"boyfriend|best friend|baby|grandma|grandmother|grandpa|grandfather|nan|partner|friend|child|"
        r"fiancee?|dog|cat|parents?|uncle|aunt)(?: (?:just|has|suddenly|is|have|was|who|"
        r"recently))* (?:died|dead|passed away|passed|dying|in hospice|killed|took (?:his|her) own life|"
        r"terminally ill|dying of cancer)\b"
        r"|\b(?:i|ive|we|weve) (?:just |recently |suddenly )?lost (?:my|our) (?:mom|mum|mother|dad|father|"
        r"wife|husband|son|daughter|brother|sister|best friend|baby|partner|child|girlfriend|boyfriend|"
        r"job|home|house|everything|apartment|flat|grandma|grandpa|grandmother|grandfather|dog|cat)\b|"
        r"\b(?:lose|losing) (?:my|our) (?:home|house|apartment|flat|job|kids|children)\b"
        r"|\b(?:i|ive|im|i was|i got|ive been|we got|were)(?: (?:was|got|been|just|being|getting|"
        r"about to be|going to be|have been|have))* (?:diagnosed with|evicted|homeless|assaulted|abused|"
        r"raped|fired and|terminally ill)\b|\bi have (?:\S+ )?cancer\b|\b(?:he|she|my (?:husband|wife|"
        r"boyfriend|girlfriend|dad|partner|stepdad)) (?:beats|hits|hit|abuses|abused|hurts|threatens|"
        r"beat) me\b|\b(?:mothers|fathers|moms|mums|dads|wifes|husbands|sons|daughters|brothers|"
        r"sisters) funeral\b|\bi lost everything\b|\bmiscarriage\b",
        r"\b(?:years ago|year ago|long ago|as a kid|when i was|decades ago|phone (?:just )?died|character|"
        r"in the game|in the movie|in the film|in the book|the movie|the film|battery|back in (?:19|"
        r"20)\d\d|the series|lost my job years|passed (?:his|her|the|their) (?:exam|exams|test|driving|"
        r"finals)|at chess|at cards|at poker|at monopoly|dead (?:funny|serious|tired)|video game|"
        r"dead asleep|dead set|dead against|in a dream|best thing|it was false|false alarm)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.DISTRESS,
        "call_for_help",
        0.8,
        words("anymore help terrified scared desperate afraid unsafe danger"),
        r"\b(?:please|someone|somebody|i (?:really |badly |desperately )?need)(?: \S+){0,2} help(?: me)?(?: (?:please|"
        r"i cant|im|i dont know what to do|now|right now|to get through)\b|$)(?!.* (?:choose|choosing|"
        r"decide|pick|find|with))|\bi(?: really)? (?:dont|do not) know what to do anymore\b|\b(?:im|"
        r"i feel|i am)(?: \S+){0,2} (?:in danger|unsafe|not safe)\b|\bim (?:terrified|scared|"
        r"afraid) (?:of (?:him|my (?:husband|boyfriend|dad|partner|wife|stepdad|life)|being alone with|"
        r"what i might do|myself)|for my life|to go home)\b|\b(?:im|i feel|"
        r"feeling)(?: \S+){0,2} (?:terrified|petrified)$",
        r"\b(?:spider|spiders|movie|heights|flying|game|dentist|roller|exam|can i help|help you|"
        r"with my (?:recipe|homework|english|outfit)|choose|picking|recipe|settings|app|password|login|"
        r"download|the link|update|video wont|page)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.DISTRESS,
        "money_gone",
        0.8,
        words("rent savings debt broke bills bankrupt spent spending afford mortgage loan loans money"),
        r"\b(?:spent|spend|spending|used|gave|blew|wasted)(?: \S+){0,3} (?:rent|savings|bill|grocery|food|"
        r"mortgage|kids|childrens|last|electricity)(?: \S+)? ?(?:money|fund|funds|cash|euros|dollars|"
        r"bucks|on (?:here|you|this|your))?(?: \S+){0,2} (?:on (?:here|you|this|your|these|content)|again|"
        r"here)\b|\b(?:cant|cannot|can not|couldnt|dont know how to|unable to|"
        r"struggling to)(?: \S+){0,2} (?:pay|afford|cover)(?: \S+){0,2} (?:rent|bills|mortgage|food|"
        r"groceries|electricity|heating)\b|\b(?:in|drowning in|so much|deep in|buried in) debt\b(?! free)|"
        r"\b(?:maxed out|max out)(?: \S+){0,3} (?:card|cards|credit)\b|\b(?:going|im|i am|"
        r"gone) bankrupt\b|\b(?:cant|cannot|can not) stop (?:spending|buying|paying)\b|"
        r"\btook (?:out )?a loan(?: \S+){0,4} (?:here|you|this|subscribe)\b|"
        r"\bsold my(?: \S+){0,4} (?:to (?:pay|buy|afford|subscribe)|for (?:you|this))\b",
        r"\b(?:paid off|out of debt|no debt|not in debt|monopoly|game|years ago|company|friend of mine|"
        r"rent a|city is)\b",
    ),
    Rule(
        CueKind.DISTRESS,
        "other_in_danger",
        0.6,
        words("suicide suicidal himself herself themselves themself overdosed kill hurt"),
        r"\b(?:my|a|our) (?:\S+ )?(?:friend|brother|sister|son|daughter|mom|mum|mother|dad|father|wife|"
        r"husband|cousin|roommate|girlfriend|boyfriend|ex|colleague|neighbou?r|uncle|aunt|niece|nephew|"
        r"partner)(?: \S+){0,6} (?:suicide|suicidal|kill(?:ed|ing)? (?:himself|herself|themselves)|"
        r"hurt(?:ing)? (?:himself|herself|themselves)|overdosed)\b",
        r"\b(?:movie|film|series|book|game|years ago|prevention|laughing|gym|squad)\b",
    ),
    Rule(
        CueKind.DISTRESS,
        "days_lost",
        0.7,
        words("okay ok good well mentally sleep bed eat eaten slept drinking drunk function nightmares mental"),
        r"\bi (?:cant|couldnt|can not|cannot|can barely|can hardly|barely|"
        r"hardly)(?: \S+){0,2} (?:get out of bed|leave (?:the|my) (?:bed|house|room)|function|"
        r"eat or sleep|sleep or eat|eat anything|get up in the morning)\b|\bi (?:havent|"
        r"have not)(?: \S+){0,2} (?:eaten|slept|left (?:the house|my bed|my room)|"
        r"showered)(?: \S+){0,3} (?:days|week|weeks|since)\b|\bdrinking(?: \S+){0,4} (?:to (?:forget|"
        r"numb|cope)|every (?:night|day) (?:to|since|alone))\b|\bmy mental health is(?: \S+){0,3} (?:bad|"
        r"terrible|awful|worse|low|declining|horrible|mess|falling|gone)\b|\bi(?:m| am) not okay\b|"
        r"\bim not doing (?:ok|okay|well|good)(?: at all| mentally)\b|\bmentally(?: \S+){0,2} (?:exhausted|"
        r"broken|done|drained|unwell)\b",
        r"\b(?:coffee|too comfy|comfy|weekend|sunday|hangover|excited|flu|jet ?lag|cosy|cozy|warm|cake|"
        r"spicy|too hot|good book|the baby|your dress|christmas)\b",
        in_earnest=True,
    ),
)
