"""Small ICC profiles for tests, written by the specification, ICC.1:2001-04: a matrix and a curve, or a curve."""

import struct

import numpy as np

WHITE = (0.9642, 1.0, 0.8249)  # D50
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])  # to XYZ under D50
ADOBE = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])


def colors(name: str, matrix: np.ndarray, gamma: float) -> bytes:
    """A profile for RGB: the columns of `matrix` are its primaries, numbers are light to the power of 1/gamma."""
    tags = {b"rXYZ": _xyz(matrix[:, 0]), b"gXYZ": _xyz(matrix[:, 1]), b"bXYZ": _xyz(matrix[:, 2])}
    return _profile(b"RGB ", name, tags | {kind: _curve(gamma) for kind in (b"rTRC", b"gTRC", b"bTRC")})


def gray(name: str, gamma: float) -> bytes:
    """A profile for gray."""
    return _profile(b"GRAY", name, {b"kTRC": _curve(gamma)})


def to_light(values: np.ndarray) -> np.ndarray:
    """Numbers of sRGB, 0..255, as light, 0..1 (IEC 61966-2-1)."""
    values = np.asarray(values) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def written_in(values: np.ndarray, matrix: np.ndarray, gamma: float) -> np.ndarray:
    """Colors of sRGB, uint8 [..., 3], in the numbers of another space."""
    light = to_light(values) @ (np.linalg.inv(matrix) @ SRGB).T
    return np.clip(np.round(255 * np.clip(light, 0, 1) ** (1 / gamma)), 0, 255).astype(np.uint8)


def _xyz(values: np.ndarray | tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def _profile(space: bytes, name: str, tags: dict[bytes, bytes]) -> bytes:
    text = name.encode() + b"\0"
    said = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {b"desc": said, b"cprt": b"text" + bytes(4) + b"CC0\0", b"wtpt": _xyz(WHITE), **tags}
    at, table, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for kind, data in tags.items():
        table += kind + struct.pack(">II", at + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = struct.pack(">I4s4s4s4s4s", at + len(body), b"none", b"\2\x40\0\0", b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(WHITE)[8:]
    return head.ljust(128, b"\0") + table + body
