"""The section `split` of params.yaml."""

from stages.common.section import Count, Fraction, Section, Seed


class SplitParams(Section):
    train_works: Count
    validation_works: Count
    test_works: Count
    validation_fraction: Fraction
    test_fraction: Fraction
    seed: Seed
