"""What the terminal can show."""

import os
import sys


def wants_colours() -> bool:
    """Return whether the output goes to a terminal that shows colours, and nobody objects.

    ``NO_COLOR`` with any text in it objects, and so does ``TERM=dumb``.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()
