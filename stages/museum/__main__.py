"""Open the museum: `python -m stages.museum` paints, serves on 127.0.0.1, prints the address; ends with its input."""

import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor

from stages.common import params
from stages.common.cli import run_cli
from stages.common.processes import end_with_parent
from stages.museum.painter import paint
from stages.museum.params import MuseumParams
from stages.museum.scans import LONG_EDGE, Rendition, renditions
from stages.museum.site import Site, serve
from stages.museum.works import Work, plan


def main() -> None:
    museum = params.load().section(MuseumParams)
    works = plan(museum.works, museum.reserve, museum.seed)
    with ProcessPoolExecutor(os.cpu_count(), initializer=end_with_parent) as pool:
        # By number, not by set: a visit to the first works of each set need not wait for all the others.
        scans = {work.id: pool.submit(publish, work) for work in sorted(works, key=lambda work: work.number)}
        server = serve(Site(works, lambda work: scans[work.id].result()))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        sys.stdin.read()  # whoever opened the museum closes it by closing this pipe, or by ending
        server.shutdown()
        pool.shutdown(cancel_futures=True)


def publish(work: Work) -> list[Rendition]:
    """Paint a work and make its renditions (runs in a process of the pool)."""
    return renditions(work, paint(work, LONG_EDGE[work.set]))


if __name__ == "__main__":
    run_cli(main)
