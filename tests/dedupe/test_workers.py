"""The pool of processes."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import psutil
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


@pytest.mark.slow
def test_a_killed_stage_leaves_no_process_at_work():
    code = (
        "import time; from stages.dedupe.workers import workers\n"
        "with workers() as pool:\n"
        "    jobs = [pool.submit(time.sleep, 600) for _ in range(4)]\n"
        "    pool.submit(abs, -1) and print('ready', flush=True)\n"
        "    time.sleep(600)\n"
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) as stage:
        assert stage.stdout and stage.stdout.readline() == "ready\n"
        process = psutil.Process(stage.pid)
        while not any("spawn_main" in " ".join(child.cmdline()) for child in process.children(recursive=True)):
            assert stage.poll() is None
        left = process.children(recursive=True)
        stage.kill()
    _, alive = psutil.wait_procs(left, timeout=20)
    assert not alive
