"""Invented creators, fans and conversations for `make run`: pure values, always the same but for the clock."""
