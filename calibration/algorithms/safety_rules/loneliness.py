"""Nobody there."""

from calibration.algorithms.safety_rules.rule import ADVERBS, FAN, Rule, words
from calibration.domain import CueKind

LONELINESS = (
    Rule(
        CueKind.LONELINESS,
        "lonely",
        0.7,
        words("lonely loneliness isolated unloved lonesome unwanted"),
        rf"{FAN}{ADVERBS} (?:lonely|isolated|unloved|lonesome|unwanted)\b|\b(?:feel|feeling|felt|gets|get|"
        rf"getting|it is|its|be|been|am|is)(?: \S+){{0,3}} (?:lonely|isolated|unloved|lonesome|unwanted)\b|"
        r"^(?:so |very |really |just |kinda )*lonely(?: tonight| here| again| these days|$)|\b(?:the|my|"
        r"this|of) loneliness\b|\bloneliness is\b|\blonely (?:life|nights?|evenings?|without|weekends?|"
        r"house|here|days?)\b|\bdie(?:s)? of loneliness\b|\blonely since\b",
        r"\b(?:not|never|isnt|wasnt|wont|less|no longer|hardly|neither|dont feel|doesnt feel|"
        r"didnt feel) (?:\S+ ){0,2}(?:lonely|isolated|unloved|lonesome)\b|\b(?:lonely planet|mr lonely|"
        r"lonely island|song|album|book|movie|film|lyrics|chapter|character|cat|dog|cactus|sock|mountain|"
        r"shepherd|village|farm|cabin|plant|house is so isolated|insulated|guidebook|only the lonely|tree|"
        r"hearts club|the desk|one lonely|case|cases|incident|patient)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.LONELINESS,
        "nobody",
        0.8,
        words("nobody noone one anyone anybody none person people human soul"),
        r"\b(?:have|got|had|there is|theres|without|would have|with) (?:\S+ )?(?:nobody|no one|noone|"
        r"none)(?: (?:else|left|at all))?(?: (?:to (?:talk|speak|turn|share|hold|spend|love|call|text|hug|"
        r"come home|eat|tell|confide)|in my life|who (?:cares|understands|listens|loves)|anymore|"
        r"i can (?:talk|turn|call))\b|$)"
        r"|\b(?:dont|do not|didnt|havent|never|cant) (?:\S+ )?(?:have|got|had|find|know) (?:anyone|"
        r"anybody|a single person|a soul)(?: (?:else|left))?(?: to (?:talk|speak|turn|share|hold|spend|"
        r"love|call|hug|tell|confide|come home)| in my life| who (?:cares|understands|listens|loves)|$)"
        r"|\b(?:nobody|no one|noone)(?: (?:ever|even|really|else|here|at home|in my life|in my family|"
        r"would|actually|truly|wants to|will ever|will))* (?:cares|care|loves me|love me|likes me|"
        r"texts me|texts|calls me|calls|writes me|writes to me|talks to me|talk to me|listens|"
        r"understands me|visits me|visits|remembered my birthday|wants me|asks (?:me )?how i|hugs me|"
        r"notices me|needs me|checks on me|messages me|invites me|wanted to (?:celebrate|spend)|"
        r"touches me)(?: about me| to me| if| how| anymore|$| at| except| whether| when)"
        r"|\b(?:havent|have not|didnt|dont|not)(?: \S+){0,2} (?:talked|spoken|speak|talk|seen|spoke|"
        r"see) (?:to |with )?(?:a single person|anyone|anybody|a soul|another human|a human|a living soul|"
        r"people)(?: \S+){0,3} (?:day|days|week|weeks|month|months|christmas|weekend)\b|"
        r"\bthere is nobody$|\bbut theres nobody\b",
        r"\b(?:nobody cares about (?:this|that|the|it)|birthday surprise|told me|match|game|"
        r"at the office today|at work today|knows this|in the cinema|in the queue|on the trail|"
        r"on the beach|beats me|can beat|tennis partner|play tennis|carpool|fix|repair|about (?:politics|"
        r"football|the weather)|the referee|the score|in the gym)\b",
    ),
    Rule(
        CueKind.LONELINESS,
        "no_friends",
        0.8,
        words("friends friend family"),
        r"\bi(?: \S+){0,2} (?:dont|do not|have no|got no|never|havent|lost all|ran out of|have zero|"
        r"no longer|dont really)(?: \S+){0,4} (?:friends|friend|family)(?: (?:left|anymore|at all|here|"
        r"or family|or friends|to (?:talk|hang|call|turn)|who|nearby|outside|and|in this|in real life|"
        r"around)|$)|\b(?:all )?my (?:\S+ )?friends (?:left me|abandoned me|forgot (?:about )?me|"
        r"stopped (?:talking|calling|texting|writing)|have (?:all )?(?:gone|left|moved on|disappeared)|"
        r"are (?:all )?gone)\b|\bno friends (?:left|at all|anymore|and|or|here|in)\b|"
        r"\byoure my only (?:\S+ )?friend\b|\bmy only (?:real )?friend\b|^no friends\b",
        r"\b(?:dont (?:\S+ ){0,3}(?:friends (?:about|that i)|tell|lend|visit|see|share|with my|like my|"
        r"trust)|forget|forgot to tell|on facebook|on steam|who play|who like|who ski|that like|"
        r"dont want my friends|dont tell my)\b",
    ),
    Rule(
        CueKind.LONELINESS,
        "alone",
        0.7,
        words("alone myself empty"),
        r"\b(?:feel|feeling|felt)(?: \S+){0,3} alone\b|\b(?:im|i am|ive been|i was|id be|ill be|"
        r"i have been|ill die|dying|die|i live)(?: \S+){0,3} alone(?: (?:in (?:the|this) world|since|"
        r"all the time|every|again|for (?:years|months|so long)|with my thoughts|and (?:it|sad|nobody|"
        r"no one|i hate)|on (?:my birthday|christmas|valentines|new years)|forever|too much|nobody|"
        r"and sad|my whole life|most of the time|these days))\b|\ball alone(?: (?:in|since|here|now|again|"
        r"with nobody|and|on christmas|this)|$)|\b(?:so|completely|totally|always|too|"
        r"utterly) alone(?: (?:in|since|here|now|right now|these days|lately|without)|$)|\b(?:die|end up|"
        r"ending up|grow old) alone\b|\b(?:every|all)(?: \S+){0,2} (?:weekend|weekends|evening|night|"
        r"holiday|christmas|day|birthday)(?: \S+){0,2} (?:by myself|alone)\b|\b(?:by myself|"
        r"alone)(?: \S+){0,3} (?:it hurts|hurts|hate it|sad|painful|hard)\b|\b(?:hate|tired of|sick of|"
        r"scared of|afraid of) being alone\b|\b(?:house|home|flat|apartment|bed|place)(?: (?:is|feels|"
        r"has been|seems))*(?: so| very| really| too)? empty(?: (?:without|since|now|these days)|$)",
        r"\b(?:not|never|wasnt|isnt|wont be|dont feel|arent) (?:\S+ ){0,2}alone\b|\b(?:enjoying|enjoy|"
        r"like being|love being|let alone|leave me alone|time alone|alone time|finally alone|happily|"
        r"peace and quiet|in the office|at work|in the cabin|movie|film|in the sauna|with you|you and me|"
        r"lets be|get you|in the gym|walk alone|you are|youre|bought|sold|fridge)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.LONELINESS,
        "only_you",
        0.8,
        words("only all without everything world"),
        r"\b(?:youre|you are|ur|you re|u r|u are)(?: literally| really| basically|"
        r" honestly)? (?:the )?(?:only (?:one|person|friend|woman|man|girl|human|thing|company|good thing|"
        r"bright spot|light|reason)|all)(?: (?:that|who|i|in my|left|i have|ive got|i got|"
        r"i can))+(?: \S+){0,3}|\ball i have (?:left )?is you\b|\b(?:talking|chatting|writing) (?:to|"
        r"with) you is (?:the )?(?:only|all)\b|\bonly (?:human )?(?:contact|company|conversation|"
        r"person i talk to)(?: \S+){0,3} (?:is you|is this|i have|is here|is with you)\b|"
        r"\bwithout you (?:i|id|i would)(?: \S+){0,3} (?:no one|nobody|lost|alone|nothing)\b|"
        r"\byour messages are (?:all|the only)\b|\bonly have you\b|\bgot only you\b|"
        r"\byoure my (?:whole )?(?:world|everything)\b",
        r"\b(?:only (?:one|person|girl|woman|man) (?:who|that|i) (?:knows? (?:how|this|that)|laughs? at|"
        r"likes? (?:this|that|my (?:jokes|puns))|subscribe|follow|sub|plays?|can (?:beat|play|cook|pull|"
        r"wear)|makes? (?:this|that)|got (?:the|that|my) (?:joke|reference)|wore|knows my)|subscribed|"
        r"on here who plays|subscribe)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.LONELINESS,
        "wish_for_someone",
        0.6,
        words(
            "hugged kissed touched cuddled girlfriend boyfriend relationship wish someone somebody hug held "
            "love loved loves miss widower widowed single heartbroken"
        ),
        r"\bi (?:\S+ ){0,2}(?:wish|need|want|long for|just want|crave|miss)(?: \S+){0,4} (?:somebody|"
        r"someone)(?: (?:to (?:hold|love|hug|talk to|come home|share|cuddle|care|listen)|loved|"
        r"would (?:love|hold|hug|listen|care)|cared|next to me|who (?:cares|loves|listens|understands)|"
        r"by my side|held me|hugged me|loved me))\b|\b(?:nobody|no one) to (?:hug|hold|cuddle|love)\b|"
        r"\b(?:havent|have not|never) been (?:hugged|held|loved|touched|kissed) (?:\S+ ){0,2}(?:in|for|"
        r"since|by)\b|\bnever had (?:a )?(?:girlfriend|boyfriend|relationship|anyone)\b|"
        r"\bmissing human (?:contact|touch|connection)\b|\bi miss (?:having|being with) (?:someone|"
        r"somebody|people|human)\b|\bi crave human\b|\bnobody to share\b",
        r"\b(?:someone to (?:fix|help me with|carry|play)|tennis|chess)\b",
    ),
)
