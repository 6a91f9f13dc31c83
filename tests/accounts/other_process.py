"""Another process of the product: reads orders from stdin, one JSON a line, and answers each with one JSON line.

An order is a GET on ``path`` with each of ``tokens`` in turn, ``count`` times, under ``limits``.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any


def main() -> None:
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()
    for line in sys.stdin:
        sys.stdout.write(json.dumps({"statuses": obey(**json.loads(line))}) + "\n")
        sys.stdout.flush()


def obey(*, path: str, tokens: Sequence[str], limits: dict[str, int], count: int) -> list[int]:
    from django.conf import settings

    from tests.conftest import Api

    settings.RATE_LIMITS |= limits
    callers: list[Any] = [Api(token) for token in tokens]
    return [callers[i % len(callers)].get(path).status_code for i in range(count)]


if __name__ == "__main__":
    main()
