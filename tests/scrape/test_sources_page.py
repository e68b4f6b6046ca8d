"""SOURCES.md is followed: its commands, its list of titles, its folder from the start to the works."""

import csv
import io
import itertools
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dvc.utils.hydra import apply_overrides
from loopback import picture

from stages.common import files
from stages.common.decode import FORMATS
from stages.scrape.lists import COLUMNS
from stages.scrape.sources import SOURCES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "stages/scrape/SOURCES.md").read_text(encoding="utf-8")
COMMANDS = [line.strip() for line in PAGE.splitlines() if line.startswith("    dvc ")]
TITLES = re.search(r"```csv\n(.*?)```", PAGE, re.DOTALL)


def overrides(command: str) -> list[str]:
    """The values of a command's -S, as the shell hands them to DVC."""
    words = shlex.split(command)
    return [after for before, after in itertools.pairwise(words) if before == "-S"]


def rows_of_the_page() -> Iterator[dict[str, str]]:
    assert TITLES
    yield from csv.DictReader(io.StringIO(TITLES.group(1)))


@pytest.fixture
def mine(workspace):
    """The folder that the page describes, at the home of a user."""
    folder = workspace.folder / "home" / "pictures"
    for number, row in enumerate(rows_of_the_page()):
        path = folder / row["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture("PNG" if path.suffix == ".png" else "JPEG", color=(60 * number, 90, 200)))
    assert TITLES
    (folder / "titles.csv").write_text(TITLES.group(1), encoding="utf-8")
    (folder / "door.jpg").write_bytes(picture(color="green"))
    (folder / "door.jpg.json").write_text(
        json.dumps({"title": "Door", "date": "1940-05-01 00:00:00", "artist": "Jane"})
    )
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_the_folder_part_gives_what_the_page_says(workspace, mine):
    for override in overrides(COMMANDS[0]):
        apply_overrides(workspace.folder / "params.yaml", [override])
    done = workspace.open("scrape", HOME=str(mine.parent))
    assert done.returncode == 0, done.stderr
    found = {row["image_url"]: row for row in files.read_jsonl(workspace.folder / "data/raw/catalogue.jsonl")}
    for said in rows_of_the_page():
        row = found[said["file"]]
        assert [row[name] for name in ("title", "year", "technique", "set")] == [
            said[name] for name in ("title", "year", "technique", "set")
        ]
        assert row["work"] == (said["work"] or None)
    door = found["door.jpg"]
    assert (door["title"], door["year"], door["rights"]) == ("Door", "1940", "author: Jane")
    summary = files.read_json(workspace.folder / "metrics/scrape.json")
    assert (summary["files"], summary["failed"]) == (4, 0)
    assert [entry["names"] for entry in summary["left_out"]] == [["notes.txt"]]
    assert "left out 1" in done.stdout and "notes.txt" in done.stdout


def test_every_command_is_one_that_dvc_and_the_parameters_take(workspace):
    used = set()
    for command in COMMANDS:
        (workspace.folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
        apply_overrides(workspace.folder / "params.yaml", overrides(command))
        used.add(yaml.safe_load((workspace.folder / "params.yaml").read_text(encoding="utf-8"))["scrape"]["source"])
        assert all(override.startswith("scrape.") for override in overrides(command))
    assert used == SOURCES.keys() - {"museum"}


def test_quoted_values_arrive_as_they_are(workspace):
    (command,) = [line for line in COMMANDS if "commons" in line]
    (inside,) = re.findall(r"`-S ('scrape\.category=\"[^`.]*'\\''[^`]*)`", PAGE)
    for override, value in [
        (overrides(command)[1], "Paintings by Édouard Manet"),
        (shlex.split(inside)[0], "Paintings in the Musée de l'Orangerie"),
        ('scrape.category="Eggs (oil), by me"', "Eggs (oil), by me"),
    ]:
        apply_overrides(workspace.folder / "params.yaml", [override])
        assert yaml.safe_load((workspace.folder / "params.yaml").read_text())["scrape"]["category"] == value


def test_the_page_names_every_column_and_every_kind_of_picture():
    assert all(f"`{name}`" in PAGE for name in (*COLUMNS, "file", "url"))
    words = {"JPEG2000": "JPEG 2000", "JXL": "JPEG XL", "HEIF": "HEIC", "WEBP": "WebP", "MPO": "JPEG"}
    assert all(words.get(kind, kind) in PAGE for kind in FORMATS)
    assert "stages/scrape/SOURCES.md" in (ROOT / "README.md").read_text()


@pytest.mark.slow
def test_dvc_runs_the_command_of_the_folder(tmp_path, mine, clean_environment):
    """The page's first command in a clone, as far as the works."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    done = subprocess.run(
        ["bash", "-c", COMMANDS[0] + " dedupe"],
        cwd=clone,
        env=clean_environment(HOME=str(mine.parent)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    works = files.read_jsonl(clone / "data/works/works.jsonl")
    assert {work["title"] for work in works} >= {"Door", "Boat, at Night"}
