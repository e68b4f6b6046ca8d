"""The section `museum` of params.yaml."""

from stages.common.section import Count, CountOrNone, Section, Seed


class MuseumParams(Section):
    """The embedded default source; the comments in params.yaml say what each key of each section does."""

    works: Count
    reserve: CountOrNone
    seed: Seed
