"""A scrape that is killed, repeated, or cut off from the network gives what an undisturbed one gives.

And it asks for nothing twice.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loopback import Gallery, museum_files

from stages.scrape.store import Store

KILLS = 20
PIECES, PAUSE = 4, 0.01  # of every body, and seconds between two of them
# Runs the stage's main in a child process for each line of its input, without importing its modules 20 times.
FORK_SERVER = """import os, sys
from stages.scrape.__main__ import main
for _ in sys.stdin:
    child = os.fork()
    if not child:
        main()
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""
# An audit hook that ends the process when it reaches for the network; Python imports a sitecustomize at its start.
NO_NETWORK = """import os, sys
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.sendto")
sys.addaudithook(lambda event, _: os._exit(99) if event in NETWORK else None)
"""


@pytest.fixture
def gallery():
    opened = Gallery(museum_files(30), delay=0.002, pieces=PIECES, pause=PAUSE)
    yield opened
    opened.close()


def contents(folder: Path) -> dict[str, str]:
    """Every file of data/ and metrics/ by the hash of its bytes."""
    files = [path for name in ("data", "metrics") for path in sorted((folder / name).rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def fork_server(workspace, clean_environment):
    command = [sys.executable, "-c", FORK_SERVER]
    with subprocess.Popen(
        command,
        cwd=workspace.folder,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    ) as process:
        yield process


def held(gallery: Gallery, folder: Path) -> dict[str, int | None]:
    """For each path that was asked for, how many bytes of its body a killed scrape has left in the store.

    None means all that there is.
    """
    store = Store(folder / ".cache" / "fetch")
    paths = [path for path in list(gallery.asked) if path != "/robots.txt"]
    return {path: None if store.find(gallery.url(path)) else store.partial(gallery.url(path)).size for path in paths}


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_killed_twenty_times(workspace, gallery, fork_server, tmp_path_factory):
    """Killed at random moments of the visit (counted in requests: each interrupts something else), then left alone."""
    moments = random.Random(0)
    workspace.set(scrape__url=gallery.url(), scrape__retries=0, scrape__connections=2)
    # A path, what a kill left of it, and how often it had been asked for by then.
    left: list[tuple[str, int | None, int]] = []
    for _ in range(KILLS):
        until = gallery.asked.total() + moments.randint(1, 8)
        fork_server.stdin.write("\n")
        child = int(fork_server.stdout.readline())
        while gallery.asked.total() < until:
            time.sleep(0.0005)
        time.sleep(moments.uniform(0, PIECES * PAUSE))
        os.kill(child, signal.SIGKILL)
        assert fork_server.stdout.readline() == "ended\n", (
            "the scrape ended before it could be killed: it has too little to do for this test"
        )
        assert not (workspace.folder / "data" / "raw").exists(), (
            "a killed scrape leaves no half-filled folder under the good name"
        )
        left += [(path, size, len(gallery.starts[path])) for path, size in held(gallery, workspace.folder).items()]
    done = workspace.open("scrape")
    assert done.returncode == 0, done.stderr
    assert len(gallery.asked) == 1 + 2 + 30 + 90, "robots.txt, two lists, the work pages, the files"
    twice = {path for path, count in gallery.dealt_with.items() if count > 1 and path != "/robots.txt"}
    assert not twice, f"served in full to a client that went on with the next request, and then again: {twice}"
    # What was on its way at a kill may be asked for again, once for each kill and connection; nothing else.
    assert sum(count - 1 for path, count in gallery.asked.items() if path != "/robots.txt") <= KILLS * 2

    for path, size, times in left:
        assert gallery.starts[path][times : times + 1] in ([], [size]), (
            f"{path}: not a byte is asked for again that the killed scrape had"
        )
    resumed = sum(start > 0 for starts in gallery.starts.values() for start in starts)
    assert resumed >= KILLS // 4, "kills in the middle of a body"
    # No body is sent whole a second time. The one exception that no client can rule out: a machine so busy that all
    # pieces lay unread in the visitor's socket, for PAUSE and more between any two, until it was killed without the
    # first one.
    unread = {path for path, size, _ in left if size == 0}
    twice = {path for path, count in gallery.whole.items() if count > 1}
    assert twice <= unread, f"sent whole twice: {twice}"

    undisturbed = type(workspace)(tmp_path_factory.mktemp("undisturbed"))
    undisturbed.set(scrape__url=gallery.url(), scrape__retries=0)
    assert undisturbed.open("scrape").returncode == 0
    assert contents(undisturbed.folder) == contents(workspace.folder)
    assert len(contents(workspace.folder)) == 60 + 2


@pytest.mark.slow
def test_a_repeated_scrape_asks_nothing_and_an_offline_one_needs_no_network(workspace, gallery, tmp_path):
    workspace.set(scrape__url=gallery.url())
    assert workspace.open("scrape").returncode == 0
    first, asked = contents(workspace.folder), gallery.asked.total()
    assert workspace.open("scrape").returncode == 0
    assert contents(workspace.folder) == first and gallery.asked.total() == asked

    (tmp_path / "walls").mkdir()
    (tmp_path / "walls" / "sitecustomize.py").write_text(NO_NETWORK)
    walled = os.pathsep.join([str(tmp_path / "walls"), str(Path(__file__).resolve().parents[2])])
    workspace.set(scrape__offline=True)
    done = workspace.process("scrape", PYTHONPATH=walled)
    assert done.returncode == 0, done.stderr
    assert contents(workspace.folder) == first

    workspace.set(scrape__offline=False, scrape__refresh=True)
    assert workspace.process("scrape", PYTHONPATH=walled).returncode == 99, "the walls stand"
    assert workspace.open("scrape").returncode == 0
    assert contents(workspace.folder) == first and gallery.asked.total() == 2 * asked


def test_the_store_lies_in_the_main_checkout(workspace, gallery, tmp_path_factory):
    main = tmp_path_factory.mktemp("main")
    workspace.set(scrape__url=gallery.url(), scrape__limit=1)
    assert workspace.open("scrape", DVC_ROOT=str(main)).returncode == 0
    assert (main / ".cache" / "fetch" / "bodies").is_dir() and not (workspace.folder / ".cache").exists()


def test_offline_without_a_store_says_what_is_missing(workspace, gallery):
    workspace.set(scrape__url=gallery.url(), scrape__offline=True)
    workspace.fails("scrape", "not in the store of fetched files, and scrape.offline is true")
    assert not gallery.asked


@pytest.mark.slow
def test_the_embedded_museum_is_not_stored_and_follows_its_seed(workspace):
    """Its port is another one in each run; an answer kept under it would be some other seed's picture one day."""
    workspace.set(museum__works=1, museum__reserve=0, scrape__renditions="original", scrape__offline=True)
    found = []
    for seed in (0, 1):
        workspace.set(museum__seed=seed)
        done = workspace.open("scrape")
        assert done.returncode == 0, done.stderr
        found.append(contents(workspace.folder))
    assert found[0] != found[1] and found[0].keys() != found[1].keys()
    assert not (workspace.folder / ".cache/fetch").exists()
