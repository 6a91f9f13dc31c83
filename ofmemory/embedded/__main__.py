"""`python -m ofmemory.embedded run`: what `make run` calls."""

import sys

# Looked at before anything that an older Python could not even read is imported.
if sys.version_info < (3, 11):  # noqa: UP036 - it is what an older one runs into
    sys.exit("ofmemory: Python 3.11 or newer is needed, this is %s" % sys.version.split()[0])  # noqa: UP031

from ofmemory.embedded.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
