"""The metrics that the study draws and tells of, of all that its table has."""

from collections.abc import Sequence
from dataclasses import dataclass

from stages.metrics.table import METRICS
from stages.study.effects import Row, mean
from stages.study.learning import Groups, Value, scatter


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

    def mean(self, groups: Groups, works: int) -> Value:
        """Of a size, with its interval.

        A distance scatters alike at all sizes. A share does not: near 0 hardly at all, and it is never below 0 or above
        1; shares that are all the same have no interval, as they tell nothing of the chance.
        """
        values = list(groups[works].values())
        if self.distance:
            return mean(values, scatter(groups))
        found = mean(values)
        if found.low == found.high:
            return Value(found.value, float("nan"), float("nan"))
        return Value(found.value, *(min(max(end, 0.0), 1.0) for end in (found.low, found.high)))


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
FLOORS_ALIKE = 0.01  # share by which floors of the same works differ at most, by the machines that measured them
DISTANCES = {key: shown for key, shown in SHOWN.items() if shown.distance}


def floors_differ(rows: Sequence[Row]) -> bool:
    """Whether cells have floors of other works, as those have whose training works are the floor (evaluate)."""
    floors: dict[bool, list[float]] = {}
    for row in rows:
        if row.get("fid_floor") is not None:
            floors.setdefault(row["deduplicated"], []).append(row["fid_floor"])
    return any(max(some) - min(some) > FLOORS_ALIKE * max(some) for some in floors.values())


def comparable(rows: Sequence[Row]) -> dict[str, Shown]:
    """The distances that compare between sizes: where floors differ, those from which no floor is taken off."""
    differ = floors_differ(rows)
    return {key: shown for key, shown in DISTANCES.items() if not (differ and METRICS[key].above_floor)}


def measured(rows: Sequence[Row]) -> dict[str, Shown]:
    """What is shown of rows: the columns that have numbers."""
    return {key: shown for key, shown in SHOWN.items() if any(row[key] is not None for row in rows)}
