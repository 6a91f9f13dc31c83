"""Facts that happened in memory, told after commit. Ids only; the README lists who listens.

A pair is named by its number, the primary key of its counters, where what is told may travel on to the broker.
"""

from django.dispatch import Signal

# An interaction was stored: pair_number, interaction_id (of a message or another interaction).
interaction_saved = Signal()
# Interactions of a pair were imported: pair_number.
history_imported = Signal()
# Everything about a pair was erased: creator_id, fan_id.
memory_cleared = Signal()
