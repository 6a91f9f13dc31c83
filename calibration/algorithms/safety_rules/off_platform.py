"""Wishes to talk or pay elsewhere."""

from calibration.algorithms.safety_rules.rule import Rule, words
from calibration.domain import CueKind

_APPS = (
    r"(?:whats ?app|wa|whatsap|whatapp|watsapp|telegram|tele|tg|snap|snapchat|insta|instagram|ig|"
    r"discord|kik|signal|skype|facetime|facebook|fb|messenger|wechat|viber|imessage|tiktok|twitter|"
    r"line app|threema|zoom|wickr|session app|google ?chat|hangouts|x account)"
)
_PAY = (
    r"(?:paypal|venmo|cash ?app|zelle|revolut|bank transfer|wire transfer|western union|bitcoin|btc|"
    r"crypto|gift ?cards?|wise|apple ?pay|google ?pay|usdt|amazon card|iban|bizum|paysafe\w*|ethereum|"
    r"cash)"
)
OFF_PLATFORM = (
    Rule(
        CueKind.OFF_PLATFORM,
        "other_app",
        0.8,
        words(
            "whatsapp whatsap whatapp watsapp wa telegram tele tg snap snapchat insta instagram ig discord "
            "kik signal skype facetime facebook fb messenger wechat viber imessage tiktok twitter threema "
            "zoom wickr hangouts whats"
        ),
        rf"\b(?:do|does) (?:you|u|ya) (?:\S+ ){{0,2}}(?:have|use|got|do|chat|talk|"
        rf"are)(?: \S+){{0,4}} {_APPS}\b|\b(?:whats|what is|whts|what s|wats|give me|send me|drop|gimme|"
        r"share|can i (?:have|get|add)|could i (?:have|get|add)|may i (?:have|get|add)|tell me|have|need|"
        rf"want|get|got)(?: \S+){{0,2}} (?:your|ur|yr|you on|u on|a private|you)(?: \S+){{0,2}} {_APPS}\b|"
        r"\b(?:add|dm|message|msg|text|write|call|hit|find|reach|contact|ping|video call|facetime|follow|"
        rf"chat with|talk to|get)(?: (?:me|you|u|us|back|up|to|with))+(?: \S+){{0,2}} (?:on|in|at|via|"
        rf"through|over) (?:my |your |the |ur )?{_APPS}\b"
        rf"|\b(?:add|text|dm|message) (?:me|you|u) {_APPS}\b|\b(?:chat|talk|continue|move|switch|go|speak|"
        r"keep talking|message|text|switching|moving|meet|carry on|write|connect|video|call|"
        rf"do this)(?: \S+){{0,3}} (?:on|to|over|via|through|in) (?:my |your |the |private |ur )?{_APPS}\b|"
        rf"\bmy (?:private |other |personal |real )?{_APPS}(?: (?:is|id|name|handle|username|user|number|"
        rf"add|@|account is))\b|\b(?:you|u) (?:on|have|got|use) (?:\S+ )?{_APPS}(?: \S+){{0,2}}$|"
        rf"^{_APPS}(?: (?:please|pls|instead|plz|maybe|number|id|handle|name))*$|\b(?:get|download|install|"
        rf"make|create|open) (?:a |an )?{_APPS} (?:so|and|for|to|account)(?: \S+){{0,3}} (?:talk|chat|text|"
        rf"write|us|you|me)\b|\b{_APPS} (?:me|u|you)\b(?!r)|\byour (?:private|personal|real) {_APPS}\b|"
        rf"\b(?:can|could|lets|shall) we (?:\S+ ){{0,2}}{_APPS}\b",
        r"\b(?:saw|seen|found|discovered|watched|posted|looked|follow(?:ed)? you on|posts? on|story on|"
        r"stories on|video on|reel|deleted|quit|left|hate|my (?:mum|mom|boss|friend|sister|brother|family|"
        r"dad|grandma|mother)|group chat|sends|recipe|down again|is down|snap (?:a|the|some|my fingers|"
        r"out of|back|at|peas|decision|one|me a (?:picture|photo|pic))|oh snap|gave me a signal|no signal|"
        r"signal (?:here|is (?:bad|weak)|that|in the)|bad signal|smoke signal|turn signal|strong signal|"
        r"facebook marketplace|your new post|your twitter post|news|logo|shares|stock|not on (?:whatsapp|"
        r"instagram|telegram|snap)|zoom (?:in|out|call with|meeting)|wa state|messenger bag|dont use|"
        r"never use|dont have|never had|came from|came here from|in discord with everyone|sow discord)\b",
    ),
    Rule(
        CueKind.OFF_PLATFORM,
        "phone",
        0.8,
        words("numbers number phone digits text call cell mobile sms ring phonenumber"),
        r"\b(?:your|ur|yr|you a) (?:\S+ )?(?:phone number|phonenumber|cell number|mobile number|digits|"
        r"cell|phone no|telephone number|private number|personal number|cellphone number)\b|\b(?:can|"
        r"could|may|whats|what is|give me|gimme|have|get|send me|send|drop|share|want|need|exchange|swap|"
        r"trade|ask for|having)(?: (?:i|have|get|me|us|please|maybe|just|ever|we|our|to|for))* (?:your|ur|"
        r"yr|phone|our) (?:numbers?|digits)\b|\bmy (?:phone |cell |mobile |private |telephone |"
        r"whatsapp )?(?:number|cell|digits|mobile)(?: (?:is|its|s))? (?:\+?\d|\d|00|plus)|"
        r"\bheres my (?:number|cell|digits|phone|mobile)\b|\b(?:give|send|gave|giving|leave|get|"
        r"exchange) you my (?:\S+ )?(?:number|digits|phone|cell)\b|\b(?:text|call|ring|sms|phone|"
        r"message) (?:me|you)(?: \S+){0,3} (?:on|at|my|your) (?:my |your |the )?(?:phone|number|cell|"
        r"mobile|private|\d\S*)\b|\b(?:text|call|ring) (?:me )?(?:at|on) \+?\d|\b(?:text|sms|"
        r"call) me (?:instead|directly|privately|outside|off here)\b|\b(?:talk|speak) (?:\S+ )?(?:on|"
        r"over) the phone\b|\b(?:exchange|swap|trade) (?:phone )?(?:numbers|digits|contacts)\b",
        r"\b(?:(?:favou?rite|lucky|number one|first|house|room|jersey|shoe|lottery|order|serial|my boss|"
        r"my mom|tracking|flight|seat|model|account|atomic) (?:number)?|steps|numbers? of|"
        r"your number (?:one|1)|number 1|call me (?:crazy|old|maybe)|my phone (?:died|broke|is|was)|"
        r"on the phone with my|customer|the bank)\b",
    ),
    Rule(
        CueKind.OFF_PLATFORM,
        "mail",
        0.7,
        words("email mail gmail e hotmail outlook emails"),
        r"\b(?:give me|whats|what is|have|send me|send|share|get|need|want|drop|can i have|can i get|"
        r"could i have)(?: \S+){0,3} (?:your|ur|an|private) (?:\S+ )?(?:e ?mail|mail|gmail)(?: address|"
        r" adress)?\b(?! (?:newsletter|from support))|\b(?:email|mail) me(?: (?:at|on|instead|your|the|"
        r"there|a|privately|directly|pics|please|some)|$)|\bmy (?:private |personal )?(?:e ?mail|mail|"
        r"gmail)(?: address| adress)? is\b|\b(?:reach|contact|write|message|send (?:it|them|that)|talk|"
        r"send me)(?: \S+){0,4} (?:by|via|per|through|over|on|to my|at my|to your) (?:e ?mail|gmail|"
        r"mail)\b|\bcan i (?:e ?mail|mail) you\b|\bill (?:e ?mail|mail) you\b|\bheres my (?:e ?mail|mail|"
        r"gmail)\b",
        r"\b(?:work e?mails?|support|customer|newsletter|spam|the bank|my boss|from work|confirmation|"
        r"password reset|invoice)\b",
    ),
    Rule(
        CueKind.OFF_PLATFORM,
        "pay_elsewhere",
        0.9,
        words(
            "paypal venmo cashapp cash zelle revolut transfer bitcoin btc crypto gift giftcard giftcards "
            "wise iban bizum union app usdt paysafe paysafecard ethereum pay"
        ),
        r"\b(?:pay|paying|paid|send|sending|tip|transfer|buy|give|wire|do|use|using|take|accept|have|got|"
        rf"donate|purchase|prefer|rather|offer|give you|money|deal)(?: \S+){{0,6}} (?:by|via|with|through|"
        r"on|to your|your|thru|over|in|using|you|use|accept|take|have|a|direct)(?: (?:my|your|a|ur|me|an|"
        rf"the))* {_PAY}\b|\b(?:whats|what is|give me|send me|drop|do you (?:have|take|accept|use)|"
        rf"can i have|got|you got|is there) (?:\S+ ){{0,2}}{_PAY}\b|\b(?:accept|take|use) {_PAY}\b|"
        rf"\b{_PAY} (?:you|me|instead|is (?:cheaper|easier|better|fine|ok)|directly|works|tag|handle|link|"
        rf"or|would be)\b|\b(?:pay|tip|send you money|buy)(?: \S+){{0,3}} (?:outside|off (?:here|"
        r"the (?:site|app|platform|page))|directly without|without the (?:site|app|platform|fees))\b|"
        r"\b(?:outside|off|around|without) (?:of )?(?:the )?(?:site|platform|app|onlyfans|"
        rf"of)(?: \S+){{0,3}} (?:cheaper|fee|fees|pay|save|cut|commission)\b|\bmy {_PAY} is\b|"
        r"\bi can (?:venmo|cashapp|paypal|zelle)\b",
        r"\b(?:my (?:salary|rent|boss|friend|mom|mum|sister|brother|bank|roommate)|crypto (?:crash|"
        r"is down|prices|portfolio|news|bro|coins? (?:fell|crash))|bitcoin (?:fell|is|price|crash|went|"
        r"rose)|cash register|out of cash|cash machine|wise (?:words|man|woman|advice|choice|of)|works in|"
        r"my job|ebay|at the shop|market|birthday|christmas|for my (?:mom|mum|sister|nephew|niece))\b",
    ),
    Rule(
        CueKind.OFF_PLATFORM,
        "elsewhere",
        0.6,
        words("way contact reach else elsewhere outside off platform app site channel website"),
        r"\b(?:talk|chat|move|continue|meet|go|write|speak|message|take this|switch|text|take it|do this|"
        r"reach you|contact you|find you|connect|stay in touch|keep in touch)(?: \S+){0,4} (?:somewhere (?:else|"
        r"private|other)|elsewhere|outside (?:of )?(?:here|this|the (?:app|site|platform)|onlyfans)|"
        r"off (?:here|this (?:app|site|platform)|the (?:app|site|platform)|platform|onlyfans|of)|"
        r"on (?:another|a different|some other|a private|other) (?:app|site|platform|channel|website))\b|"
        r"\b(?:another|other|different|private) (?:way|app|place|platform|channel) (?:to|where (?:we|"
        r"i) can) (?:talk|chat|contact|reach|message|write|text)\b|\boutside (?:of )?(?:this|the) (?:app|"
        r"site|platform|page)\b(?=.*\b(?:talk|chat|you|contact|we)\b)|\bleave this (?:app|site|"
        r"platform) and\b",
        r"\b(?:work|traffic|the weather|walk outside|coffee somewhere|holiday|vacation|my friends?|"
        r"my colleagues?|move somewhere else to live|new flat|apartment)\b",
    ),
)
