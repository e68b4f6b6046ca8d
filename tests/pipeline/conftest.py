"""What the tests of whole pipelines share."""

import pytest
from clone import Clone, make


@pytest.fixture(scope="module")
def clone(tmp_path_factory, clean_environment, set_params) -> Clone:
    environment = clean_environment()
    del environment["PYTHONPATH"]  # its own stages/, not ours
    return make(tmp_path_factory.mktemp("clone"), environment, set_params)
