"""Becomes another program: run as a script between `Popen` and the program proper.

    python -I -S launch.py PARENT SIGNAL UID GID PROGRAM ARGUMENTS...

It gives up root (UID and GID are not -1), asks the kernel for SIGNAL when the parent dies (Linux only),
and turns into the program under the same process id. `preexec_fn` could do the same, but is unsafe in a
process with threads. The order matters: a change of user makes the kernel forget the wish, and the wish
comes too late when the parent has died already. Standard library only; nothing of the product is on the path.
"""

# Nothing may be imported later: below /root the library cannot be read after the change of user.
import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CANNOT_RUN = 127


def main(parent: int, number: int, uid: int, gid: int, argv: list[str]) -> int:
    """Returns: an exit code, only when the program could not be run."""
    if uid != -1:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        die_with_parent(parent, number)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is the point
    except OSError as error:
        print(f"{argv[0]} cannot be run: {error.strerror}", file=sys.stderr)  # noqa: T201 - into the log of the child
    return CANNOT_RUN


def die_with_parent(parent: int, number: int) -> None:
    """Let the kernel send us the signal when `parent` dies; leave at once when it is dead already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit(CANNOT_RUN)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]))
