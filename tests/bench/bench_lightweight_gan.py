"""Images per second of training steps beside lightweight-gan from PyPI, at the same resolution, batch and threads.

Prints Markdown.

    PYTHONPATH=. OMP_NUM_THREADS=1 python tests/bench/bench_lightweight_gan.py --architectures fastgan dcgan --threads 1
    PYTHONPATH=. python tests/bench/bench_lightweight_gan.py --architectures fastgan --device cuda --resolutions 256

lightweight-gan and what it lacks are installed into a throw-away folder (or are in the one of `--packages`), which a
process of its own sees before our packages, so that torch is there already. It asks for a GPU; without `--device cuda`
a driver outside of its code and ours puts it on the CPU. On a GPU this has not been run to its end yet.
Its networks are other ones than ours (see the numbers of parameters): the ratio compares the training steps that each
project ships, not two implementations of one network. Let the steps be a multiple of 8: then both count their lazy
gradient penalties (every 4 steps, every train.penalty_every) in the right share.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import peers
from bench_gan_speed import WARM, Graphs, Ours, conditions, paint, parse, rate, variant

from stages.common.device import Runtime, prepare
from stages.common.section import RuntimeParams
from stages.gan.build import count_parameters

PACKAGES = [
    "lightweight-gan==1.2.1",
    "einops==0.8.2",
    "kornia==0.9.0",
    "kornia-rs==0.2.0",
    "adabelief-pytorch==0.2.1",
    "colorama==0.4.6",
    "tabulate==0.10.0",
]
NETWORKS = {  # lightweight-gan's arguments; the first are its command line's
    "lightweight-gan": {"attn_res_layers": [32]},
    "the same without attention": {"attn_res_layers": []},
    # Fewer parameters than our fastgan, 2.0 M in all.
    "the same, narrow": {"attn_res_layers": [], "fmap_max": 64, "latent_dim": 128},
}
ON_A_GPU = {"amp": True, "num_workers": 4}  # float16; its own processes read the pictures
DRIVER = """
import json, sys, time
import torch

asked = json.loads(sys.argv[1])
torch.set_num_threads(asked["threads"])
there = torch.cuda.is_available
torch.cuda.is_available = lambda: True  # it will not be imported without a GPU
from lightweight_gan import lightweight_gan
torch.cuda.is_available = there

class OnCpu:
    "torch, but every device is the CPU."
    def device(self, _):
        return torch.device("cpu")
    def __getattr__(self, name):
        return getattr(torch, name)

wait = torch.cuda.synchronize
if asked["device"] == "cpu":
    torch.Tensor.cuda = torch.nn.Module.cuda = lambda self, *_: self
    lightweight_gan.torch = OnCpu()
    wait = lambda: None
sizes = {"image_size": asked["resolution"], "batch_size": asked["batch"], "disc_output_size": 1}
trainer = lightweight_gan.Trainer(base_dir=asked["base"], use_aim=False, **sizes, **asked["network"])
trainer.set_data_src(asked["pictures"])
trainer.evaluate = trainer.save = lambda *_, **__: None  # sheets and checkpoints, at every hundredth step from 0 on
clock = {"wall": time.perf_counter, "processor": time.process_time}[asked["clock"]]
for _ in range(asked["warm"]):
    trainer.train()
wait()
start = clock()
for _ in range(asked["steps"]):
    trainer.train()
wait()
seconds = clock() - start
networks = trainer.GAN.G, trainer.GAN.D
sizes = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
print(json.dumps({"rate": asked["steps"] * asked["batch"] / seconds, "sizes": sizes}))
"""


def compare(base: Path, packages: Path, resolution: int, asked: argparse.Namespace, runtime: Runtime) -> None:
    """Print the rows of one resolution: rates in turns."""
    folder = paint(base / f"pictures{resolution}", resolution)
    kind = Graphs if asked.device == "cuda" else Ours
    more = ON_A_GPU if asked.device == "cuda" else {"num_workers": 0}
    ours = {
        architecture: kind(variant(architecture, resolution, asked), runtime, folder)
        for architecture in asked.architectures
    }
    order = {key: getattr(asked, key) for key in ("threads", "batch", "steps", "clock", "device")}
    order |= {"warm": WARM[asked.device], "resolution": resolution, "base": str(base), "pictures": str(folder)}
    sizes = {
        name: [count_parameters(own.state.generator), count_parameters(own.state.discriminator)]
        for name, own in ours.items()
    }
    rates: dict[str, list[float]] = {name: [] for name in [*NETWORKS, *ours]}
    for own in ours.values():
        own.run(WARM[asked.device])
    for _ in range(asked.repeats):
        for name, network in NETWORKS.items():
            measured = peers.run(packages, DRIVER, order | {"network": network | more}, asked.threads)
            rates[name].append(measured["rate"])
            sizes[name] = measured["sizes"]
        for name, own in ours.items():
            rates[name].append(rate(own, asked))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    for name, values in rates.items():
        millions = " + ".join(f"{size / 1e6:.1f} M" for size in sizes[name])
        ratios = " | ".join(f"{middle[name] / middle[other]:.2f}" for other in NETWORKS)
        print(f"| {resolution} | {name} | {millions} | {middle[name]:.2f} ({max(values):.2f}) | {ratios} |", flush=True)


def main() -> None:
    asked = parse(str(__doc__), [64])
    runtime = prepare(
        RuntimeParams(device=asked.device, precision=asked.precision, kernels="portable", threads=asked.threads)
    )
    print(f"{conditions(asked, runtime)}\n")
    ratios = "ratio to the first | to the second | to the third"
    print(f"| pixels | | parameters, generator + discriminator | images/s, median (best) | {ratios} |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        packages = asked.packages or base / "packages"
        if not asked.packages:
            peers.install(packages, PACKAGES)
        for resolution in asked.resolutions:
            compare(base, packages, resolution, asked, runtime)


if __name__ == "__main__":
    main()
