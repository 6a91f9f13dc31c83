"""What the tables of this room hold about whom."""
