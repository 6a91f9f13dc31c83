"""What all tables with rows of a pair share."""

from django.db import models

from privacy.domain import Pair


class OfPair(models.Model):
    """A row that belongs to one (creator, fan)."""

    creator_id = models.CharField(max_length=255)
    fan_id = models.CharField(max_length=255)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        # No ids: Django keeps this text in its own log of admin actions.
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def pair(self) -> Pair:
        return Pair(self.creator_id, self.fan_id)
