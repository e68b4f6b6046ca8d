"""The stage's metrics beside torch-fidelity and scipy: the same numbers, in what time? Prints Markdown.

    PYTHONPATH=.:tests/evaluate OMP_NUM_THREADS=2 python tests/bench/bench_evaluate.py --threads 2

Same weights, same pictures, same threads, in turns. The pictures are museum works of the default run (data/works)
against variations of them.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
from fidelity_weights import write_weights
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from stages.augment.vary import vary
from stages.common import device, images
from stages.common.records import read_split
from stages.common.section import RuntimeParams
from stages.evaluate.pictures import works
from stages.metrics import frechet, inception, manifold
from stages.metrics.comparison import Comparison
from stages.metrics.features import features
from stages.metrics.kid import kid

CPU = torch.device("cpu")
PIXELS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=72, help="pictures of each side")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    device.prepare(RuntimeParams(device="cpu", precision="float32", kernels="portable", threads=asked.threads))
    real = works(Path("data/works"), read_split(Path("data/split.json"))["test"][: asked.count], PIXELS)
    rngs = [np.random.default_rng([1, number]) for number in range(len(real))]
    made = [vary(picture, PIXELS, rng, True, 0.3, 0.3) for picture, rng in zip(real, rngs, strict=True)]
    plain, fused = theirs(), inception.load(CPU)
    contenders: dict[str, Callable[[list], Tensor]] = {
        "torch-fidelity": lambda pictures: by_torch_fidelity(plain, pictures, asked.batch),
        "ours": lambda pictures: features(fused, pictures, asked.batch, CPU, resize="tf"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    found = {}
    for _ in range(asked.repeats):
        for name, extract in contenders.items():
            start = time.perf_counter()
            found[name] = [extract(made), extract(real)]
            seconds[name].append(time.perf_counter() - start)
    rates = {name: 2 * asked.count / statistics.median(values) for name, values in seconds.items()}
    theirs_rate, our_rate = rates["torch-fidelity"], rates["ours"]
    print(f"{asked.count} pictures a side, batch {asked.batch}, {asked.threads} threads, {asked.repeats} repeats\n")
    print("| | torch-fidelity | ours | ratio |\n|---|---|---|---|")
    print(f"| features, images per second | {theirs_rate:.1f} | {our_rate:.1f} | {our_rate / theirs_rate:.2f} |")
    generated, test = found["ours"]
    own = numbers(Comparison.of(generated, test, test, test))
    for name, value in reference(*found["torch-fidelity"]).items():
        difference = abs(own[name] - value) / abs(value)
        print(f"| {name} | {value:.6f} | {own[name]:.6f} | relative difference {difference:.1e} |")
    exact = timed(lambda: frechet.fid(Comparison.of(generated, test, test, test)))
    root = timed(lambda: by_matrix_root(generated, test))
    cells = [f"{value:.6f} in {seconds:.3f} s" for value, seconds in (root, exact)]
    print(f"| Frechet distance: scipy's sqrtm beside ours | {' | '.join(cells)} | {root[1] / exact[1]:.0f} |")


def numbers(comparison: Comparison) -> dict[str, float]:
    """Ours, of all pictures."""
    return {
        "FID": frechet.fid(comparison),
        "KID": kid(comparison),
        "precision": manifold.precision(comparison),
        "recall": manifold.recall(comparison),
    }


def theirs() -> FeatureExtractorInceptionV3:
    """torch-fidelity's extractor as it ships, with the packaged weights."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "inception.pth"
        write_weights(path)
        return FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path))


def by_torch_fidelity(network: nn.Module, pictures: list, batch: int) -> Tensor:
    """Features [N, 2048], as float64; the network resizes the pictures as the graph of 2015 did."""
    with torch.inference_mode():
        return torch.cat(
            [network(part)[0] for part in torch.from_numpy(images.to_array(pictures)).split(batch)]
        ).double()


def reference(made: Tensor, real: Tensor) -> dict[str, float]:
    """torch-fidelity's own numbers of its own features."""
    prc = prc_features_to_metric(
        made, real, prc_neighborhood=manifold.PRECISION_K, prc_batch_size=1000, save_cpu_ram=False, verbose=False
    )
    kid = kid_features_to_metric(made, real, kid_subsets=2, kid_subset_size=len(made), verbose=False)[
        "kernel_inception_distance_mean"
    ]
    fid = fid_statistics_to_metric(*map(fid_features_to_statistics, (made, real)), verbose=False)[
        "frechet_inception_distance"
    ]
    return {"FID": fid, "KID": kid, "precision": prc["precision"], "recall": prc["recall"]}


def by_matrix_root(made: Tensor, real: Tensor) -> float:
    """The definition, with the square root of a 2048 x 2048 matrix."""
    covariances = [np.cov(part.numpy(), rowvar=False) for part in (made, real)]
    root = np.real(np.asarray(scipy.linalg.sqrtm(covariances[0] @ covariances[1])))
    return float((made.mean(0) - real.mean(0)).square().sum() + np.trace(covariances[0] + covariances[1] - 2 * root))


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """What it gives, and in how many seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


if __name__ == "__main__":
    main()
