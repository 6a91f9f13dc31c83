"""Thoughts of death and of hurting oneself, said outright or around corners."""

from calibration.algorithms.safety_rules.rule import ADVERBS, FAN, Rule, gap, words
from calibration.domain import CueKind

_HARM = (
    r"(?:kill|killed|killing|kll|harm|harmed|harming|hurt|hurting|hang|hanging|drown|drowning|shoot|"
    r"unalive|unaliving"
    r"|cut|cutting|burn|burning|poison|stab|starve|starving|injure|injuring|off|offing)"
)
_TO_DIE = (
    r"(?:die|be dead|be gone|disappear forever|not exist|stop existing|not be here|not be alive|"
    r"not wake up|cease to exist)"
)
_DENIED = (
    r"\b(?:never|wouldnt|wont|not going to|not gonna|would not|will not|didnt|did not|dont want to|"
    r"do not want to"
    r"|not trying to|no plan to|not planning to|no intention|not suicidal|nothing like)" + gap(3)
)
_TASKS = (
    r"(?:laughing|the gym|gym|workout|work out|lifting|running|playing|skiing|climbing|cooking|"
    r"shaving|kitchen|knife while"
    r"|piece|slice|slack|deal|coffee|football|soccer|tennis|practice|hair|bangs|exam|exams|deadline|"
    r"overtime"
    r"|stove|oven|pan|iron|sunburn|a break|short|moving house|moving the|skateboarding|hiking|yoga|"
    r"by accident|accidentally)"
)

