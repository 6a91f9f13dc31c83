#!/usr/bin/env python
"""Django's command line for ofmemory."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ofmemory.settings.base")
    if sys.argv[1:2] == ["doctor"]:
        # Settings that can't be read are the first thing that doctor has to explain; Django would only stop.
        from ofmemory.infra.diagnosis.start import stop_at_unreadable_settings

        stop_at_unreadable_settings(sys.argv)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
