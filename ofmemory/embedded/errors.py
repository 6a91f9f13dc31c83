"""What can go wrong while the embedded servers start or run.

Stdlib only, for the same reason as `locations`: it is imported before anything is installed or set up.
"""


class EmbeddedError(Exception):
    """A failure whose message is one line that tells the user what to do; shown without a traceback."""
