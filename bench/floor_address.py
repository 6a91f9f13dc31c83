"""Where the read floor finds its bytes, and where it is found."""

from typing import Final

KEY: Final = "bench:floor"
PATH: Final = "/floor"


def redis_url(url: str) -> str:
    """Return a database of its own beside the product's at ``url``."""
    return url.replace("db=0", "db=1")
