"""This checkout's own MLflow store, a sqlite file: waited for while it is busy, and at home where the checkout is."""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from stages.common.cli import UserError

PATIENCE = 60.0  # seconds that another program may keep the store locked
ARTIFACTS = "mlruns"
# Where MLflow writes down absolute addresses of files.
PLACES = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"))


def prepare(root: Path) -> None:
    """Make a store that exists ready for use in the checkout `root`; raises UserError where it stays locked."""
    path = root / "mlflow.db"
    if path.is_file() and path.stat().st_size:
        wait(path)
        moved = rehome(path, (root / ARTIFACTS).as_uri())
        if moved:
            print(
                f"the MLflow store was in {moved} before: its runs' pictures and models are now looked for, and new "
                f"ones written, in {root / ARTIFACTS}. If some are missing there: python -m stages.track --all"
            )


def wait(path: Path) -> None:
    """Until nobody else writes to the store; raises UserError after PATIENCE."""
    until, told = time.monotonic() + PATIENCE, False
    while is_locked(path):
        if time.monotonic() > until:
            raise busy(path)
        if not told:
            print(f"{path} is in use by another program: waiting up to {PATIENCE:.0f} seconds", file=sys.stderr)
            told = True
        time.sleep(0.2)


def busy(path: Path) -> UserError:
    """For who has waited long enough."""
    return UserError(
        f"the MLflow store {path} is in use by another program, and was for longer than {PATIENCE:.0f} seconds: "
        "nothing is wrong with it. End what writes to it (another track stage, a browser of databases, a backup), and "
        "run the same command again"
    )


def is_locked(path: Path) -> bool:
    """Whether another process writes to the store."""
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as store:
        try:
            store.execute("BEGIN IMMEDIATE")
            store.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                return True
            raise
    return False


def rehome(path: Path, home: str) -> str:
    """Let the files' addresses of a store that was moved or copied begin with `home`; returns with what they began.

    MLflow writes down absolute ones: runs of a copied checkout would go to the folder that it was copied from.
    """
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as store, store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "experiments" not in tables:
            return ""
        found = store.execute("SELECT DISTINCT artifact_location FROM experiments").fetchall()
        others = [old for (old,) in found if old and old != home and _is_a_checkouts(old)]
        for old in others:
            for table, column in PLACES:
                if table in tables:
                    change = f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?"
                    begin = f"{old}/"
                    store.execute(change, (f"{home}/", len(begin) + 1, len(begin), begin))
                    store.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (home, old))
    return ", ".join(others)


def _is_a_checkouts(location: str) -> bool:
    """Whether the place is one that this stage gave to an experiment, in whatever checkout."""
    return location.startswith("file:///") and location.endswith(f"/{ARTIFACTS}")
