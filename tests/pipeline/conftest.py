"""What the tests of whole pipelines share."""

import pytest
from clone import Clone, finished


@pytest.fixture(scope="module")
def clone(tmp_path_factory, clean_environment, set_params) -> Clone:
    """A clone in which all stages have run once, and whose results are committed."""
    environment = clean_environment()
    del environment["PYTHONPATH"]  # its own stages/, not ours
    return finished(tmp_path_factory, environment, set_params)