SELF_HARM = (
    Rule(
        CueKind.SELF_HARM,
        "harm_to_oneself",
        1.0,
        ("myself",),
        rf"\b{_HARM} (?:myself|my self)\b",
        rf"{_DENIED}{_HARM} myself|\b{_HARM} myself{gap(4)}{_TASKS}\b|\bmyself (?:off|some|a (?:piece|"
        r"slice|deal|drink)|short|laughing)\b"
        rf"|\b(?:accidentally|accident) {_HARM}|\b(?:almost|nearly) (?:killed|hurt|cut|burn|"
        r"hurting) myself",
    ),
    Rule(
        CueKind.SELF_HARM,
        "suicide_named",
        1.0,
        words("suicide suicidal kms unalive unaliving"),
        rf"{FAN}\b.{{0,40}}\b(?:suicide|suicidal|unalive|kms)\b|\b(?:thoughts? of|thinking (?:about|of)|"
        r"commit|committing|attempt|attempted|tried) "
        r"suicide\b|\bkms\b|\bsuicid(?:e|al) (?:thoughts?|ideation|plan|note|attempt)\b|"
        r"\bfeel(?:ing)? suicidal\b|\bmy suicide\b",
        r"\b(?:not|never|never been|isnt|arent|wasnt) (?:\S+ ){0,2}(?:suicidal|suicide|"
        r"suicidal thoughts)\b"
        r"|\b(?:documentary|movie|film|book|song|prevention|squad|awareness|hotline volunteer|read about|"
        r"lecture|class|essay|character|episode|series|podcast|game|doors)\b"
        r"|\bsuicide (?:squad|mission|doors?|bombers?|burn|runs?|wings|silence)\b|\b(?:his|her|their|"
        r"friend|friends|brother|sister|cousin|uncle|neighbou?r|someone|celebrity|actor)\b",
    ),
    Rule(
        CueKind.SELF_HARM,
        "wish_to_die",
        1.0,
        words("die dead gone exist existing alive wake live living here disappear"),
        rf"\b(?:i|id|ill)\b{ADVERBS} (?:want|wanna|wanted|wish|rather|prefer|deserve|need|hope|going|"
        r"gonna|ready|like)(?: (?:to|i could|i would|i|could|just|it all|be|really|only|"
        rf"sooner))* {_TO_DIE}\b"
        r"|\bwish i (?:wasnt|werent|was not|were not) (?:alive|born|here anymore)\b"
        rf"|\b(?:i|id) (?:\S+ ){{0,2}}wish i (?:was|were|had been) (?:dead|never born|gone)\b|"
        r"\bid (?:\S+ )?(?:rather|be better off) (?:be )?dead\b|\bi should be dead\b"
        r"|\bi(?: really| just| honestly)? (?:dont|do not|no longer|didnt)(?: even| really|"
        r" just)? (?:want|wanna|wish|care)(?: to| if i)? (?:live|be alive|exist|wake up|be here|"
        r"go on living|be on this (?:earth|planet|world)|keep living|continue living)\b"
        r"|\bim (?:better off|ready to be) dead\b|\bim (?:ready|about|going|gonna|"
        r"planning) (?:to )?(?:die|end my life)\b|\b(?:wanna|want to) die\b",
        r"\b(?:die|dye) my\b|"
        r"\b(?:dont|do not|never|not|didnt|doesnt|nobody|too young|afraid|scared|fear|before i|until i|"
        r"when i|without seeing) (?:\S+ ){0,3}(?:die|be dead|be gone|dying|have died)\b"
        r"|\b(?:happy|of old age|in my sleep at|in your arms|old and|laughing|from embarrassment|"
        r"of embarrassment|of shame|of boredom|of cold|of hunger|of heat|from laughing|here anymore at|"
        r"here in this (?:city|town)|at this (?:job|party|office)|to work|in this town|in this city|"
        r"this job|live in|live with|live there|live here)\b",
        in_earnest=True,
    ),
    Rule(
        CueKind.SELF_HARM,
        "never_wake_up",
        0.9,
        words("wake waking"),
        rf"\b(?:wish|want|wanna|hope|hoping|pray|could|rather|like)\b{gap(8)}(?:never|not|dont|"
        r"didnt) (?:have to )?(?:wake|waking)(?: up)?\b|\bnot waking up\b",
        r"\b(?:early|at (?:5|6|7|8)|on monday|monday|mondays|alarm|for work|the kids|the baby|"
        r"the neighbours|you up|him up|her up)\b",
    ),
    Rule(
        CueKind.SELF_HARM,
        "never_born",
        0.9,
        ("born",),
        r"\b(?:i|id) (?:\S+ ){0,2}(?:wish|wishing|wished) i(?: \S+){0,2} (?:never (?:been )?born|"
        r"not (?:been )?born)\b|\bshould never have been born\b|\bwas never born\b",
    ),
    Rule(
        CueKind.SELF_HARM,
        "end_it",
        1.0,
        words("end ending ended take taking took over suffering out pain"),
        r"\b(?:thinking (?:of|about)|think about|want to|wanna|going to|gonna) end(?:ing)? things$|"
        r"\b(?:want|need|wish) it(?: all)? to (?:end|stop)$|"
        r"\b(?:end|ending|ended) (?:it all|my life|my own life|my suffering|my pain|everything|"
        r"my existence)\b"
        r"|\b(?:i|im|ill|id|to|just|might|gonna|could)(?: \S+){0,2} (?:end|ending) it(?: (?:tonight|today|"
        r"now|soon|all|for good|forever))?$"
        r"|\b(?:take|taking|took) my (?:own )?life\b|\b(?:no|only|one|another) way out\b(?= (?:but|except|"
        r"for me|of this life|anymore))|\b(?:want|wanted|wish|need) it (?:all )?to be over\b"
        r"|\b(?:want|need|wish)(?: \S+){0,3} (?:the )?pain to (?:end|stop) (?:forever|for good)\b|"
        r"\bthe only way out\b",
        r"\b(?:never|wouldnt|wont|would not|didnt) (?:\S+ ){0,2}(?:end|take|taking)\b|\b(?:game|exam|"
        r"exams|movie|shift|contract|relationship|the call|subscription|week|working week|meeting|season|"
        r"school year|winter|breakup|with him|with her|day with|show)\b",
    ),
    Rule(
        CueKind.SELF_HARM,
        "better_off_without_me",
        0.95,
        words("better easier happier without off miss missed notice care funeral"),
        r"\b(?:better off|better place|happier|better|easier|relieved)(?: \S+){0,3} (?:without me|"
        r"if i (?:was|were|wasnt|werent|died|disappeared)|when im gone|if i was gone)\b|"
        r"\bbetter off (?:dead|gone)\b"
        r"|\b(?:nobody|no one|noone|no body)(?: \S+){0,2} (?:miss|notice|care)(?: \S+){0,3} (?:if|"
        r"when) (?:i|im)(?: \S+){0,2} (?:gone|died|die|disappeared|dead|wasnt here|werent here|"
        r"vanished)\b"
        r"|\b(?:would|will) (?:\S+ ){0,3}come to my funeral\b|\b(?:who would|would anyone|would anybody|"
        r"would you|will anyone|will anybody)(?: even)? (?:miss|notice|come to my funeral|"
        r"care)(?: me)?(?: \S+){0,2} (?:if|when|at my funeral)(?: \S+){0,2} (?:gone|died|die|dead|"
        r"disappeared|funeral|wasnt here)\b",
        r"\b(?:team|party|meeting|band|match|lineup|road trip)\b",
    ),
    Rule(
        CueKind.SELF_HARM,
        "no_reason_to_live",
        0.95,
        words(
            "pointless meaningless worthless over dying death dead done being reason point worth "
            "live living life future alive tomorrow anymore around here"
        ),
        r"\b(?:no|any|a|without|every|whats the|what is the|is there a|isnt any|see the|see no|see a|"
        r"see any)(?: \S+){0,3} (?:reason|point|sense|purpose)(?: \S+){0,5} (?:live|living|alive|"
        r"being alive|go on living|keep going|going on|carrying on|staying alive|being here|life)\b"
        r"|\b(?:nothing|not much|anything)(?: \S+){0,2} (?:to live for|worth living for)\b|"
        r"\blife(?: \S+){0,4} (?:isnt|not|is not|no longer|aint|isn t)(?: \S+)? worth (?:living|it)\b|"
        r"\b(?:dont|cant|not|do not|no)(?: \S+){0,2} see(?: \S+){0,2} future for (?:me|myself)\b"
        r"|\bmy life (?:is|feels) (?:so |completely |just )?(?:pointless|meaningless|worthless|over)\b"
        r"|\bi (?:\S+ ){0,2}(?:think|thinking|dream|dreaming) (?:about|of) (?:dying|death|being dead)\b"
        r"|\bcant see myself (?:\S+ )?(?:alive|living|being here)\b"
        r"|\bhate (?:being alive|living|existing)\b|"
        r"\b(?:done|finished|through) with (?:life|living|my life|this life)\b|"
        r"\bcant do (?:this )?life\b|\b(?:tired|sick) of (?:living|being alive|life|existing)\b|"
        r"\b(?:dont|wont|cant|not|do not|"
        r"might not|may not|wont)(?: \S+){0,5} (?:be|still be) (?:around|here|alive)(?: \S+)? (?:anymore|"
        r"much longer|tomorrow|by (?:next|the end)|next (?:week|month|year))\b"
        r"|\bpoint (?:of|in) (?:living|life|being alive|going on|carrying on)\b|\bgive up on life\b|"
        r"\bgave up on life\b|\bgiving up on life\b",
        r"\b(?:living in|living with|living here|living room|living together|alive and|work|office|"
        r"long distance|in this city|in this town|vegan|abroad|holiday|vacation|be around here|"
        r"off tomorrow|be here tomorrow because|on holiday|travelling)\b",
    ),
    Rule(
        CueKind.SELF_HARM,
        "self_injury",
        0.95,
        words(
            "attempted purpose deliberately intentionally feel punish cutting cut cuts overdose overdosed pills wrists "
            "wrist razor blade relapsed selfharm selfharming harm harming harmed"
        ),
        r"\brelapsed(?: \S+){0,3} (?:cut|cutting|hurt|harmed)\b|\bi cut again\b|"
        r"\bi attempted(?: again| once| twice| last \S+| before)?$|"
        rf"{FAN}\b(?: \S+){{0,4}} (?:self harm|selfharm|self harmed|self harming|selfharming|overdose|"
        r"overdosed|od)\b|\b(?:started|been|back to|stop|stopped|keep|kept|thinking about|"
        r"urge to) (?:cutting|cut)(?: again|$| my (?:arms?|wrists?|legs?|skin|thighs?))"
        r"|\b(?:cut|cutting|slit|slitting) my (?:arms?|wrists?|legs?|skin|thighs?|veins)\b|\b(?:took|take|"
        r"taking|swallow|swallowed|swallowing)(?: \S+){0,2} (?:all|bunch|whole|handful|bottle|too many|"
        r"lot)(?: \S+){0,3} pills\b"
        r"|\b(?:pills)(?: \S+){0,6} (?:be over|end it|never wake|not wake|take them all)\b|"
        r"\burges? to (?:self harm|cut|hurt)\b|\b(?:burn|burned|burnt|hit|scratch|scratched|bruise|cut|"
        r"hurt) myself(?: \S+){0,3} (?:on purpose|deliberately|intentionally|to feel|to punish)\b",
        r"\b(?:vitamin|vitamins|carbs|sugar|grass|hedge|wood|fabric|paper|onions?|kitchen|cooking|"
        r"glass by|accident|cat|thorns?|on the fence|chocolate|cost|costs|corners|hair|of (?:memes|videos|"
        r"content|cuteness))\b",
    ),
    Rule(
        CueKind.SELF_HARM,
        "farewell",
        0.95,
        words("goodbye note farewell plan bridge rope gun letters letter"),
        r"\b(?:wrote|writing|written|write|left|leaving|have|finished)(?: \S+){0,3} (?:goodbye|farewell|"
        r"suicide|last) (?:note|notes|letter|letters)\b|\bthis is (?:my (?:last|final) goodbye|"
        r"goodbye forever)\b"
        r"|\b(?:jump|jumping|jumped)(?: \S+){0,4} (?:bridge|roof|building|train)\b(?!.*\b(?:bungee|game|"
        r"pool)\b)|\b(?:on|off|from) (?:a|the) (?:bridge|roof|ledge)(?: \S+){0,5} jump\b(?!.*\b(?:bungee|"
        r"game|pool)\b)|\b(?:have|got|bought|holding|hold)(?: \S+){0,2} (?:a rope|a gun|"
        r"the pills)(?: \S+){0,3} (?:ready|end|and im|in my hand)\b",
        r"\b(?:job|boss|work|colleagues?|office|resignation|bungee|movie|film|book|game|company|team|"
        r"teacher|class)\b",
    ),
)
