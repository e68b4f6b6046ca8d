"""Memory between the parts of the work: what one has freed does not fit the next, whose tensors have other sizes."""

import ctypes
import sys


def give_back() -> None:
    """Give freed memory back to the system; `device.prepare` has the C library keep it, for speed within a part."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(library, "malloc_trim"):  # glibc
        library.malloc_trim(0)
