"""A `python` that runs `-m stages.<name>` in a fork of one process that has imported torch, MLflow and the like.

A pipeline starts a dozen processes, each of which would import these for seconds. The first run of a clone does without
(tests/pipeline/clone.py), so that a stage that misses an import fails there. All else goes to the real Python.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from in_process import exit_code

PRELOADED = (
    "bs4", "cv2", "faiss", "lxml", "matplotlib.backends.backend_agg", "matplotlib.figure", "mlflow",
    "mlflow.store.tracking.sqlalchemy_store", "pandas", "pikepdf", "pydantic", "requests", "safetensors.torch",
    "scipy.special", "scipy.stats", "tifffile", "torch",
)  # fmt: skip
CLIENT = """#!{python} -IS
import json, os, signal, socket, sys

if sys.argv[1:2] != ["-m"] or not sys.argv[2].startswith("stages."):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [b"%20d" % len(request)], [0, 1, 2])
    server.sendall(request)
    process = int(server.recv(20))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: os.kill(process, number))
    status = int(server.recv(20))
sys.exit(status if status >= 0 else 128 - status)
"""


@contextlib.contextmanager
def forking_python() -> Iterator[str]:
    """A folder for PATH with such a `python`; its process lives as long as the context."""
    with tempfile.TemporaryDirectory() as folder:  # with a short name, as a socket needs it
        client, address = Path(folder, "python"), str(Path(folder, "socket"))
        client.write_text(CLIENT.format(python=sys.executable, address=address))
        client.chmod(0o755)
        with subprocess.Popen([sys.executable, __file__, address], stdout=subprocess.PIPE) as server:
            try:
                assert server.stdout and server.stdout.readline() == b"ready\n"
                yield folder
            finally:
                server.terminate()


def preload() -> None:
    """Import what the forks of this process are to share."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what is shared stays shared


def serve(address: str) -> None:
    """Answer each client with a process of its own; returns in the process that is to run its request."""
    preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)
        while True:
            client, _ = listener.accept()
            if not os.fork():
                break
            client.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _answer(client)


def _answer(client: socket.socket) -> None:
    """Take on what the client has: arguments, folder, variables, standard files; tell it the process and its end."""
    length, descriptors, _, _ = socket.recv_fds(client, 20, 3)
    with client.makefile("rb") as stream:
        sys.argv, folder, variables = json.loads(stream.read(int(length)))
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if process := os.fork():
        client.sendall(b"%20d" % process)
        client.sendall(b"%20d" % os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
        os._exit(0)
    client.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.path[0] = folder


def run(module: str, arguments: list[str]) -> NoReturn:
    """Run a module as the program and end; without Python's own end, which takes apart all that was imported."""
    code = exit_code(module, arguments)
    threading._shutdown()  # waits for threads  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
    run(sys.argv[0], sys.argv[1:])
