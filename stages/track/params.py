"""The section `track` of params.yaml."""

from stages.common.section import Section, Text


class TrackParams(Section):
    experiment: Text
