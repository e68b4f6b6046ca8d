"""The judge beside torch-fidelity and scipy: the same numbers, in what time? Prints Markdown.

    PYTHONPATH=. OMP_NUM_THREADS=2 python tests/bench/bench_evaluate.py --threads 2

Same weights, same pictures, same threads, in turns. The pictures are museum works of the default run (data/works) against variations of them.
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
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from stages.augment.vary import vary
from stages.common import device, files, images
from stages.common.section import RuntimeParams
from stages.evaluate.__main__ import works
from stages.metrics import frechet, inception, kernel, manifold
from stages.metrics.features import features
from stages.metrics.kernel import Gram

CPU = torch.device("cpu")
PIXELS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=72, help="pictures of each side")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    device.prepare(RuntimeParams(device="cpu", precision="float32", threads=asked.threads))
    real = works(files.read_json(Path("data/split.json"))["test"][: asked.count], PIXELS)
    made = [
        vary(picture, PIXELS, np.random.default_rng([1, number]), True, 0.3, 0.3) for number, picture in enumerate(real)
    ]
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
    print(
        f"{asked.count} pictures a side, batch {asked.batch}, {asked.threads} threads, {asked.repeats} repeats in turns\n"
    )
    print("| | torch-fidelity | ours | ratio |\n|---|---|---|---|")
    print(
        f"| features, images/s | {rates['torch-fidelity']:.1f} | {rates['ours']:.1f} | {rates['ours'] / rates['torch-fidelity']:.2f} |"
    )
    gram = Gram.of(*found["ours"])
    shares = manifold.measure(gram)
    own = {
        "FID": frechet.distance(gram),
        "KID": kernel.distance(gram, 2, 0)[0],
        "precision": shares["precision"],
        "recall": shares["recall"],
    }
    for name, value in reference(*found["torch-fidelity"]).items():
        print(
            f"| {name} | {value:.6f} | {own[name]:.6f} | relative difference {abs(own[name] - value) / abs(value):.1e} |"
        )
    exact, root = (
        timed(lambda: frechet.distance(Gram.of(*found["ours"]))),
        timed(lambda: by_matrix_root(*found["ours"])),
    )
    print(
        f"| Frechet distance: scipy's sqrtm beside ours | {root[0]:.6f} in {root[1]:.2f} s | {exact[0]:.6f} in {exact[1]:.3f} s | {root[1] / exact[1]:.0f} |"
    )


def theirs() -> FeatureExtractorInceptionV3:
    """torch-fidelity's extractor as it ships, with the packaged weights."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "inception.pth"
        torch.save(
            inception.build().state_dict() | {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}, path
        )
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
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    return float((made.mean(0) - real.mean(0)).square().sum() + np.trace(covariances[0] + covariances[1] - 2 * root))


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """What it gives, and in how many seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


if __name__ == "__main__":
    main()
