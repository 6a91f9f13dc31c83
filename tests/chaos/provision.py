"""Runs inside the product once: two creators, a key with every right for each, and who may look at the circuits.

python -m tests.chaos.provision ANSWER_FILE
"""

import sys
from pathlib import Path
from typing import Final

import django
import orjson

CREATORS: Final = ("chaos-a", "chaos-b")


def main(answer: Path) -> None:
    django.setup()
    from accounts.services.keys import create_key
    from accounts.services.members import create_creator

    keys = {}
    for creator in CREATORS:
        create_creator(creator_id=creator, display_name=creator, currency="USD")
        _, keys[creator] = create_key(creator_id=creator, name="chaos")
    answer.write_bytes(orjson.dumps(keys))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
