"""What doctor says where there is nothing to run it in: the settings can't be read."""

import sys
from collections.abc import Sequence

from ofmemory.infra.diagnosis.findings import Examined, fail
from ofmemory.infra.diagnosis.report import as_json, as_text
from ofmemory.settings.names import why_unreadable


def stop_at_unreadable_settings(arguments: Sequence[str]) -> None:
    """Print why the settings can't be read and leave with exit code 1; return where they can."""
    reason = why_unreadable()
    if not reason:
        return
    finding = fail(
        reason,
        "Nothing starts with settings that cannot be read.",
        "Correct the value in the environment or in .env; docs/configuration.md says what each setting takes.",
    )
    examined = [Examined("settings", (finding,))]
    as_program = "json" in arguments or "--format=json" in arguments
    print(as_json(examined) if as_program else as_text(examined))  # noqa: T201 - there is no command yet to print for
    sys.exit(1)
