"""`python -m bench`: what `make bench` calls."""

import sys

from bench.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
