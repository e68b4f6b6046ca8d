"""Processes of a pool."""

import os
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """Called in a new process: it ends when the one that started it does, also by a kill.

    A pool's processes would go on with what they have been given, though nobody asks for it any more.
    """
    Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
