"""A workspace in which all stages before the report have run."""

import pytest
from finished import results


@pytest.fixture
def finished(workspace):
    results(workspace.folder)
    return workspace
