from typing import Any

from django.conf import settings

from privacy.domain import Purpose, allows
from privacy.management.base import DONE, Facts, PrivacyCommand, progress_bar
from privacy.registry import store
from privacy.services.processing import apply_everywhere, limits_of


class Command(PrivacyCommand):
    help = """Bring every pair in line with CONSENT_REQUIRED; run it after a change of that setting.

New consents take effect by themselves. With --dry-run only counts whom nothing may be stored about any more."""
    exit_codes = """exit codes:
  0  done
  1  it failed; run it again
  2  wrong usage
"""

    def answer(self, **options: Any) -> tuple[int, Facts]:
        if options["dry_run"]:
            return DONE, {"dryRun": True, "consentRequired": settings.CONSENT_REQUIRED, "notToBeRemembered": _refused()}
        with progress_bar("consents") as progress:
            count = apply_everywhere(lambda done: progress(done, done))
        return DONE, {"dryRun": False, "consentRequired": settings.CONSENT_REQUIRED, "pairs": count}


def _refused() -> int:
    return sum(not allows(limits_of(pair), Purpose.MEMORY) for pair in store().iterate_pairs())
