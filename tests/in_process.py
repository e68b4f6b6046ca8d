"""`python -m <module>` in this process, where torch, MLflow and DVC are imported once for all tests.

What it cannot show takes a process of its own: signals; what a library reads from the environment when it is imported;
an import that is missing here and that another test has made; a result that follows the order of a set, which differs
from process to process. tests/pipeline/test_pipeline.py runs every stage as a process of its own, then in a fork of
another process, and compares the bytes.
"""

import contextlib
import importlib
import io
import os
import runpy
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def run(
    module: str, *arguments: str, folder: Path, environment: Mapping[str, str], tree: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """What `python -m module` does in a folder, with the code of a tree and no variable but those of `environment`.

    An exception gives its traceback on stderr and exit code 1, as in a process of its own. Whatever the module changes
    of this process is put back: folder, variables, arguments, imported code of another tree, torch's settings.
    """
    assert environment.get("PYTHONPATH", str(ROOT)) == str(ROOT), "Python reads it when it starts"
    out, error = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(_variables(environment))
        stack.enter_context(_code(tree))
        stack.enter_context(_torch_settings())
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(error))
        code = exit_code(module, arguments)
    return subprocess.CompletedProcess([module, *arguments], code, out.getvalue(), error.getvalue())


def exit_code(module: str, arguments: Sequence[str]) -> int:
    """Run a module as the program; what Python prints of an exception or of `sys.exit` goes to stderr."""
    before = sys.argv
    sys.argv = [module, *arguments]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* found in sys.modules", RuntimeWarning)  # a test has imported it
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        sys.argv = before
    return 0


@contextlib.contextmanager
def _variables(environment: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _set_variables(environment)
    try:
        yield
    finally:
        _set_variables(before)


def _set_variables(values: Mapping[str, str]) -> None:
    """Exactly these; one by one, as clearing all would leave none for a moment to the threads of this process."""
    for name in set(os.environ) - set(values):
        del os.environ[name]
    os.environ.update(values)


@contextlib.contextmanager
def _code(tree: Path) -> Iterator[None]:
    """The package `stages` of a tree, imported anew unless it is this project's own."""
    if tree == ROOT:
        yield
        return
    ours, writes_none = _forget(), sys.dont_write_bytecode
    sys.path.insert(0, str(tree))
    sys.dont_write_bytecode = True  # it is told from older code by size and second, which edits may share
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_none
        sys.path.remove(str(tree))
        _forget()
        sys.modules.update(ours)


def _forget() -> dict[str, ModuleType]:
    """Take the modules of `stages` out of those that are imported."""
    names = [name for name in sys.modules if name.partition(".")[0] == "stages"]
    return {name: sys.modules.pop(name) for name in names}


@contextlib.contextmanager
def _torch_settings() -> Iterator[None]:
    """Torch's deterministic algorithms only where a stage asks for them; it has one thread here, as in the stages."""
    deterministic = "torch" in sys.modules and sys.modules["torch"].are_deterministic_algorithms_enabled()
    try:
        yield
    finally:
        if torch := sys.modules.get("torch"):
            torch.use_deterministic_algorithms(deterministic)
