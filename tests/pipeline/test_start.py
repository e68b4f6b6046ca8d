"""An entry point imports no heavy package that it does not need: what a stage costs before it does anything."""

import json
import subprocess
import sys

import pytest
from closure import ROOT, SECOND, entry_point

# Packages, and parts of them, that take tenths of a second or more to import.
HEAVY = {
    "cv2", "dvc", "faiss", "matplotlib", "mlflow", "pandas", "scipy", "scipy.stats", "sklearn", "spandrel",
    "torch", "torch._dynamo", "torch._inductor", "torch_fidelity", "torchvision",
}  # fmt: skip
# What each needs. MLflow itself imports pandas and parts of scipy.
NEEDED = {
    ("links", "inputs", "scrape", "split", "augment", "sheet", "readme"): set(),
    ("dedupe", "museum"): {"cv2", "faiss"},
    ("report", "study"): {"matplotlib", "scipy"},
    ("train", "generate", "stylize", "upscale"): {"torch"},
    ("evaluate",): {"torch", "scipy"},
    ("track",): {"mlflow", "pandas", "scipy"},
}
# Networks that compute and learn, after the entry points.
COMPUTE = """
from stages.common.device import prepare
from stages.common.optimizers import Adam, LBFGS
from stages.common.section import RuntimeParams
from stages.metrics import inception
import torch
runtime = prepare(RuntimeParams(device="cpu", precision="float32", kernels="portable", threads=1))
assert torch.are_deterministic_algorithms_enabled()
network = inception.load(runtime.device)
network(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
layer = torch.nn.Linear(2, 2)
layer(torch.ones(2)).sum().backward()
for optimizer in (Adam(layer.parameters(), fused=True), LBFGS(layer.parameters(), max_iter=1)):
    optimizer.step(lambda: torch.zeros(()))
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.zero_grad()
"""


def loaded(stages, more=""):
    """The heavy ones that are there after a process has imported the entry points, and done more."""
    files = [entry_point(stage).relative_to(ROOT).with_suffix("") for stage in stages]
    imports = [f"import {'.'.join(file.parts)}" for file in files]
    tell = f"import json, sys; print(json.dumps(sorted(set(sys.modules) & set({sorted(HEAVY)}))))"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*imports, more, tell])], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_every_entry_point_is_looked_at():
    there = {path.parent.name for path in (ROOT / "stages").glob("*/__main__.py")} | set(SECOND)
    assert sorted(stage for stages in NEEDED for stage in stages) == sorted(there)


@pytest.mark.parametrize(
    ("stages", "needed"),
    [
        pytest.param(stages, needed, id=stages[0], marks=[pytest.mark.slow] if needed & {"torch", "mlflow"} else [])
        for stages, needed in NEEDED.items()
    ],
)
def test_entry_points_import_the_heavy_packages_that_they_need_and_no_other(stages, needed):
    assert loaded(stages) == needed


@pytest.mark.slow
def test_networks_compute_and_learn_without_pytorchs_compiler():
    assert loaded(["train", "stylize"], COMPUTE) == {"torch"}
