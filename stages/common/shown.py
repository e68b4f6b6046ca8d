"""Which params may leave this machine: the MLflow runs and the report's page show these and no others."""

from collections.abc import Mapping
from typing import Any

PRIVATE = {"scrape.contact"}  # somebody's address: no result depends on it


def public(values: Mapping[str, Any]) -> dict[str, Any]:
    """The params, by keys such as "train.seed", without somebody's address."""
    return {key: value for key, value in values.items() if key not in PRIVATE}
