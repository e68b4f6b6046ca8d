"""Where and how exactly the networks compute: device, precision, threads, determinism.

Call `prepare` before any tensor exists.
"""

import ctypes
import os
import sys
from dataclasses import dataclass

import torch

from stages.common.cli import UserError
from stages.common.section import RuntimeParams

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h


@dataclass(frozen=True)
class Runtime:
    """What `prepare` chose."""

    device: torch.device
    dtype: torch.dtype
    threads: int

    def report(self) -> dict[str, str | int]:
        """For the metrics file: a result depends on these."""
        return {
            "device": self.device.type,
            "precision": str(self.dtype).removeprefix("torch."),
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
    torch.use_deterministic_algorithms(True)
    # A debugging aid that costs time and changes no result; PyTorch declares no type for the attribute.
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    torch.backends.cudnn.benchmark = False
    device = _device(chosen.device)
    return Runtime(device, _dtype(chosen.precision, device), chosen.threads)


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


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    fast, possible = _bfloat16(device)
    if precision == "bfloat16" and not possible:
        raise UserError(
            f"runtime.precision is 'bfloat16', but this machine's {device.type} has no bfloat16 arithmetic. "
            "Set runtime.precision to float32 or auto."
        )
    return torch.bfloat16 if precision == "bfloat16" or (precision == "auto" and fast) else torch.float32


def _bfloat16(device: torch.device) -> tuple[bool, bool]:
    """Whether bfloat16 is faster than float32 there, and whether it can be had at all."""
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return native, native
    if device.type == "cpu":
        # AMX doubles the speed (measured); avx512_bf16 alone computes it, but no faster than float32.
        has = torch.cpu.get_capabilities()
        return has.get("amx_bf16", False), has.get("amx_bf16", False) or has.get("avx512_bf16", False)
    return False, True
