"""What the commands of learning share: tables for people, and numbers from the command line."""

from argparse import ArgumentTypeError
from collections.abc import Iterable, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

WIDTH = 220


def table_text(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as text, without colours: it may go to a file."""
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(head):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # Not wider than its columns, whatever the terminal: a row that breaks can't be read or searched.
    console = Console(file=StringIO(), width=WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip()


def positive(text: str) -> int:
    """Return a number of 1 or more from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a number of 1 or more")
    return int(text)
