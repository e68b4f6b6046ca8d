"""The only place where a file of weights is opened: tensors come in, and no code.

A file is told by its first bytes, not by its name. Read are safetensors and PyTorch's own files (zip, and the form
before version 1.6) by the unpickler that builds tensors alone. TorchScript, which runs the file's own program while it
is read, and PyTorch's tar of 2016 are refused before any reader sees them.
"""

import io
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from stages.common.weights import Weights, locate

ZIP = b"PK\x03\x04"
OLD = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"  # torch.serialization's magic number, pickled
TAR, TAR_AT = b"ustar", 257
SAFETENSORS, SAFETENSORS_AT = b"{", 8  # behind the length of the header
TORCHSCRIPT = ("constants.pkl", "code/")  # in a zip: what a program is made of
SHARED = 4  # times the file's size that its tensors may have: some share their numbers, none repeat them without end
UNREADABLE = (  # what the readers raise for bytes that are not theirs
    *(pickle.UnpicklingError, safetensors.SafetensorError, zipfile.BadZipFile, RuntimeError, ValueError, LookupError),
    *(TypeError, AttributeError, EOFError, OSError, AssertionError, ArithmeticError),
)


class NoStateDict(ValueError):
    """The bytes are no weights that can be read without running code; the text says why."""


def packaged(weights: Weights) -> dict[str, Tensor]:
    """A packaged file, its bytes checked; raises UserError as `locate` does."""
    return torch.load(locate(weights), map_location="cpu", weights_only=True)


def packaged_graph(weights: Weights) -> dict[str, Tensor]:
    """The tensors of a packaged TorchScript file: its program is known, since the bytes are those of the table."""
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # the form of the file is an old one
        return torch.jit.load(locate(weights), map_location="cpu").state_dict()


def foreign(data: bytes) -> dict[str, Any]:
    """What a file from anywhere holds: tensors by name, perhaps a level deeper, beside plain values.

    Raises NoStateDict.
    """
    found = plain(data)
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise NoStateDict("it holds no tensors by name")
    tensors = list(_tensors(found))
    if not tensors:
        raise NoStateDict("it holds no tensors by name")
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors) > SHARED * len(data):
        raise NoStateDict("its tensors are far larger than the file")
    return dict(found)


def plain(data: bytes) -> Any:
    """Tensors, numbers, texts, lists and dicts, of safetensors or torch.save; raises NoStateDict for anything else."""
    try:
        return _read(data)
    except NoStateDict:
        raise
    except UNREADABLE as error:
        raise NoStateDict(f"it is damaged, or holds more than tensors ({_first_line(error)})") from error


def _read(data: bytes) -> Any:
    if data.startswith(ZIP):
        _check_zip(data)
    elif not data.startswith(OLD) or data[TAR_AT:].startswith(TAR):
        if not data[SAFETENSORS_AT:].startswith(SAFETENSORS):
            raise NoStateDict("it begins as neither safetensors nor a file of torch.save")
        return safetensors.torch.load(data)
    with warnings.catch_warnings(action="ignore"):  # what torch says of old files
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


def _check_zip(data: bytes) -> None:
    """Raises NoStateDict for a zip that is not what torch.save writes of plain values."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
    inside = {entry.filename.partition("/")[2] for entry in entries}
    if any(name.startswith(TORCHSCRIPT) for name in inside):
        raise NoStateDict("it is TorchScript, a program that runs while it is read")
    if "data.pkl" not in inside:
        raise NoStateDict("it is a zip without tensors")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise NoStateDict("it is a compressed zip, which torch.save does not write")


def _tensors(values: Any) -> list[Tensor]:
    """All tensors, however deep they lie."""
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, Mapping):
        values = list(values.values())
    return [found for item in values for found in _tensors(item)] if isinstance(values, list | tuple) else []


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip()}".splitlines()[0][:200]
