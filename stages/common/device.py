"""Where and how exactly the networks compute: device, precision, threads, determinism.

Call `prepare` before any tensor exists.
"""

import ctypes
import os
import sys
from dataclasses import dataclass
from typing import Literal

import torch

from stages.common.cli import UserError
from stages.common.section import RuntimeParams

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h


@dataclass(frozen=True)
class Kernel:
    """A way to compute convolutions; what has no Winograd's algorithm of its own takes it for direct."""

    dtype: torch.dtype
    convolution: Literal["direct", "winograd"] = "direct"

    @property
    def precision(self) -> str:
        """As `runtime.precision` names it."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def name(self) -> str:
        """For people, and for the cache of measured kernels."""
        return f"{self.precision} {self.convolution}"


FLOAT32, BFLOAT16, WINOGRAD = Kernel(torch.float32), Kernel(torch.bfloat16), Kernel(torch.float32, "winograd")


@dataclass(frozen=True)
class Runtime:
    """What `prepare` chose; `stages.common.kernels.fastest` may choose another kernel."""

    device: torch.device
    kernel: Kernel
    threads: int

    @property
    def dtype(self) -> torch.dtype:
        """Of the networks' convolutions."""
        return self.kernel.dtype

    def report(self) -> dict[str, str | int]:
        """For the metrics file: a result depends on these."""
        return {
            "device": self.device.type,
            "precision": self.kernel.precision,
            "convolution": self.kernel.convolution,
            "threads": self.threads,
        }


def prepare(chosen: RuntimeParams) -> Runtime:
    """Choose device and precision, fix the number of threads, and switch to deterministic algorithms.

    The same bits come out only for the same number of threads, so `threads` is a parameter and not "all cores".
    Raises UserError when the asked device or precision cannot be had.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with it
    _keep_freed_memory()
    torch.set_num_threads(chosen.threads)
    # The same as use_deterministic_algorithms(True), which would import PyTorch's compiler, more than a second.
    torch.set_deterministic_debug_mode("error")
    # A debugging aid that costs time and changes no result; PyTorch declares no type for the attribute.
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    torch.backends.cudnn.benchmark = False
    device = _device(chosen.device)
    return Runtime(device, _kernel(chosen.precision, device), chosen.threads)


def can_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 by itself; a CPU without would emulate it, slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    has = torch.cpu.get_capabilities()
    return device.type != "cpu" or has.get("amx_bf16", False) or has.get("avx512_bf16", False)


def _keep_freed_memory() -> None:
    """Let the C library reuse large blocks.

    It would give each back to the system, which fills a new one with zeros: a fifth of the time of large tiles.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(library, "mallopt"):  # glibc
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def _device(name: str) -> torch.device:
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(key for key, there in available.items() if there)
    if not available[name]:
        there = ", ".join(key for key, value in available.items() if value)
        raise UserError(
            f"runtime.device is {name!r}, but this machine offers only: {there}. "
            "Set runtime.device to one of them or to auto."
        )
    return torch.device(name)


def _kernel(precision: str, device: torch.device) -> Kernel:
    if precision == "bfloat16" and not can_bfloat16(device):
        raise UserError(
            f"runtime.precision is 'bfloat16', but this machine's {device.type} has no bfloat16 arithmetic. "
            "Set runtime.precision to float32 or auto."
        )
    # A GPU that has bfloat16 is always faster with it; which CPU is must be measured.
    fast = device.type == "cuda" and can_bfloat16(device)
    return BFLOAT16 if precision == "bfloat16" or (precision == "auto" and fast) else FLOAT32
