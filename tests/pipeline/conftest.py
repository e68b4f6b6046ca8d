"""What the tests of whole pipelines share."""

import os
from collections.abc import Iterator

import pytest
from clone import Clone, finished
from forking_python import forking_python


@pytest.fixture(scope="module")
def clone(tmp_path_factory, clean_environment, set_params) -> Iterator[Clone]:
    """A clone in which all stages have run once, and whose results are committed; further runs start faster."""
    environment = clean_environment()
    del environment["PYTHONPATH"]  # its own stages/, not ours
    found = finished(tmp_path_factory, environment, set_params)
    with forking_python() as folder:
        environment["PATH"] = os.pathsep.join([folder, environment["PATH"]])
        yield found
