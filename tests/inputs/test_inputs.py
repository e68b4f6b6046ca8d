"""What DVC cannot see: links to outside files and their fingerprints, own files in output folders."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest
import surroundings
import yaml
from dvc.repo import Repo
from PIL import Image

from stages.inputs import fingerprints, linking, own_files

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("scrape", "upscale")  # of the links
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "early").mkdir(parents=True)
    for number, name in enumerate(("a.png", "early/b.png")):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(folder / name)
    return folder


def _rename(folder: Path) -> None:
    (folder / "a.png").rename(folder / "c.png")


def _exchange(folder: Path) -> None:
    first, second = (folder / "a.png").read_bytes(), (folder / "early/b.png").read_bytes()
    (folder / "a.png").write_bytes(second)
    (folder / "early/b.png").write_bytes(first)


CHANGES = [_rename, _exchange, lambda folder: (folder / "titles.csv").write_text("file,title\n"), shutil.rmtree]


@pytest.mark.parametrize("change", CHANGES, ids=["a name", "contents", "a list of titles", "gone"])
def test_every_change_of_a_folder_is_another_fingerprint(pictures, change):
    before = fingerprints.of(pictures)
    assert before == fingerprints.of(pictures) and before["files"] == 2
    (pictures / ".DS_Store").write_text("no picture")
    assert fingerprints.of(pictures) == before
    change(pictures)
    assert fingerprints.of(pictures) != before


def test_a_file_is_told_by_its_bytes_and_nothing_by_none(tmp_path):
    (tmp_path / "one").write_bytes(b"weights")
    (tmp_path / "two").write_bytes(b"weights")
    assert fingerprints.of(tmp_path / "one") == fingerprints.of(tmp_path / "two")
    (tmp_path / "two").write_bytes(b"weightt")
    assert fingerprints.of(tmp_path / "one") != fingerprints.of(tmp_path / "two")
    assert fingerprints.of(None) == fingerprints.of(tmp_path / "none") == {"files": 0, "sha256": ""}


def test_every_output_folder_says_what_the_stages_write_there():
    outs = [out for stage in PIPELINE["stages"].values() for out in stage["outs"] if isinstance(out, str)]
    assert {out for out in outs if not Path(out).suffix} == set(own_files.WRITTEN)


@pytest.mark.parametrize("folder", own_files.WRITTEN)
def test_own_files_in_an_output_are_moved_aside_never_deleted(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    place = Path(folder)
    (place / "mine").mkdir(parents=True)
    ours = {"data/raw": "0123456789abcdef.jpg", "data/gan": "generator.safetensors"}.get(folder)
    for name in filter(None, ["holiday.jpg", "mine/portrait.png", ours]):
        (place / name).write_text(name)
    assert list(own_files.output_folders(PIPELINE)) == [place]
    moved = own_files.move_aside(place)
    assert moved and moved == Path(f"{folder}.yours-1")
    assert (moved / "holiday.jpg").read_text() == "holiday.jpg" and (moved / "mine/portrait.png").is_file()
    assert [path.name for path in place.rglob("*") if path.is_file()] == [ours] * bool(ours)
    assert own_files.move_aside(place) is None
    (place / "holiday.jpg").write_text("another")
    assert own_files.move_aside(place) == Path(f"{folder}.yours-2")
    assert (moved / "holiday.jpg").read_text() == "holiday.jpg"


PLACES = ["data", "data/raw", "data/works/own", "data/../data/train", "metrics", ".", "..", "link/raw"]


@pytest.mark.parametrize("place", PLACES)
def test_pictures_of_ones_own_where_stages_delete_are_refused_before_anything_is_touched(workspace, place):
    (workspace.folder / "data/raw").mkdir(parents=True)
    (workspace.folder / "data/raw/mine.jpg").write_text("mine")
    (workspace.folder / "link").symlink_to("data")
    for path in (place, str(workspace.folder / place)):
        workspace.set(scrape__source="folder", scrape__path=path)
        for stage in ("inputs", "scrape"):
            workspace.fails(stage, "scrape.path is", "where the stages themselves write and delete", "pictures/")
    assert (workspace.folder / "data/raw/mine.jpg").read_text() == "mine"


def test_a_tilde_is_the_home_folder_for_the_check_and_the_fingerprint(workspace, pictures, monkeypatch):
    monkeypatch.setenv("HOME", str(workspace.folder))
    workspace.set(scrape__source="folder", scrape__path="~/data/raw")
    workspace.fails("inputs", "scrape.path is", "where the stages themselves write and delete")
    shutil.copy(ROOT / "dvc.yaml", workspace.folder)
    monkeypatch.setenv("HOME", str(pictures.parent))
    workspace.set(scrape__source="folder", scrape__path="~/pictures")
    assert workspace.open("inputs").returncode == 0
    assert (workspace.folder / "data/inputs/scrape").resolve() == pictures


def test_the_stage_makes_both_links_and_says_what_it_moved(workspace, pictures):
    shutil.copy(ROOT / "dvc.yaml", workspace.folder)
    workspace.set(scrape__source="folder", scrape__path=str(pictures))
    (workspace.folder / "data/raw").mkdir(parents=True)
    (workspace.folder / "data/raw/mine.jpg").write_text("mine")
    done = workspace.open("inputs")
    assert done.returncode == 0 and "they lie in data/raw.yours-1 now" in done.stderr
    assert (workspace.folder / "data/raw.yours-1/mine.jpg").read_text() == "mine"
    linked = workspace.folder / "data/inputs"
    assert (linked / "scrape").resolve() == pictures and '"files": 0' in (linked / "upscale").read_text()
    assert (linked / "upscale").is_symlink(), "git cannot put a file in the place of a link to a folder"
    assert (
        '"files": 2' in (linked / "scrape.json").read_text() and '"files": 0' in (linked / "upscale.json").read_text()
    )
    again = workspace.open("inputs")
    assert again.returncode == 0 and not again.stderr


def test_a_link_follows_what_is_named_and_never_touches_it(tmp_path, pictures):
    place, model = tmp_path / "inputs/scrape", tmp_path / "model.pth"
    model.write_bytes(b"weights")
    for target in (pictures, model, None, pictures, tmp_path / "gone", model):
        assert linking.make(place, target) is None
        if target and target.exists():
            assert place.is_symlink() and place.resolve() == target
        else:
            assert place.resolve() == place.with_name("nothing.json") and '"files": 0' in place.read_text()
    assert sorted(path.name for path in pictures.rglob("*")) == ["a.png", "b.png", "early"]
    assert model.read_bytes() == b"weights"


def test_a_name_that_is_no_text_is_told_and_the_folder_not_linked(tmp_path, pictures):
    odd = os.fsencode(pictures) + b"/caf\xe9.png"
    with open(odd, "wb") as file:
        file.write(b"")
    assert linking.make(tmp_path / "inputs/scrape", pictures) == Path(os.fsdecode(odd))
    assert (tmp_path / "inputs/scrape").resolve().name == "nothing.json"


def test_a_folder_in_the_place_of_a_link_is_told_and_left_as_it_is(workspace, pictures):
    shutil.copy(ROOT / "dvc.yaml", workspace.folder)
    place = workspace.folder / "data/inputs/scrape"
    shutil.copytree(pictures, place)
    workspace.set(scrape__source="folder", scrape__path=str(pictures))
    for stage in ("inputs", "inputs.links"):
        workspace.fails(stage, "data/inputs/scrape is a folder", "scrape.path named", "python -m stages.inputs.links")
    assert sorted(path.name for path in place.rglob("*")) == ["a.png", "b.png", "early"]
    place.rename(workspace.folder / "away")
    assert workspace.open("inputs.links").returncode == 0 and place.resolve() == pictures


def test_a_failure_leaves_the_link_that_was_there(tmp_path, pictures, monkeypatch):
    place = tmp_path / "inputs/scrape"
    linking.make(place, pictures)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", lambda *_: pytest.fail("interrupted"))
        with pytest.raises(pytest.fail.Exception):
            linking.make(place, None)
    assert place.resolve() == pictures
    linking.make(place, None)
    assert sorted(path.name for path in place.parent.iterdir()) == ["nothing.json", "scrape"]


@pytest.mark.parametrize("spoil", [lambda path: path.symlink_to("nowhere"), os.mkfifo], ids=["broken link", "pipe"])
def test_a_folder_at_which_dvc_would_fail_gets_its_fingerprint(tmp_path, pictures, spoil):
    place = tmp_path / "inputs/scrape"
    assert linking.make(place, pictures) is None
    spoil(pictures / "early/odd")
    assert linking.make(place, pictures) == pictures / "early/odd"
    assert place.resolve() == place.with_name("nothing.json")


def test_dvc_sees_a_change_in_the_folder_and_in_the_network(tmp_path, pictures, monkeypatch):
    """With DVC's own eyes."""
    model, repo = tmp_path / "model.pth", tmp_path / "repo"
    model.write_bytes(b"weights")
    repo.mkdir()
    monkeypatch.chdir(repo)
    deps = [f"data/inputs/{name}" for name in NAMES]
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"inputs": {"cmd": "true", "deps": deps}}}))
    for name, target in zip(NAMES, (pictures, model), strict=True):
        assert linking.make(Path("data/inputs") / name, target) is None
    Repo.init(no_scm=True).close()
    for change, name in (
        (lambda: (pictures / "early/c.png").write_bytes(b"new"), "scrape"),
        (lambda: (pictures / "a.png").unlink(), "scrape"),
        (lambda: model.write_bytes(b"others"), "upscale"),
    ):
        with Repo() as dvc:
            dvc.reproduce()  # pyright: ignore[reportCallIssue]
        with Repo() as dvc:
            assert dvc.status() == {}
            change()
            assert dvc.status() == {"inputs": [{"changed deps": {f"data/inputs/{name}": "modified"}}]}
    with Repo() as dvc:
        dvc.reproduce(force=True)  # pyright: ignore[reportCallIssue]
    assert sorted(path.name for path in pictures.rglob("*.png")) == ["b.png", "c.png"]
    assert model.read_bytes() == b"others"


