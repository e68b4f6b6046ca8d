"""How a stage starts and fails: a user's mistake ends as one clear message and exit code 1, not as a traceback.

An entry point (`stages/<stage>/__main__.py`) wraps its `main` in `run_cli`; everything behind it raises `UserError`.
"""

import difflib
import gc
import sys
from collections.abc import Callable, Iterable
from typing import Any

from tqdm import tqdm


class UserError(Exception):
    """A mistake that the user can put right: says what was wrong, the value found, the choices, the remedy."""


def run_cli(main: Callable[[], None], lower: str = "") -> None:
    """Run a stage's `main`; print a `UserError` or a failed write without a traceback and exit with 1.

    `lower` names the params that its memory depends on, for who has too little.
    """
    gc.freeze()  # what is imported stays: to look through it for garbage, at the latest at the end, takes half a second
    try:
        main()
    except (UserError, OSError) as error:
        sys.exit(f"error: {error}")
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        remedy = f"lower {lower}, or " if lower else ""
        sys.exit(f"error: this machine's memory is not enough: {remedy}end other programs; then run the command again")
    except KeyboardInterrupt:
        sys.exit("interrupted: run the same command again to go on")


def is_out_of_memory(error: Exception) -> bool:
    """Whether Python, NumPy or PyTorch (on a processor or a GPU) were given no more memory."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def nearest(value: str, choices: Iterable[str]) -> str:
    """A hint such as "; did you mean 'dcgan'?", or nothing when no choice is near."""
    folded = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(value.casefold(), folded, n=1, cutoff=0.5)
    return f"; did you mean {folded[found[0]]!r}?" if found else ""


def progress(items: Iterable[Any] | None = None, **options: Any) -> tqdm:
    """A progress bar on a terminal; in a log one line every 20 seconds."""
    quiet = not sys.stderr.isatty()
    return tqdm(
        items, mininterval=20 if quiet else 0.1, miniters=1 if quiet else None, dynamic_ncols=not quiet, **options
    )
