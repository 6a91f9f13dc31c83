"""Wishes to meet in person, and questions about where the creator lives."""

from calibration.algorithms.safety_rules.rule import Rule, words
from calibration.domain import CueKind

_PLACE = (
    r"(?:your (?:place|city|town|house|apartment|flat|area|country|hotel|door|neighbou?rhood|hometown|"
    r"home)|near you|where you (?:live|are)|at yours|to yours)"
)
MEETUP = (
    Rule(
        CueKind.MEETUP,
        "meet",
        0.8,
        words("meet meeting meetup meetups meets met link"),
        r"\b(?:can|could|should|shall|may|will|would|lets|let us|wanna|want to|wants to|love to|like to|"
        r"when|where|if|hope|hoping|able to|how about|dying to|why dont|possible to|going to|gonna|never|"
        r"ever|finally|dont|really|to)(?: (?:we|you|i|us|ever|finally|actually|really|just|please|maybe|"
        r"both|u|one day|someday|to|only|be|dont|do|able|not|would|love|like|want|could))* (?:meet up|"
        r"meetup|link up|meet(?: (?:you|u|me|each other|irl|in person|in real life|for (?:a )?(?:coffee|"
        r"drink|drinks|dinner|lunch|date)|somewhere|someday|one day|some day|this|next|tonight|tomorrow|"
        r"sometime|face to face|at|in|on|when|if|again|today|after|soon|offline|privately|outside|please|"
        r"or|for))|meet$)\b"
        r"|\bmeet(?:ing)? (?:you )?(?:irl|in person|in real life|face to face|offline)\b|"
        r"\bdo you (?:ever |also |actually |do )?(?:do )?(?:meet|meets|meetups?|meet ups?)(?: (?:fans|"
        r"people|up|subscribers|subs|with|your|guys|men|in|irl)|$)|\b(?:meet ?ups?|"
        r"meet and greet)(?: \S+){0,3} (?:with you|price|cost|how much|possible|available|do you)\b|"
        r"\b(?:how much|price|pay|paid|cost)(?: \S+){0,5} (?:to meet|for a meet|meetup|a meeting|"
        r"in person)\b|\bi (?:must|need to|have to|wanna|will) meet you\b|\bmeet me\b|"
        r"\bdo you (?:ever )?do meet ?ups?\b",
        r"\b(?:nice|good|great|lovely|pleasure|pleased|glad|happy|thrilled|honou?red|"
        r"delighted) (?:\S+ )?to (?:meet|have met|finally meet)\b|\bmeet (?:a |the |my |his |her |their |"
        r"our |some |new )(?:deadline|deadlines|boss|friends?|brother|sister|mom|mum|dad|parents|dog|cat|"
        r"team|client|clients|family|demand|criteria|people|expectations|needs|goals?|target|girlfriend|"
        r"wife|husband|teacher|neighbou?rs?|requirements|standards|colleagues?|kids|son|daughter|puppy|"
        r"kitten|doctor|landlord|cousin|uncle|aunt|professor|coach|accountant|lawyer)\b|\b(?:meet|"
        r"meeting) (?:with )?(?:him|her|them|friends|people|clients|colleagues|halfway|up with (?:my|some|"
        r"friends|a friend|him|her|them|an old|the))\b|\bwe met\b|\bi met\b|\b(?:not|"
        r"never) (?:\S+ ){0,4}(?:meet up|meet in person|asking to meet|want to meet|gonna meet|"
        r"going to meet)\b|\b(?:business|staff|team|zoom|online|board|work|client) meeting\b|\bmeet my\b",
    ),
    Rule(
        CueKind.MEETUP,
        "visit",
        0.8,
        words(
            "visit visiting come coming over fly flying drive travel travelling traveling city town pick "
            "book booked near see stay place stop by yours"
        ),
        r"\b(?:can|could|may|should|shall|let|want to|wanna|love to|like to|ill|i will|id|gonna|going to|"
        rf"let me|allow me to|im|might|planning to|i would|could i|maybe i)(?: \S+){{0,3}} (?:visit|see|"
        r"come (?:to|and|over|see|visit)|fly (?:to|over|out|in)|drive (?:to|over|up|down)|travel to|"
        r"stop by|come by|swing by|drop by|pass by|visiting|coming to|flying to|"
        rf"pick)(?: \S+){{0,2}} (?:you (?:tomorrow|tonight|today|next|this|in (?:person|real|your)|at|up|"
        rf"irl|sometime|one day|someday|there|soon|on|for|if)|{_PLACE})"
        r"|\b(?:can|could|may) i (?:come )?(?:and )?visit you\b|\b(?:come|come over|fly|drive|"
        r"get over)(?: (?:here|over|to|out|round|by|down|up|and stay))* (?:to my (?:place|house|apartment|"
        r"flat|city|town|hotel|room|home)|at my (?:place|house)|my place|and (?:visit|see|stay with) me|"
        rf"visit me)\b|\b(?:ill|i will|i am|im|gonna|going to|i)(?: \S+){{0,4}} (?:(?:in|near|to|through|"
        r"around|by|for work in) your (?:city|town|area|country|neighbou?rhood|hometown)|near you)\b|"
        rf"\b(?:can|could|will|would|ill|id|let me) (?:\S+ ){{0,2}}(?:fly|come|drive|travel) to you\b|"
        r"\bcan i see you (?:this|tonight|tomorrow|next|in)\b|\b(?:visit|see|stay with) me (?:in|at|here|"
        r"this|next|one day|someday|irl|sometime|tonight|tomorrow)\b|\bcome over(?: (?:tonight|tomorrow|"
        r"to mine|sometime|and|for|please|this|later|now|here)|$)|\b(?:your place or mine|"
        r"my place or yours|to mine tonight|come to mine|over to mine)\b|\bpick you up\b|\bfly you (?:out|"
        rf"over|in|here)\b|\b(?:booked|book|get|got|rent|rented|reserve|reserved) (?:\S+ ){{0,3}}(?:hotel|"
        rf"room|airbnb|flight|table|suite)(?: \S+){{0,5}} (?:you|us|we|near you|your city|together)\b|"
        r"\bstay (?:with you|at your place|the night with you)\b",
        r"\b(?:my (?:grandma|mom|mum|parents|sister|brother|friends?|cousin|family|aunt|uncle|mother|"
        r"father|dad)|over the (?:flu|cold|breakup)|your page|your profile|your channel|your stream|"
        r"your live|your dms|your photos?|your feed|dream|dreams|youd come over as|pick you up a|"
        r"came over|friends are coming|city in your|picked you up|to the gym|guests? coming|"
        r"your city looks|your city on the news|visit your (?:page|profile|site|website)|not going to|"
        r"never|wont|plumber)\b",
    ),
    Rule(
        CueKind.MEETUP,
        "where_you_live",
        0.9,
        words(
            "live address location located from city town hotel gym area far near live living based "
            "neighbourhood postcode street zip stay"
        ),
        r"\b(?:where|which|what)(?: (?:exactly|about|city|town|area|part|street|country|state|"
        r"neighbou?rhood|place|in))*(?: (?:do|does|are|r|is|u|you|in|of|the|uk|us|usa|city|town|exactly|"
        r"actually))* (?:you |u |ya )?(?:live|living|located|based|staying|stay)\b(?! (?:stream|show|"
        r"shows|on|tonight at|music))|\b(?:whats|what is|give me|send me|send|share|tell me|drop|have|"
        r"need|get|know|can i have|can i get|could i have)(?: \S+){0,2} (?:your|ur|"
        r"yr) (?:\S+ )?(?:address|location|street|postcode|zip code|home address|gps|live location)\b|"
        r"\b(?:what|which) (?:city|town|street|neighbou?rhood|area|hotel|gym|"
        r"part of (?:the )?\S+)(?: \S+){0,2} (?:are you|do you|you in|you live|r u|you go)\b|"
        r"\bdo you live (?:in|near|around|close|far|alone|by)\b|\bare you (?:near|close to|in|"
        r"around) (?:me|my|here|my city|my area)\b|\bhow far (?:are you|do you live)\b|"
        r"\bi know where you live\b|\bfound (?:out )?where you live\b|\bsend (?:me )?(?:your|"
        r"ur) location\b|\byour location\b",
        r"\b(?:email address|ip address|e mail address|stream|streaming|fish|whales|penguins|bears|"
        r"where do you live in your dreams|the address bar|i live|they live|parents live|where i live)\b|"
        r"\bwhere (?:do|does|did|are) (?:they|he|she|penguins|whales|the|all|people|bears)\b",
    ),
    Rule(
        CueKind.MEETUP,
        "date",
        0.8,
        words(
            "date dinner coffee drinks drink lunch irl life person hang hangout hanging chill flesh face out "
            "together escort overnight night girlfriend weekend spend"
        ),
        r"\b(?:go|going|come|take you|let me take you|taking you|have you|get you|want you|wanna go|"
        r"lets go|shall we go|would you go|can we go|could we go|lets grab|lets get|lets have|grab|"
        r"wanna grab|want to grab|can i (?:take|buy|get)(?: you)?|could i (?:take|buy)(?: you)?|"
        r"let me (?:buy|get)(?: you)?|buy you|invite you|want to get|get|have|would you|will you|for|"
        r"meet for|over for)(?: \S+){0,3} (?:on a (?:real |proper )?date|out for|out to|out on|"
        r"on a (?:real |proper |first )?date with (?:me|you)|dinner with (?:me|you)|dinner together|"
        r"coffee together|(?:a )?(?:coffee|drink|drinks|dinner|lunch) (?:with (?:me|you)|together|"
        r"sometime|some time|some day|someday|one day|this weekend|tonight|in person|irl|next week|"
        r"near you))\b"
        r"|\b(?:take you|taking you) (?:out|to (?:dinner|lunch|a|the|paris))\b|\b(?:hang|hanging|hangout|"
        r"chill|party|together)(?: out)? (?:irl|in real life|in person|together|with (?:you|me) (?:irl|in|"
        r"this|tonight|tomorrow|someday|one day|at)|sometime|this weekend|at my|at your)\b|\b(?:see|want|"
        r"have|be with|kiss|hold|hug|spend time with|touch|know|know each other) (?:\S+ )?(?:you )?(?:irl|"
        r"in real life|in person|face to face|in the flesh|for real life)\b|\b(?:spend|spending) (?:the |"
        r"a |one )?(?:night|weekend|day|evening|week|holiday|vacation) (?:\S+ )?(?:with (?:you|me)|"
        r"together)\b|\bgo(?:ing)? out with me\b|\b(?:grab|want|wanna|get|have|some) (?:\S+ )?(?:dinner|"
        r"lunch|coffee|drinks?|a drink|a bite) (?:with me|together|when im|when i|if im|in (?:town|"
        r"the city)|near|next week)\b|\bin (?:your|the same) (?:city|town)(?: \S+){0,4} (?:dinner|coffee|"
        r"drinks?|lunch)\b|\b(?:are you|do you) (?:an )?escort(?:s|ing)?\b|\bhow much for (?:a|the|"
        r"one) (?:night|hour|date|weekend|overnight)\b|\bgo on a (?:real |proper |first )?date\b|"
        r"^(?:dinner|coffee|drinks?|lunch) with me\b|\b(?:a|real|first|our) date with you\b|\b(?:can|"
        r"could|should|shall|lets|wanna|want to|would you|will you|if) (?:we |you |to |ever |just |"
        r"like to |love to )*hang(?: ?out)?(?: (?:sometime|someday|one day|soon|together|tonight|tomorrow|"
        r"please|this weekend|with me))*$",
        r"\b(?:with my (?:wife|mom|mum|friends?|brother|sister|family|girlfriend|boyfriend|boss|parents|"
        r"husband|kids|colleagues?)|had (?:a )?date|video date|virtual|up to date|update|release date|"
        r"due date|expiry|expiration|online date|blind date show|dates? (?:and|are) (?:figs|fruit)|"
        r"we never|over video|voice call|while watching your|my friends and i|i went|hung out with|"
        r"my cousin)\b",
    ),
)
