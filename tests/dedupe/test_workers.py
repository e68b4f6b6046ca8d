"""The pool of processes."""

import os

import cv2
import pytest

from stages.dedupe.workers import BLAS_THREADS, workers


@pytest.mark.parametrize("before", ["3", None])
def test_a_process_has_one_thread_and_the_environment_comes_back(monkeypatch, before):
    monkeypatch.delenv(BLAS_THREADS, raising=False)
    if before:
        monkeypatch.setenv(BLAS_THREADS, before)
    with workers() as pool:
        assert pool.submit(os.getenv, BLAS_THREADS).result() == "1"
        assert pool.submit(cv2.getNumThreads).result() == 1
    assert os.getenv(BLAS_THREADS) == before
