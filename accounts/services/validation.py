"""A model's own rules, told as a failure of the product."""

from django.core.exceptions import ValidationError
from django.db.models import Model

from ofmemory.errors import InvalidInput


def validate(instance: Model) -> None:
    """Hold ``instance`` to the rules of its fields and constraints.

    Raises:
        InvalidInput: it breaks some; the message names the fields and what is wrong with them.
    """
    try:
        instance.full_clean()
    except ValidationError as error:
        raise broken_rules(error.message_dict) from error


def broken_rules(fields: dict[str, list[str]]) -> InvalidInput:
    """Return the error for rules that ``fields`` break, in the shape every field error has."""
    told = "; ".join(f"{name}: {' '.join(problems)}" for name, problems in fields.items())
    return InvalidInput(f"Not valid: {told}", details={"fields": fields})
