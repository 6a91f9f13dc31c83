"""Who is told that there is something to learn."""

from django.dispatch import receiver

from calibration.services.due import DUE
from memory.events import history_imported, interaction_saved


@receiver([interaction_saved, history_imported])
def wake_learning(*, pair_number: int, **_: object) -> None:
    """Have the pair learnt about soon; many calls before that are one."""
    DUE.add(pair_number)
