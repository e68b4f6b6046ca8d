"""What `python -m stages.readme` writes: lines between markers, and nothing of the user's text twice."""

import pytest

from stages.common.cli import UserError
from stages.readme import text

START, END = "<!-- numbers -->\n", "<!-- /numbers -->\n"


def test_the_lines_between_the_markers_are_replaced_and_nothing_else():
    assert text.between(f"a\n{START}old\n{END}b\n", "numbers", "new", "R") == f"a\n{START}new\n{END}b\n"
    before = f"about {END}mine\n{START}"
    assert text.between(f"{before}old\n{END}b\n", "numbers", "new", "R") == f"{before}new\n{END}b\n"


@pytest.mark.parametrize("lines", ["mine\n", f"{START}mine\n", f"{END}mine\n", f"a\n{END}mine\n{START}old\n"])
def test_a_text_without_the_markers_in_their_order_is_told_and_left(lines):
    with pytest.raises(UserError, match="R has no lines <!-- numbers --> and, below it, <!-- /numbers -->"):
        text.between(lines, "numbers", "new", "R")
