"""The README's table of events says who listens; here it is compared with who does."""

import re
from pathlib import Path

from django.dispatch import Signal

from memory import events

README = (Path(__file__).parents[2] / "README.md").read_text()


def _receivers(signal: Signal) -> set[str]:
    live = [receiver() if callable(receiver) else receiver for _, receiver, *_ in signal.receivers]
    return {f"{receiver.__module__}.{receiver.__qualname__}" for receiver in live if receiver is not None}


def test_every_event_is_in_the_readme_with_its_receivers():
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|$", README, re.MULTILINE))
    declared = {name: signal for name, signal in vars(events).items() if isinstance(signal, Signal)}
    assert rows.keys() == declared.keys()
    for name, signal in declared.items():
        assert set(re.findall(r"`([\w.]+)`", rows[name])) == _receivers(signal), name
