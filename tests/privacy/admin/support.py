"""What the tests of the pages share."""

from typing import Any

from django.test import Client
from django.urls import reverse

from memory.services.interactions import save_interaction
from privacy.domain import Pair
from privacy.keys.keyring import forget_all
from privacy.models import PendingAudit

FAN = "fan-000123"
PAIR = Pair("creator-1", FAN)
OF_PAIR = {"creator_id": PAIR.creator_id, "fan_id": PAIR.fan_id}
REASON = "The fan asks what was promised."


def say(content: str = "hello", pair: Pair = PAIR, **more: Any) -> None:
    save_interaction(fan_id=pair.fan_id, creator_id=pair.creator_id, type="message", content=content, **more)


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:privacy_{name}", args=args)


def text(answer: Any) -> str:
    return answer.content.decode()


def messages_of(answer: Any) -> str:
    """Return what the page that was led to says on top."""
    return " ".join(str(message) for message in answer.context["messages"])


def add(client: Client, model: str, **given: Any) -> Any:
    return client.post(url(f"{model}_add"), given, follow=True)


def recorded() -> list[str]:
    return list(PendingAudit.objects.order_by("id").values_list("action", flat=True))


def lose_the_keys(settings: Any) -> None:
    """Let nothing be unwrapped any more."""
    forget_all()
    settings.KEYSET_FILE = settings.KEYSET_FILE.with_name("nowhere.json")
    settings.KEYSET_MAY_BE_MADE = False
