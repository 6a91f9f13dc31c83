"""Every route of the product: the literal table, and what the URLconf really has."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from accounts.domain import Scope

READ, WRITE, ERASE = Scope.MEMORY_READ, Scope.MEMORY_WRITE, Scope.MEMORY_ERASE
EXPORT, STATS, OPERATIONS = Scope.MEMORY_EXPORT, Scope.STATS_READ, Scope.OPERATIONS_READ
# A token of its own: nobody of a creator, nor of the staff, is meant.
ANYONE, STAFF, TOKEN = "anyone", "staff", "token"

CREATOR, FAN = "<creator>", "<fan>"
# The fan's latest change of the profile, and the latest message that calls for a human.
CHANGE, ESCALATION = "<change>", "<escalation>"


@dataclass(frozen=True)
class Call:
    """A request that succeeds for a caller with ``scope``. CREATOR and FAN stand wherever such an id can.

    One that names a CHANGE or an ESCALATION succeeds after those before it in the table.

    Args:
        fan_in_path: the fan stands in the path as <str:fan_id>.
    """

    method: str
    route: str
    scope: Scope
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def of_one_fan(self) -> bool:
        return "fan_id" in self.route or FAN in str(self.query) or FAN in str(self.body)


_PAIR = {"creatorId": CREATOR, "fanId": FAN}
_OWN = {"creatorId": CREATOR}
_LIKES = {"topicInterests": {"cats": 0.9}}
_SAYS = {"type": "message", "content": "hello"}
_NEEDS_HELP = {"type": "message", "content": "I can't cope any more, I feel so hopeless"}
_ABOUT = {"about": "recommendation", "reference": "photos", "verdict": "right"}
_CONSENTS = {"purpose": "personalisation", "action": "given", "method": "checkbox"}
_A, _B = "api/onlyfans/memory/", "api/of-memory/"

# Every route of memory with what it takes. This is the policy: a route is added here first.
CALLS = [
    Call("GET", _A + "stats", STATS, query=_OWN),
    Call("GET", _A + "<str:fan_id>", READ, query=_OWN),
    Call("POST", _A + "<str:fan_id>", WRITE, body={**_OWN, **_SAYS}),
    Call("PATCH", _A + "<str:fan_id>/preferences", WRITE, body={**_OWN, **_LIKES}),
    Call("GET", _A + "<str:fan_id>/messages", READ, query=_OWN),
    Call("POST", _A + "<str:fan_id>/export", EXPORT, query=_OWN),
    Call("GET", _B + "context", READ, query=_PAIR),
    Call("POST", _B + "interaction", WRITE, body={**_PAIR, **_NEEDS_HELP}),
    Call("GET", _B + "engagement-score", READ, query=_PAIR),
    Call("POST", _B + "bulk", READ, body={**_OWN, "fanIds": [FAN]}),
    Call("GET", _B + "preferences", READ, query=_PAIR),
    Call("PATCH", _B + "preferences", WRITE, body={**_PAIR, **_LIKES}),
    Call("PATCH", _B + "preferences/bulk", WRITE, body={**_OWN, "updates": [{"fanId": FAN, **_LIKES}]}),
    Call("GET", _B + "personality", READ, query=_PAIR),
    Call("PATCH", _B + "personality", WRITE, body={**_PAIR, "tone": "playful"}),
    Call("GET", _B + "personality/history", READ, query=_PAIR),
    Call("GET", _B + "messages", READ, query=_PAIR),
    Call("GET", _B + "consents", READ, query=_PAIR),
    Call("POST", _B + "consents", WRITE, body={**_PAIR, **_CONSENTS}),
    Call("GET", _B + "stats", STATS, query=_OWN),
    Call("POST", _B + "export", EXPORT, body=_PAIR),
    Call("POST", _B + "analyze", READ, body={**_PAIR, "message": "hello"}),
    Call("GET", _B + "emotional-state", READ, query=_PAIR),
    Call("GET", _B + "disengagement", READ, query=_PAIR),
    Call("GET", _B + "preferences/predicted", READ, query=_PAIR),
    Call("GET", _B + "response-style", READ, query=_PAIR),
    Call("GET", _B + "recommendations", READ, query=_PAIR),
    Call("POST", _B + "recommendations", READ, body={**_PAIR, "candidates": [{"category": "photos"}]}),
    Call("POST", _B + "calibrate", WRITE, body=_PAIR),
    Call("POST", _B + "personality/lock", WRITE, body={**_PAIR, "lock": ["tone"]}),
    Call("POST", _B + "personality/rollback", WRITE, body={**_PAIR, "changeId": CHANGE}),
    Call("POST", _B + "feedback", WRITE, body={**_PAIR, **_ABOUT}),
    Call("GET", _B + "escalations", READ, query=_OWN),
    Call("POST", _B + "escalations/clear", WRITE, body={**_PAIR, "escalationId": ESCALATION}),
    Call("GET", _B + "tones", STATS, query=_OWN),
    Call("GET", _B + "health/circuits", OPERATIONS, query=_OWN),
    # Erasing comes last: what is tried before it needs the fan.
    Call("DELETE", _A + "<str:fan_id>", ERASE, query=_OWN),
    Call("DELETE", _B + "clear", ERASE, query=_PAIR),
]

# Everything else: route → methods ("ANY": a plain view) → who may call it.
OTHERS = {
    "api/auth/token": ("POST", ANYONE),
    "api/auth/token/refresh": ("POST", ANYONE),
    "api/auth/token/revoke": ("POST", ANYONE),
    "": ("ANY", ANYONE),
    "api/schema/": ("GET", ANYONE),
    "api/docs/": ("GET", ANYONE),
    "health/live": ("ANY", ANYONE),
    "health/ready": ("ANY", ANYONE),
    "metrics": ("ANY", TOKEN),
    "admin/login/": ("ANY", ANYONE),
    "admin/": ("ANY", STAFF),
    "admin/logout/": ("ANY", STAFF),
    "admin/password_change/": ("ANY", STAFF),
    "admin/password_change/done/": ("ANY", STAFF),
    "admin/autocomplete/": ("ANY", STAFF),
    "admin/jsi18n/": ("ANY", STAFF),
    "admin/r/<path:content_type_id>/<path:object_id>/": ("ANY", STAFF),
    "admin/<app_label>/": ("ANY", STAFF),
    "admin/<url>": ("ANY", STAFF),
    "admin/accounts/user/<id>/password/": ("ANY", STAFF),
    "admin/calibration/escalation/<uuid:pk>/clear/": ("ANY", STAFF),
    # Second factors; of allauth's pages these and no others. The first two lead to the login whoever has shown nothing.
    **dict.fromkeys(
        (
            "admin/second-factor/login/",
            "admin/second-factor/code/",
            "admin/second-factor/",
            "admin/second-factor/confirm/password/",
            "admin/second-factor/confirm/code/",
            "admin/second-factor/confirm/passkey/",
            "admin/second-factor/app/add/",
            "admin/second-factor/app/remove/",
            "admin/second-factor/passkey/add/",
            "admin/second-factor/passkey/<int:pk>/remove/",
            "admin/second-factor/recovery-codes/",
            "admin/second-factor/recovery-codes/new/",
        ),
        ("ANY", STAFF),
    ),
}
# Models in the admin; each has the same six pages, which ask for the model's permissions.
ADMIN_MODELS = [
    "accounts/apikey", "accounts/creator", "accounts/refreshsession", "accounts/user", "auth/group",
    "calibration/creatorpriors", "calibration/escalation", "calibration/feedback", "calibration/learntstate",
    "calibration/tonedecision",
    "memory/creatorpersona", "memory/emotionalstate", "memory/engagementmetrics", "memory/fanmemory",
    "memory/fanpreferences", "memory/importrun", "memory/interaction", "memory/personalitychange",
    "memory/personalityprofile",
    "privacy/consent", "privacy/datakey", "privacy/datarequest", "privacy/erasure", "privacy/exportfile",
    "privacy/legalhold", "privacy/notice", "privacy/processingchoice", "privacy/receipt", "privacy/reveal",
    "privacy/servicekey",
]  # fmt: skip
# What else the privacy pages do; tests/privacy/admin/test_who_may.py says which permission each asks for, page by page.
PRIVACY_PAGES = [
    "auditentry/", "auditentry/accesses/", "auditentry/chain/", "datarequest/<uuid:pk>/approve/",
    "datarequest/<uuid:pk>/deny/", "datarequest/<uuid:pk>/execute/", "datarequest/<uuid:pk>/identify/",
    "exportfile/<uuid:pk>/download/", "legalhold/<uuid:pk>/release/", "receipt/<uuid:pk>/about/",
    "receipt/<uuid:pk>/download/", "receipt/verifier/", "reveal/<uuid:pk>/content/", "reveal/of/<str:table>/<str:row>/",
]  # fmt: skip
_ROW = "<path:object_id>/"
ADMIN_PAGES = ["", "add/", f"{_ROW}history/", f"{_ROW}delete/", f"{_ROW}change/", _ROW]


def policy() -> dict[str, str]:
    """Return "METHOD route" → who may call it, from the tables above."""
    table = {str(call): str(call.scope) for call in CALLS}
    table |= {f"{method} {route}": who for route, (method, who) in OTHERS.items()}
    table |= {f"ANY admin/{model}/{page}": STAFF for model in ADMIN_MODELS for page in ADMIN_PAGES}
    table |= {f"ANY admin/privacy/{page}": STAFF for page in PRIVACY_PAGES}
    return table


def real_routes() -> list[str]:
    """Return "METHOD route" for each route of the URLconf."""
    return [f"{method} {route}" for route, view in _patterns(get_resolver().url_patterns) for method in _methods(view)]


def _patterns(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield _plain(route), pattern.callback


def _plain(route: str) -> str:
    """Spell the admin's two regular expressions like the rest; the first one lists the apps there are."""
    return re.sub(r"\^?\(\?P(<\w+>)[^)]*\)(/?)\$", r"\1\2", route)


def _methods(view: Any) -> list[str]:
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if view_class is None or not issubclass(view_class, APIView):
        return ["ANY"]
    names = ("get", "post", "put", "patch", "delete", "head", "trace")
    return [name.upper() for name in names if name in view_class.http_method_names and hasattr(view_class, name)]
