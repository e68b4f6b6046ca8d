"""Read and check params.yaml: every section by the schema that its stage package owns (stages/<stage>/params.py).

Each entry point loads the whole file, so that an impossible value of a late stage fails before the first stage works.
The schemas are named here and imported when a file is checked: no stage depends on the schemas of the others.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, TypeVar

from pydantic import ValidationError

from stages.common import plain_yaml
from stages.common.cli import UserError, nearest
from stages.common.section import Section

SECTIONS = {
    "museum": "stages.museum.params:MuseumParams",
    "scrape": "stages.scrape.params:ScrapeParams",
    "dedupe": "stages.dedupe.params:DedupeParams",
    "split": "stages.split.params:SplitParams",
    "augment": "stages.augment.params:AugmentParams",
    "train": "stages.train.params:TrainParams",
    "generate": "stages.generate.params:GenerateParams",
    "stylize": "stages.stylize.params:StylizeParams",
    "upscale": "stages.upscale.params:UpscaleParams",
    "evaluate": "stages.evaluate.params:EvaluateParams",
    "track": "stages.track.params:TrackParams",
    "runtime": "stages.common.section:RuntimeParams",
    "study": "stages.study.params:StudyParams",
}
RENAMED = {
    "augment.colour": "augment.color",
    "train.device": "runtime.device",
    "train.precision": "runtime.precision",
    "train.threads": "runtime.threads",
}
SHOWN = 200  # characters of a wrong value
REMEDY = "Set it in params.yaml, or for one experiment with `dvc exp run -S key=value`."
Kind = TypeVar("Kind", bound=Section)


class Params(Mapping[str, Section]):
    """The checked sections by name, and `raw`, the file as it says it (with "auto" where it says so)."""

    def __init__(self, raw: dict[str, Any], sections: dict[str, Section]):
        self.raw, self._sections = raw, sections

    def __getitem__(self, name: str) -> Any:
        return self._sections[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sections)

    def __len__(self) -> int:
        return len(self._sections)

    def section(self, kind: type[Kind]) -> Kind:
        """The section of a type, such as `params.section(TrainParams)`."""
        (found,) = [section for section in self._sections.values() if isinstance(section, kind)]
        return found

    def flat(self) -> dict[str, Any]:
        """Every value by its key ("train.seed"), "auto" replaced; without `study`, on which no result depends."""
        return flatten({name: section.model_dump() for name, section in self.items() if name != "study"})


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml; raises UserError that names each wrong key, its value, the choices and the remedy."""
    try:
        values = plain_yaml.parse(path.read_bytes())
    except FileNotFoundError as error:
        raise UserError(f"{path} is not there: run the stages from the repository's root") from error
    except plain_yaml.NotPlain as error:
        raise UserError(f"{path} is not valid YAML: {error}") from error
    return check(values, str(path))


def check(values: Any, origin: str) -> Params:
    """The sections of what params.yaml says; raises UserError as `load` does, `origin` says what cannot be used."""
    if not isinstance(values, dict):
        raise UserError(
            f"{origin} cannot be used: it has no sections, but is {_shown(values)}. Take the project's params.yaml."
        )
    sections = {}
    wrong = [f"{name} is not a known key{nearest(str(name), SECTIONS)}" for name in values if name not in SECTIONS]
    for name in SECTIONS:
        if name not in values:
            wrong.append(f"{name} is missing")
            continue
        try:
            sections[name] = schema(name).model_validate(values[name])
        except ValidationError as error:
            wrong += [_explain(name, item) for item in error.errors()]
    if wrong:
        raise UserError("\n  ".join([f"{origin} cannot be used:", *wrong, REMEDY]))
    return Params(values, sections)


def schema(name: str) -> type[Section]:
    """The model of a section."""
    return resolve_name(SECTIONS[name])


def known_keys() -> list[str]:
    """Every key, such as "train.seed"."""
    return [f"{name}.{key}" for name in SECTIONS for key in schema(name).model_fields]


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"train": {"seed": 0}} as {"train.seed": 0}."""
    flat = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _shown(value: Any) -> str:
    """A value for a message; of a long one the beginning."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "an endless number"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _explain(name: str, item: Mapping[str, Any]) -> str:
    """One line for one of pydantic's errors in a section."""
    key = ".".join(str(part) for part in (name, *item["loc"]))
    further = schema(name).further_choice(key.removeprefix(f"{name}."))
    match item["type"]:
        case "extra_forbidden" if key in RENAMED:
            return f"{key} is now called {RENAMED[key]}: rename it"
        case "extra_forbidden":
            return f"{key} is not a known key{nearest(key, [*SECTIONS, *known_keys()])}"
        case "missing":
            return f"{key} is missing"
        case "value_error":
            return str(item["ctx"]["error"])
        case "literal_error":
            return f"{key} is {_shown(item['input'])}, but must be one of {item['ctx']['expected']}{further}"
        case "float_type" if isinstance(item["input"], str):
            text = "YAML reads 2e-4 as text: write 0.0002"
            return f"{key} is the text {_shown(item['input'])}, but must be a number ({text})"
        case _:
            return f"{key} is {_shown(item['input'])}, but {item['msg'].replace('Input should', 'it should')}{further}"
