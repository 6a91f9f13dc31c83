"""An age under 18, said or let slip."""

from calibration.algorithms.safety_rules.rule import Rule, words
from calibration.domain import CueKind

_AGE = r"(?:1[0-7])"
_OF_LIFE = r"(?:years? old|yrs? old|yr old|y o|yo|years? of age|years? young|yearold|y old)"
_IM = (
    r"\b(?:im|i am|iam|am|i m|ima|me|turned|turning|still|actually|just|really|only)(?: (?:only|just|"
    r"really|actually|still|like|almost|nearly"
    r"|about|barely|not even|currently|honestly|a|turned|turning|about to turn|the age of|aged|age|"
    r"literally|basically|now|gonna be|going to be|around|maybe|technically|already))*"
)
_THINGS = (
    r"(?:(?!(?:this|is|its|as|was|yes|guess|years|has|lets|thats|does|always|sometimes|besides|xlaugh|"
    r"days ago|class|plus)\b)[a-z]{2,}s\b"
    r"|min\b|mins|hrs?|km|kg|lbs?|cm|percent|feet|foot|ft|inch|pm\b|am\b|oclock|st\b|th\b|weeks?|"
    r"months?|hours?|minutes?|miles?|older|younger|ahead"
    r"|behind|taller|in line|in the (?:queue|line|list|ranking|row)|on the (?:list|waiting)|for (?:1|"
    r"2|\d)|out of|of (?:the|them|my)|times|euros?|dollars?|bucks"
    r"|years? (?:older|younger|sober|clean|into|in|with|at|ahead|late|too|ago|experience|of (?!age))|"
    r"m from|m away|m tall|stone\b|handicap|over par|under par|and counting|floors?|degrees|people|"
    r"fish|shots|reps|year (?:anniversary|veteran))"
)
_PAST = (
    r"\b(?:when (?:i|we|he|she|they) (?:was|were|turned)|since (?:i|we) (?:was|were|turned)|back when|"
    r"at the age|used to|years ago|as a (?:kid|teen|child))\b"
)
_OTHER = (
    r"\b(?:my|our|his|her|their|your|a|the|ex|big|little|step) (?:\S+ )?(?:son|sons|daughter|"
    r"daughters|kid|kids|child|children|niece|nephew|brother|sister|cousin|dog|cat|car|truck|bike|"
    r"bikes|horse|grandson|"
    r"granddaughter|grandkids|stepson|stepdaughter|students?|pupils?|boy|girl|neighbou?rs?|godson|"
    r"goddaughter|laptop|phone|fridge|whisky|whiskey|marriage|house|boat|guitar|puppy)\b|\b(?:he|she|"
    r"hes|shes|they|theyre|theyll|hell|shell|you|youre) (?:is|are|was|turns|turned|looks?|"
    r"be)?\b(?! (?:ok|okay|know|mind|should|cool))"
)

