"""What the tests of the stage track share."""

import pytest
from leftovers import lay_out


@pytest.fixture
def with_results(workspace):
    """A workspace with what the other stages leave behind."""
    lay_out(workspace.folder)
    return workspace
