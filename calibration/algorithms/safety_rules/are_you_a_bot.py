"""Doubts that a human writes."""

from calibration.algorithms.safety_rules.rule import Rule, words
from calibration.domain import CueKind

_MACHINE = (
    r"(?:bot|robot|chat ?bot|ai|a i|machine|computer|program|software|algorithm|chatgpt|gpt|llm|"
    r"language model|artificial intelligence|automated|auto ?reply|autoresponder|script|android|"
    r"claude|virtual assistant|auto generated|computer generated)"
)
ARE_YOU_A_BOT = (
    Rule(
        CueKind.ARE_YOU_A_BOT,
        "are_you_a_machine",
        0.8,
        words(
            "bot bots robot chatbot ai machine computer program software algorithm chatgpt gpt llm language "
            "automated auto autoreply autoresponder script android artificial claude virtual generated bott"
        ),
        r"\b(?:are|r|is|was|were|am|aint|isnt|arent|if|sure|think|know|believe|bet|swear|feels?|seems?|"
        r"sounds?|sound|seem|look|looks|thought|suspect|guess|wonder|chat(?:ting)? (?:with|to)|"
        r"talk(?:ing)? (?:with|to)|texting|messaging|writing (?:with|to)|speaking (?:with|to)|tell|"
        r"admit)(?: (?:you|u|ya|this|it|that|these|those|your|ur|im|i|am|talking|chatting|to|with|just|"
        r"really|actually|even|an|a|some|kind|of|like|the|not|only|all|messages?|repl(?:y|ies)|answers?|"
        r"account|page|youre|its|thats|basically|probably|sure|are|is|if|maybe|be|sort|by|stupid|fucking|"
        r"damn|freaking|some kind of|real|person|human|or|texts?|responses?|conversation|chat|profile|"
        rf"secretly|me|reading|by|written|being|somebody|someone|dumb|fancy))* {_MACHINE}\b(?! (?:is taking|"
        r"art|class|course|in my|in the game|company|startup|stuff at|project|vacuum|lawn|fan|scientist|"
        r"programmer|driver|engineer))"
        r"|\b(?:you|u|youre|ur|your a|this|its|it is|thats|that|these|those|must be|gotta be|clearly|"
        r"obviously|definitely)(?: (?:are|is|be|must be|could be|might be|gotta be|definitely|clearly|"
        r"obviously|just|such|probably|seem like|sound like|sounds like|sounds|feel like|feels|looks like|"
        r"totally|an|a|some|type like|write like|answer like|reply like|talk like|respond like|was|were|"
        rf"repl(?:y|ies)|messages?|answers?|texts?|like|so|very|kinda|all))* {_MACHINE}(?: (?:right|huh|"
        r"or (?:human|what|a (?:human|person|real))|arent you|isnt it|admit it|generated|written|wrote|"
        r"answer|reply|message)|$)|\b(?:bot|ai|robot|human) or (?:a )?(?:human|person|bot|real|robot|"
        rf"ai)\b|\b{_MACHINE} (?:wrote|writes|is writing|writing|generated|written|answering|responding|"
        r"typing|replying|made)(?: \S+)? (?:this|that|these|those|me|back|it|to me|your|here)\b|"
        rf"\bhuman or (?:bot|ai|robot|machine)\b|\bdid (?:an? |the |your )?{_MACHINE} (?:write|make|type|"
        r"generate|answer|send)\b|\busing (?:an? |the )?(?:auto ?reply|ai|bot|chat ?bot|script|chatgpt)\b",
        r"\b(?:im not a (?:ro)?bot|i am not a (?:ro)?bot|i was|i work|i study|building|built|vacuum|"
        r"lawn ?mower|captcha|in my game|in the game|the bot in|bots in|aimbot|trading bot|discord bot|"
        r"my (?:job|phone|computer|laptop|boss|company|thesis|nephew|project)|ai (?:is|will|art|news|"
        r"course|generated pictures)|new ai|the movie|film|book|song|taking our jobs|on your computer|"
        r"sewing machine|coffee machine|washing machine|slot machine|machine gun|vending|dance machine|"
        r"sex machine|love machine|wizard with a computer|good with|program tonight|computer games|"
        r"computer person|script for|workout program|training program|script of|like a machine at|"
        r"at the gym|dancing|love machine|playing)\b",
    ),
    Rule(
        CueKind.ARE_YOU_A_BOT,
        "are_you_real",
        0.8,
        words("real human person actual prove fake genuine living alive"),
        r"\b(?:are|r|is|am|if|that|youre|u|you|your)(?: (?:you|u|this|it|i|even|actually|really|sure|ur|"
        r"talking|chatting|speaking|writing|texting|messaging|to|with|an?|honestly|truly|the|actual|are|"
        r"for|is|who|there|on|other side|your|profile|account|page|somebody|someone|"
        r"dealing))* (?:real(?: (?:person|human|woman|girl|man|or (?:fake|not|a|ai|bot)|at all|though|tho|"
        r"and|life person|you|deal|account|her|profile))?|(?:an? )?(?:real|actual|living|genuine|"
        r"live) (?:human(?: being)?|person|woman|girl|man|people|human)|human(?: being)?(?: or)?|"
        r"a human(?: being)?|a person|a real one or)(?:$| (?:or|are|is|and|here|behind|writing|typing|"
        r"at all|though|tho|that|who|right|there|on|please|because|being))"
        r"|\bare (?:you|u) (?:even |actually |really |for )?(?:real|human|fake|alive|genuine)$|\b(?:youre|"
        r"you are|ur|this is|its|thats)(?: \S+)? (?:not|isnt|arent) (?:even )?(?:real|human|"
        r"a (?:real )?(?:person|human)|really you|actually you)(?: (?:are|is|right|at all|arent|u|you)|$)|"
        r"\bprove (?:to me )?(?:that )?(?:youre|you are|ur|its|it is|this is) (?:\S+ )?(?:real|human|you|"
        r"not (?:a )?(?:bot|ai|fake|robot)|a (?:real )?(?:person|human))\b|"
        r"\bis there (?:an? )?(?:\S+ )?(?:human|person|somebody|someone real|"
        r"someone)(?: \S+){0,2} (?:there|behind|here|reading|typing|on the other)\b|\b(?:talk|speak|"
        r"chat) to (?:a |an )?(?:real|actual) (?:human|person|woman|girl)\b|\b(?:talk|talking|chatting|"
        r"speaking|speak) (?:to|with) (?:a )?(?:real|actual) (?:person|human|you)\b",
        r"\b(?:are you (?:\S+ )?real (?:madrid|betis|estate|quick|fan)|real (?:madrid|betis|sociedad|"
        r"estate|talk|quick|life xlaugh)|for real (?:that|you|going|now|this|doing|leaving)|"
        r"is this real life|are you for real|a real (?:fan|supporter|gem|angel|treat|pleasure|sweetheart|"
        r"friend|trooper|hero|star|beauty|cutie|inspiration|artist|man of|lady|doctor|teacher|"
        r"morning person|cat person|foodie)|such a real one|real one|morning person|dog person|cat person|"
        r"night person|people person|only human|human rights|human after all|person of|kind person|"
        r"nice person|good person|great person|lovely person|amazing person|sweet person|best person|"
        r"beautiful person|funny person|in person|your hair real|tan real|eyelashes|lashes|nails|fur|"
        r"diamonds?|is this real (?:leather|gold|silver|butter)|ghosts|santa)\b",
    ),
    Rule(
        CueKind.ARE_YOU_A_BOT,
        "who_writes",
        0.8,
        words(
            "copy copypasted pasted scripted canned automatic automated really yourself someone somebody "
            "agency team assistant manager chatter chatters typing writing replying writes who actually "
            "person staff employee behind answering management"
        ),
        r"\b(?:is|are|was|were)(?: (?:it|this|that|these|i|we|u|you))* (?:really|actually|truly|even|"
        r"still|honestly) (?:you|u|her|the (?:real )?\S+)(?: (?:who|that|writing|typing|answering|"
        r"replying|i|im|talking|messaging|texting|here|or|behind|reading|texts?))|\bis (?:this|it|"
        r"that) (?:really|actually|truly|even|still) (?:you|u|her)$|\bdo you (?:\S+ ){0,2}(?:write|type|"
        r"answer|reply|read|send|respond)(?: \S+){0,4} yourself\b|\b(?:someone|somebody|anyone) (?:else |"
        r"from (?:an? |the |your )?\S+ |working for you |in your team )?(?:who )?(?:is |s )?(?:typing|"
        r"writing|answering|replying|texting|messaging|pretending|responding|running|"
        r"chatting)(?: \S+){0,3}|\b(?:your|an?|the|some) (?:agency|team|assistant|manager|staff|employee|"
        r"chatter|chatters|management|ghost ?writer)(?: \S+){0,2} (?:writes?|writing|typing|answering|"
        r"answers|replying|replies|messaging|texting|run|runs|running|behind|pretending|responding|chats?|"
        r"chatting|handles)\b|\b(?:written|answered|run|typed|managed|sent|operated|handled) by (?:an? |"
        r"your |the |some )?(?:agency|team|assistant|manager|staff|employee|chatter|someone else|"
        r"somebody else|management|other people|someone)\b|\bwho (?:am i|is|are|i|im|"
        r"am i) (?:\S+ ){0,2}(?:talking|writing|chatting|speaking|texting|actually|really|typing|"
        r"answering|replying|messaging)(?: \S+){0,3}$|\bor (?:is it |are you |just |is this |someone |"
        r"somebody |from )*(?:an? |your |the |some )?(?:agency|team|assistant|manager|staff|employee|"
        r"chatter|management|someone (?:else|from)|somebody else)\b|\bare (?:you|u) (?:an? |the |her |"
        r"just an? )?(?:agency|assistant|manager|chatter|employee|staff|ghost ?writer|someone (?:else|"
        r"pretending)|pretending)\b|\bam i (?:really|actually|even) (?:talking|chatting|writing|speaking|"
        r"texting) (?:to|with)\b|\bare (?:these|those|your|ur|the|all)(?: \S+){0,3} (?:copy(?: and)? paste[ds]?|"
        r"copy ?pasted|canned|scripted|pre ?written|prewritten|automatic|automated|generic)\b|"
        r"\bcopy paste(?:d)? (?:answer|reply|message)s?\b|\b(?:automatic|automated|canned|"
        r"scripted) (?:repl(?:y|ies)|messages?|answers?|responses?)\b",
        r"\b(?:my (?:agency|team|manager|assistant|boss)|travel agency|someone is typing at|at my work|"
        r"football team|your favou?rite team|who am i to|the team played|the manager of the (?:team|shop|"
        r"club)|someone else is (?:cooking|driving|paying))\b",
    ),
)
