"""How fast the scrape is, beside img2dataset and a plain requests loop.

Files per second from a loopback server without a rate limit:

    python tests/bench/bench_scrape.py --files 1000 --img2dataset /tmp/other-venv/bin/python

img2dataset needs numpy and OpenCV of its own, so it is run by the Python of a venv of its own; without one it is left
out. All of them fetch the same list from the same server, in turns. img2dataset and the scrape decode every picture,
hash it with sha256 and write the file as it came; the scrape reads robots.txt, checks every address and keeps a copy in
its store besides. The loop does nothing but get and write, one file after the other.
"""

import argparse
import io
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import requests
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
IMG2DATASET = """
import sys
from img2dataset import download
if __name__ == "__main__":
    download(url_list=sys.argv[1], output_folder=sys.argv[2], input_format="csv", url_col="url", output_format="files",
             processes_count=int(sys.argv[3]), thread_count=int(sys.argv[4]), resize_mode="no", skip_reencode=True,
             compute_hash="sha256", number_sample_per_shard=500, enable_wandb=False)
"""


def pictures(count: int) -> list[bytes]:
    """JPEGs with structure and grain, about as heavy as a page's medium rendition.

    50 different ones, made unlike by their last bytes.
    """
    random = np.random.default_rng(0)
    made = []
    for _ in range(min(50, count)):
        patches = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8))
        coarse = patches.resize((640, 480), Image.Resampling.BICUBIC)
        grain = np.clip(np.asarray(coarse, np.int16) + random.integers(-12, 13, (480, 640, 1)), 0, 255).astype(np.uint8)
        data = io.BytesIO()
        Image.fromarray(grain).save(data, "JPEG", quality=88)
        made.append(data.getvalue())
    return [made[number % len(made)] + b"%08d" % number for number in range(count)]


def serve(files: list[bytes], port: multiprocessing.Queue) -> None:
    """Runs in a process of its own, so that it does not share the visitors' interpreter."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            name = self.path.strip("/").removesuffix(".jpg")
            body = files[int(name)] if name.isdecimal() else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 1024
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    port.put(server.server_port)
    server.serve_forever()


def scrape(connections: int, listed: Path, folder: Path) -> int:
    """The stage's own command, with the source `urls`; returns the number of files that arrived."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values["scrape"] |= {"source": "urls", "path": str(listed), "connections": connections}
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    command = [sys.executable, "-m", "stages.scrape"]
    subprocess.run(command, cwd=folder, env=kept | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return json.loads((folder / "metrics" / "scrape.json").read_text())["files"]


def img2dataset(python: str, processes: int, threads: int, listed: Path, folder: Path) -> int:
    program = folder / "program.py"
    program.write_text(IMG2DATASET)
    command = [python, str(program), str(listed), str(folder / "out"), str(processes), str(threads)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"})
    return len(list((folder / "out").rglob("*.jpg")))


def loop(listed: Path, folder: Path) -> int:
    urls = listed.read_text().split()[1:]
    with requests.Session() as session:
        for number, url in enumerate(urls):
            (folder / f"{number}.jpg").write_bytes(session.get(url, timeout=30).content)
    return len(urls)


def seconds(visit: Callable[[Path, Path], int], urls: list[str]) -> float:
    """Wall time of one visit in a fresh folder; fails unless every file arrives."""
    with tempfile.TemporaryDirectory() as name:
        listed = Path(name) / "list.csv"
        listed.write_text("\n".join(["url", *urls]) + "\n")
        folder = Path(name) / "work"
        folder.mkdir()
        start = time.perf_counter()
        arrived = visit(listed, folder)
        elapsed = time.perf_counter() - start
    if arrived != len(urls):
        raise SystemExit(f"{arrived} of {len(urls)} files arrived")
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--img2dataset", metavar="PYTHON", help="the Python of a venv that has img2dataset")
    options = parser.parse_args()
    files = pictures(options.files)
    port: multiprocessing.Queue = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(files, port), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{port.get()}"
    urls = [f"{base}/{number}.jpg" for number in range(len(files))]
    visits = {
        "scrape, 4 connections (default)": partial(scrape, 4),
        "scrape, 8 connections": partial(scrape, 8),
        "requests loop": loop,
    }
    if options.img2dataset:
        for processes, threads in ((1, 16), (1, 256), (2, 64)):
            visits[f"img2dataset, {processes} x {threads} threads"] = partial(
                img2dataset, options.img2dataset, processes, threads
            )
    size = sum(map(len, files)) / len(files) / 1000
    print(f"{len(files)} files of {size:.0f} kB, {options.rounds} rounds in turns, {os.cpu_count()} cores")
    times = {name: [seconds(visit, urls)] for name, visit in visits.items()}
    for _ in range(options.rounds - 1):
        for name, visit in visits.items():
            times[name].append(seconds(visit, urls))
    starts = {
        name: statistics.median(seconds(visit, urls[:1]) for _ in range(options.rounds))
        for name, visit in visits.items()
    }
    server.terminate()
    print_table(times, starts, len(files))


def print_table(times: dict[str, list[float]], starts: dict[str, float], count: int) -> None:
    """Rates with the programs' start and without it (the time for one file taken off).

    And how many times the scrape's time each of the others takes.
    """
    middle = {name: statistics.median(values) for name, values in times.items()}
    ours = next(iter(middle))
    print(f"{'':34}{'seconds':>9}{'files/s':>9}{'without start':>15}{'scrape is x':>13}{'without start':>15}")
    for name, value in middle.items():
        net = value - starts[name]
        ratio, net_ratio = value / middle[ours], net / (middle[ours] - starts[ours])
        print(f"{name:34}{value:9.2f}{count / value:9.0f}{count / net:15.0f}{ratio:13.2f}{net_ratio:15.2f}")


if __name__ == "__main__":
    main()