UNDER_AGE = (
    Rule(
        CueKind.UNDER_AGE,
        "says_age",
        1.0,
        words("10 11 12 13 14 15 16 17"),
        r"\b(?:im|i am|iam|i m)(?: (?:only|just|really|actually|still|like|almost|nearly|barely|currently|"
        r"honestly|turning|about to turn|the age of|aged|age|literally|basically|gonna be|going to be|"
        rf"around|maybe|technically|already|about|now|secretly|a|not even))* {_AGE}\b(?! {_THINGS})"
        r"(?!.*\b(?:in my head|at heart|trapped|again inside|year old me))",
        rf"{_PAST}|\b(?:feel|felt|feeling) like\b|\blike im\b|\bas if\b|\bi wish i\b|\bnot {_AGE}\b|"
        rf"\bim no {_AGE}\b|\b(?:number|level|size|rank|row|seat|page|chapter|day|week|gate|room|line|"
        rf"episode|season|rated|on hole|bib|jersey)\b(?= (?:\S+ )?{_AGE})|\bim on (?:page|level|chapter|"
        r"day)\b",
    ),
    Rule(
        CueKind.UNDER_AGE,
        "age_in_years",
        1.0,
        words("old yo yrs yr year years yearold"),
        rf"\b(?:im|i am|iam|i m|me|am|just|only|from|actually|^)(?:(?: \S+){{0,3}} |)(?:[5-9]|"
        rf"{_AGE}) {_OF_LIFE}\b(?! (?:car|truck|bike|dog|cat|whisk|scotch|wine|laptop|phone|son|daughter|"
        r"kid|boy|girl scout|brother|sister|house|habit|boat|guitar|tv|computer|child|me|self|brain|tv|"
        r"joke|game|song))"
        rf"|^(?:[5-9]|{_AGE}) {_OF_LIFE}\b(?: (?:here|from|guy|girl|boy|male|female|student)|$)",
        rf"{_PAST}|{_OTHER}|\b(?:feel|felt|feeling|acting|act|sounds?|look) like\b|\bas if\b|"
        rf"\bnot an? {_AGE}\b|\bwith an?\b|\b(?:for|have|has|had|got|own|bought|drive|drinking|rescued|"
        r"adopted|raising|about|of) (?:a|an|my|our|this|the|his|her)\b|\binner\b",
    ),
    Rule(
        CueKind.UNDER_AGE,
        "age_and_sex",
        1.0,
        words(
            "m f male female boy girl guy 10m 11m 12m 13m 14m 15m 16m 17m 13f 14f 15f 16f 17f m13 m14 m15 "
            "m16 m17 f13 f14 f15 f16 f17 teen 13 14 15 16 17"
        ),
        rf"(?:^|\b(?:im|i am|hi|hey|hello|me) (?:a )?){_AGE} ?(?:m|f|male|female|boy|girl|guy|"
        r"student)(?: (?:here|from (?!the\b)|uk|usa|us|canada|single|looking|btw|and)|$)|^(?:m|"
        rf"f) ?{_AGE}(?: (?:here|from|uk|usa|us|btw)|$)|\b(?:im|i am) an? {_AGE} (?:year|yr)\b|"
        rf"\bage (?:is )?{_AGE}$",
        rf"{_OTHER}|\b(?:gate|room|seat|level)\b",
    ),
    Rule(
        CueKind.UNDER_AGE,
        "turns_18_later",
        1.0,
        ("18", "18th"),
        r"\b(?:i|ill|im|i will|until i|till i|before i|when i)(?: \S+){0,3} (?:turn|turning|be|reach|"
        r"become|am|hit) 18(?: (?:in|next|soon|this|tomorrow|on|later|after|until|for|i|ill|can)\b| \d+|"
        r" (?:january|february|march|april|may|june|july|august|september|october|november|december)|$)"
        r"|\b(?:not|isnt|arent|nearly|almost|under|below|younger than|barely not|havent turned|not even|"
        r"not quite|months? (?:till|until|before|away from|off)|weeks? (?:till|until|before|away from|"
        r"off)|days? (?:till|until|before|away from|off))(?: (?:i turn|im|being|turning|i am|yet|quite|"
        r"my))? 18\b(?! (?:minutes|hours|degrees|euros|dollars|percent|holes|miles|km|weeks|months|days|"
        r"years of|floors|and over|or over|content))"
        r"|\b(?:my) 18th(?: birthday)?(?: is|s)?(?: \S+){0,2} (?:in|next|soon|this (?:summer|winter|year|"
        r"month|week)|coming|tomorrow|away)\b",
        rf"{_OTHER}|\bim [2-9]\d\b|"
        r"\b(?:son|daughter|kids?|content|movie|film|bar|allowed|nobody|no one|minors|people|"
        r"anyone|users|degrees|handicap|par|golf|hours|minutes|percent|dollars|euros|when i was|"
        r"when i turned|since i|back then|years? ago|after i turned|before i turned|used to)\b",
    ),
    Rule(
        CueKind.UNDER_AGE,
        "birthday_under_18",
        1.0,
        words("13th 14th 15th 16th 17th 13 14 15 16 17"),
        rf"\bturning {_AGE}\b(?! {_THINGS})|^(?:just )?turned {_AGE}\b(?! {_THINGS})|"
        rf"\bmy {_AGE}th (?:birthday|bday)\b|\b(?:i|just|ive)(?: \S+){{0,2}} (?:turned|turn|"
        rf"turning) {_AGE}\b(?! {_THINGS})|\bill be {_AGE}\b(?! (?:{_THINGS}|years (?:in|at|of|since)))|"
        rf"\bi was born {_AGE} years ago\b|\bi turn {_AGE}\b",
        rf"{_PAST}|{_OTHER}|\b(?:ago|remember|remembered|was at|for my {_AGE}th i got|back on|"
        rf"on my {_AGE}th birthday i (?:got|had|was)|in 19\d\d|in 20[01]\d|minutes|the day i turned|"
        r"before i turned|after i turned|until i turned)\b",
    ),
    Rule(
        CueKind.UNDER_AGE,
        "at_school",
        0.9,
        words("school grade grader freshman sophomore junior highschool gcse gcses yr9 yr10 yr11 homeroom year"),
        r"\b(?:im|i am|im still|i|we)(?: \S+){0,4} (?:in|attend|go to|at|start|starting|to|hate|skipped|"
        r"from|finish|finishing|leave) (?:my )?(?:high ?school|middle ?school|secondary school|"
        r"junior high|primary school|elementary school|highschool)\b"
        r"|\bstill (?:in|at) (?:high ?school|school|secondary school|middle school)\b|\b(?:freshman|"
        r"sophomore|junior|senior) (?:in|at|of) (?:high ?school|highschool)\b|\bhigh ?school (?:student|"
        r"kid|freshman|sophomore|junior|senior|girl|boy)\b"
        r"|\b(?:in|im|start|starting|a) (?:the )?(?:[6-9]|1[01]|5|6|7|8|9|10|11)(?:th)? (?:grade|"
        r"grader)\b|\b(?:in|im in) (?:[6-9]|10|11|sixth|seventh|eighth|ninth|tenth|eleventh|1[01]th|"
        r"[6-9]th|12th) ?(?:grade)\b"
        r"|\b(?:sixth|seventh|eighth|ninth|tenth|eleventh|fifth|[5-9]th|1[01]th) grade(?:r)?\b|"
        r"\bim in (?:year|yr) (?:[7-9]|1[01])\b|\b(?:exam|test|homework|detention|class|classes|teacher|"
        r"lesson|lessons|prom)(?: \S+){0,3} (?:in|at|for|from) (?:my )?(?:high ?school|middle ?school|"
        r"secondary school)\b|\bmy gcses?\b|\b(?:doing|have|taking|revising for) gcses?\b",
        rf"{_PAST}|{_OTHER}|\b(?:teach|teacher at|teaching|taught|teachers? (?:in|at) a|work(?:ed|"
        r"ing)? (?:in|at|for)|coach|coached|coaching|reunion|sweetheart|friends? from|musical|went|"
        r"dropped out|(?<!just )finished|graduated|old|drama|anime|series|movie|film|bus driver|principal|janitor|"
        r"counsel\w+|substitute|married|since|remember|was|were|back|ago|met|knew|in a high school|"
        r"at a high school|drop|pick up|picking up|dropping|yoga|photos from|volunteer|volunteering|"
        r"driving|night school|law school|medical school|grad school)\b",
    ),
    Rule(
        CueKind.UNDER_AGE,
        "calls_oneself_minor",
        1.0,
        words("young old id account minor underage minors legal teenager under lied fake kid age adult teen 18"),
        r"^(?:and |but )?still (?:a minor|underage|under 18)\b|"
        r"\b(?:im|i am|iam|i m|since im|because im)(?: (?:still|only|just|actually|technically|really|"
        r"basically|kinda|like|legally|a bit))*(?: a| an)? (?:minor|underage|under age|under ?age(?:d)?|"
        r"under 18|not of (?:legal )?age|not legal(?: age)?(?: yet)?|not an adult(?: yet)?|teenager|teen|"
        r"kid still|below 18|too young to be (?:on )?here)\b(?! (?:mom|mum|dad|at heart|inside|key|league|"
        r"in (?:spanish|psych|music|french|art|math|history)))"
        r"|\bi lied about (?:my|being)(?: \S+)? (?:age|18|birthday|birth date|date of birth)\b|\b(?:used|"
        r"using|with) (?:a fake|my (?:brothers|sisters|dads|moms|mums|cousins|parents)) (?:id|account|"
        r"card|age|passport|login)\b(?=.*\b(?:age|sign|get in|on here|join|old enough|account|underage|"
        r"because))|\bim too young (?:to (?:be|sign|join|subscribe|have an)|for this (?:site|app|page))|"
        r"\bbecause im too young\b|\bnot old enough to (?:be (?:on )?here|have an account|sign up|"
        r"buy this|subscribe)\b",
        r"\b(?:not a minor|no longer|was a|were a|used to be|feel like|like a teenager|like a teen|"
        r"years ago|when i|not underage|minor (?:injury|issue|problem|detail|key|inconvenience)|height|"
        r"if i was|if i were)\b|\bim (?:not|no)(?: a| an)? (?:minor|underage|teenager|teen|kid)\b",
    ),
)
