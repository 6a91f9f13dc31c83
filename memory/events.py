"""Facts that happened in memory, told after commit. Ids only; the README lists who listens."""

from django.dispatch import Signal

# An interaction was stored: creator_id, fan_id, interaction_id (of a message or another interaction).
interaction_saved = Signal()
# Interactions of a pair were imported: creator_id, fan_id.
history_imported = Signal()
# Everything about a pair was erased: creator_id, fan_id.
memory_cleared = Signal()
