"""A real browser, with a passkey in it, that notes every fault and every breach of the content policy."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_WATCH = """
window.breaches = []
document.addEventListener('securitypolicyviolation', event => {
  window.breaches.push([event.violatedDirective, event.blockedURI, event.sample].join(' '))
})
"""


@contextmanager
def browsing(monkeypatch: Any) -> Iterator[Any]:
    """Yield a page; ``page.faults`` are uncaught errors, and what the browser said of content it refused."""
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread; Django's guard against that is for servers, not for tests.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_init_script(_WATCH)
        page: Any = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if "Content Security" in said.text else None)
        yield page
        browser.close()


def breaches(page: Any) -> list[str]:
    """Return what this page and all before it tried to load, run or draw against the policy."""
    return [*page.evaluate("window.breaches || []"), *page.faults]


class Passkey:
    """A virtual authenticator inside the browser."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        made = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = made["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        found = self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return list(found["credentials"])

    def set_counter(self, count: int) -> None:
        """Turn the counter of the only credential to ``count``, as a copy of the key made earlier has it."""
        (credential,) = self.credentials()
        self._session.send(
            "WebAuthn.removeCredential", {"authenticatorId": self._id, "credentialId": credential["credentialId"]}
        )
        self._session.send(
            "WebAuthn.addCredential", {"authenticatorId": self._id, "credential": credential | {"signCount": count}}
        )
