"""Django's PostgreSQL backend with deadlines and a breaker (``ENGINE`` of both databases)."""
