"""The section `split` of params.yaml."""

from typing import Annotated, Literal

from stages.common.section import Count, Fraction, Or, Section, Seed


class SplitParams(Section):
    train_works: Annotated[int | Literal["all"], Or("all", Count)]
    validation_works: Count
    test_works: Count
    validation_fraction: Fraction
    test_fraction: Fraction
    seed: Seed
    order: Seed

    @classmethod
    def further_choice(cls, key: str) -> str:
        """`all`, for the training works."""
        return " (or 'all': every work that is left)" if key == "train_works" else ""
