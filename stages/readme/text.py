"""The README's lines about the last run."""

from stages.common.cli import UserError
from stages.common.records import EvaluateMetrics, TrainMetrics
from stages.metrics import table


def numbers(train: TrainMetrics, found: EvaluateMetrics) -> str:
    """The metrics in both feature spaces as Markdown, and how many pictures they are of."""
    lines = ["| | Inception | EfficientNet |", "|---|---|---|"]
    for row in table.rows(found):
        spaces = (row.inception, row.efficientnet)
        if row.efficientnet.value:  # copying is searched for in a space of its own
            told = [f"{cell.value} ({cell.interval})" if cell.value else "" for cell in spaces]
            lines.append(_line(f"**{row.name}**", told))
        if row.key == table.HEADLINE:
            lines.append(_line("its floor: other real works", [cell.floor for cell in spaces]))
    copied = table.cell(found, "copied")
    told = (
        f"Copied: {copied.value} of the samples ({copied.interval}). {train['works']} training works, "
        f"{train['kimg']:g} thousand pictures shown, {found['n_generated']} samples, {found['n_real']} test works that "
        f"nothing before has seen, {found['n_floor']} other works for the floor. In brackets: 95 % intervals. "
        f"The machine at hand trained in {train['runtime']['precision']} on {train['runtime']['threads']} threads."
    )
    return "\n".join([*lines, "", told])


def between(text: str, name: str, lines: str, file: str) -> str:
    """The text with the lines between `<!-- name -->` and `<!-- /name -->` replaced.

    `file` is what the message of a UserError calls a text that has none.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = text.partition(start)
    if end not in rest:
        raise UserError(f"{file} has no lines {start.strip()} and, below it, {end}: put them where the {name} belong")
    return f"{before}{start}{lines}\n{rest[rest.index(end) :]}"


def _line(name: str, cells: list[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join([name, *cells])} |"
