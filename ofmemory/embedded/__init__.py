"""Embedded PostgreSQL and Redis, and the process runner behind `make run`."""