@pytest.mark.slow
def test_a_folder_with_a_new_name_is_found_when_params_say_so(workspace, pictures, monkeypatch):
    """DVC itself fails at a link that leads nowhere, and no stage would mend it that depends on the link."""
    monkeypatch.chdir(workspace.folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    first = {name: PIPELINE["stages"][name] for name in ("links", "inputs")}
    for stage in first.values():  # the code is not here
        stage["deps"] = [dep for dep in stage["deps"] if dep.startswith("data/")]
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": first}))
    Repo.init(no_scm=True).close()
    renamed = pictures.rename(pictures.with_name("renamed"))
    for before, after in ((pictures, renamed), (renamed, pictures), (pictures, None)):
        if after and not after.exists():
            before.rename(after)
        workspace.set(scrape__source="folder" if after else "museum", scrape__path=str(after or ""))
        with Repo() as dvc:
            dvc.reproduce()  # pyright: ignore[reportCallIssue]
        assert Path("data/inputs/scrape").resolve() == (after or Path("data/inputs/nothing.json").resolve())
        with Repo() as dvc:
            assert dvc.status() == {}


def test_git_ignores_what_lies_behind_the_links_and_nothing_else_there(tmp_path):
    shutil.copy(ROOT / ".gitignore", tmp_path)
    git = partial(subprocess.run, cwd=tmp_path, env=surroundings.clean_environment(), capture_output=True, text=True)
    git(["git", "init", "-q"], check=True)
    linked = [f"data/inputs/{name}/{file}" for name in linking.NAMED for file in ("a.png", "early/b.png")]
    kept = [f"data/inputs/{name}" for name in (*linking.NAMED, "links.json", "nothing.json", "urls.txt")]
    assert git(["git", "check-ignore", *linked, *kept]).stdout.split() == linked


@pytest.mark.slow
def test_an_experiment_elsewhere_takes_the_links_with_it(tmp_path, pictures, monkeypatch):
    """`dvc exp run --temp` and `--queue` save the workspace and put it back with git."""
    repo = tmp_path / "repo"
    repo.mkdir()
    monkeypatch.chdir(repo)
    stage = {"cmd": "ls data/inputs/scrape/ > out", "params": ["seed"], "deps": ["data/inputs/scrape"], "outs": ["out"]}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"list": stage}}))
    Path("params.yaml").write_text("seed: 0\n")
    shutil.copy(ROOT / ".gitignore", ".gitignore")
    linking.make(Path("data/inputs/scrape"), None)
    run = partial(subprocess.run, check=True, capture_output=True, text=True, env=surroundings.clean_environment())
    run(["git", "init", "-q"])
    run(["git", "config", "user.name", "Test"])
    run(["git", "config", "user.email", "test@example.org"])
    run(["dvc", "init", "-q"])
    run(["git", "add", "-A"])
    run(["git", "commit", "-qm", "start"])
    linking.make(Path("data/inputs/scrape"), pictures)
    for seed, *where in ((1, "--temp"), (2, "--temp"), (3,)):
        done = run(["dvc", "exp", "run", *where, "-n", f"seed-{seed}", "-S", f"seed={seed}"], check=False)
        assert done.returncode == 0, done.stderr
        assert Path("data/inputs/scrape").resolve() == pictures and Path("out").exists() == (not where)
    refs = run(["git", "for-each-ref", "--format=%(refname)", "refs/exps/??/*/*"]).stdout.split()
    trees = [run(["git", "ls-tree", "-r", ref, "data/inputs/"]).stdout for ref in refs]
    assert len(trees) == 3
    for tree in trees:  # DVC adds all files below a dep that is a folder: also those behind a link
        kinds = {path: about.split()[0] for about, path in (line.split("\t") for line in tree.splitlines())}
        assert kinds == {"data/inputs/scrape": "120000", "data/inputs/nothing.json": "100644"}, "links, no pictures"
    assert sorted(path.name for path in pictures.rglob("*.png")) == ["a.png", "b.png"]
