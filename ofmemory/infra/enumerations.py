"""Columns that hold one value of an enumeration: the same words for forms and for the database."""

from typing import Any

from django.db import models
from django.db.models import Q


def choices_of(enum: Any) -> list[tuple[str, str]]:
    """Return the members as a field's ``choices``."""
    return [(member.value, member.value.replace("_", " ")) for member in enum]


def one_of(field: str, enum: Any, name: str) -> models.CheckConstraint:
    """Return the constraint, called ``name``, that the column holds a member's value."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": [member.value for member in enum]}), name=name)
