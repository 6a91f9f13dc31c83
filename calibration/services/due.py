"""Which pairs learning has to look at, by the number of the pair."""

from ofmemory.infra.wakeups import WakeUps

DUE = WakeUps("learning:due")
