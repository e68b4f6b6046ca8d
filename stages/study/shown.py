"""The metrics that the study draws and tells of, of all that its table has."""

from collections.abc import Sequence
from dataclasses import dataclass

from stages.study.effects import Row


@dataclass(frozen=True)
class Shown:
    """How a column of metrics/study.csv is shown; less is better."""

    label: str  # in tables
    decimals: int
    figure: str  # name of its file
    title: str
    unit: str  # of the axis
    reference: str  # name of a level to compare with
    level: float = 0.0  # that level
    floor: str = ""  # the column whose mean is the level instead
    distance: bool = True  # between distributions: a learning curve describes it, and its paired effects are drawn

    def reference_level(self, rows: Sequence[Row]) -> float:
        """The level to compare with."""
        if not self.floor:
            return self.level
        floors = [row[self.floor] for row in rows if row[self.floor] is not None]
        return sum(floors) / max(1, len(floors))


SHOWN = {
    "fld": Shown(
        label="FLD",
        decimals=1,
        figure="fld",
        title="FLD to the test works, by training works",
        unit="FLD, less is better",
        reference="0: as other real works",
    ),
    "kid": Shown(
        label="KID",
        decimals=3,
        figure="kid",
        title="KID to the test works, by training works",
        unit="KID, less is better",
        reference="floor: other real works",
        floor="kid_floor",
    ),
    "fid_above_floor": Shown(
        label="FID above the floor",
        decimals=0,
        figure="fid",
        title="FID above the floor, by training works",
        unit="FID above the floor, less is better",
        reference="floor: other real works",
    ),
    "copied": Shown(
        label="share of copies",
        decimals=3,
        figure="copied",
        title="Copies of training works among the samples",
        unit="share of samples",
        reference="1 %: as works that nobody trained on",
        level=0.01,
        distance=False,
    ),
}
DISTANCES = {key: shown for key, shown in SHOWN.items() if shown.distance}


def measured(rows: Sequence[Row]) -> dict[str, Shown]:
    """What is shown of rows: the columns that have numbers."""
    return {key: shown for key, shown in SHOWN.items() if any(row[key] is not None for row in rows)}
