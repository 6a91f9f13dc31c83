"""Pure functions: time, randomness and parameters are arguments, so that any result can be replayed."""
