"""The processes that hash and compare files."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import cv2

from stages.common.processes import end_with_parent

BLAS_THREADS = "OPENBLAS_NUM_THREADS"


@contextmanager
def workers() -> Iterator[Executor]:
    """As many processes as there are cores, of one thread each: with more, the threads would only wait for one another.

    They are spawned, as a fork would copy faiss's threads. numpy's BLAS reads its number of threads from the
    environment when it is loaded, and the processes start only when there is work: the environment stays changed as
    long as the pool is open. A killed stage leaves none of them at work.
    """
    before = os.environ.get(BLAS_THREADS)
    os.environ[BLAS_THREADS] = "1"
    try:
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _begin) as pool:
            yield pool
    finally:
        del os.environ[BLAS_THREADS]
        if before is not None:
            os.environ[BLAS_THREADS] = before


def _begin() -> None:
    """In a new process."""
    cv2.setNumThreads(1)
    end_with_parent()
