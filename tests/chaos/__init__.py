"""Breaking things on purpose, under load, and checking afterwards that nothing was lost, doubled or mixed up.

    python -m tests.chaos --seconds 60 --seed 7 --only F04,F06

`experiments.py` is the table of what is tried; `check.py` holds the rules. docs/reliability.md says what follows.
"""
