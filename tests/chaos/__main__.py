"""`python -m tests.chaos`: what `make chaos` calls."""

import sys

from tests.chaos.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
