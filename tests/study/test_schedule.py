"""The simulated schedule of a study on a cluster: closed forms, bottlenecks of made-up cases, and what is printed."""

import math
import random
from itertools import pairwise
from typing import Any

import pytest
from surroundings import ROOT

from stages.common import params
from stages.common.cli import UserError
from stages.study.arguments import parse
from stages.study.capacity import GIGABIT, SHARED_SECONDS, Cluster, load
from stages.study.grid import Cell
from stages.study.plan import plan, seconds, seconds_of_each
from stages.study.schedule import CELL, COMMON, GIT, MLFLOW, NODES, REMOTE, Load, simulate

FREE = Load()
EVERYTHING = params.load(ROOT / "params.yaml")
CELLS = {f"c{works}-{seed}": Cell(works, True, "diffaugment", 0, seed) for seed in range(4) for works in (9, 18)}


def row(name: str, taken: float | None) -> dict[str, Any]:
    """Of a done cell."""
    cell = CELLS[name]
    factors = {"works": cell.works, "deduplicated": cell.deduplicated, "augmentation": cell.augmentation}
    return factors | {"experiment": name, "seconds": taken}


def mixed(count: int, seed: int = 0) -> list[float]:
    rng = random.Random(seed)
    return [rng.uniform(1, 100) for _ in range(count)]


@pytest.mark.parametrize(("cells", "nodes", "slots"), [(1, 1, 1), (7, 1, 3), (48, 8, 2), (48, 64, 2), (49, 6, 8)])
def test_equal_cells_take_as_many_rounds_as_the_slots_need(cells, nodes, slots):
    found = simulate([10.0] * cells, nodes, slots, FREE)
    rounds = math.ceil(cells / (nodes * slots))
    assert found.seconds == 10.0 * rounds
    assert found.idle == pytest.approx(1 - cells / (rounds * nodes * slots))


def test_one_slot_takes_the_sum():
    cells, load = mixed(50), Load(node=5.0, pull=1.0, push=2.0, mlflow=0.5, git=0.25)
    assert simulate(cells, 1, 1, FREE).seconds == pytest.approx(sum(cells))
    assert simulate(cells, 1, 1, FREE).idle == pytest.approx(0.0)
    assert simulate(cells, 1, 1, load, common=7.0).seconds == pytest.approx(sum(cells) + 50 * 3.75 + 5.0 + 7.0)


def test_three_cells_on_two_slots_leave_a_quarter_idle():
    assert simulate([10.0] * 3, 2, 1, FREE).idle == simulate([10.0] * 3, 1, 2, FREE).idle == 0.25


def test_a_free_slot_takes_the_next_cell_of_the_list():
    # 5, 3 | 1, 9: the second slot is free first, and takes the third cell, then the last.
    assert simulate([5.0, 1.0, 3.0, 9.0], 1, 2, FREE).seconds == 13.0
    assert simulate([9.0, 5.0, 3.0, 1.0], 1, 2, FREE).seconds == 9.0


def test_nothing_to_do_takes_no_time():
    found = simulate([], 4, 2, Load(pull=1.0), common=100.0)
    assert (found.seconds, found.idle, found.events) == (0.0, 0.0, 0)


@pytest.mark.parametrize("nodes", [1, 3, 40])
def test_no_limit_is_beaten(nodes):
    cells, load = mixed(100), Load(node=3.0, pull=0.5, push=0.7, mlflow=0.9, git=0.4)
    found = simulate(cells, nodes, 2, load)
    work = sum(cells) + 100 * load.alone()
    assert found.seconds >= max(work / (2 * nodes), max(cells) + load.alone(), 100 * 1.2 + nodes * 3.0, 90.0, 40.0)
    assert found.seconds <= work / (2 * nodes) + max(cells) + 100 * load.alone() + nodes * 3.0, "Graham's bound"
    assert max(found.limits.values()) <= 1 + 1e-12 and 0 <= found.idle < 1


def test_what_a_node_pulls_once_the_other_cells_there_wait_for():
    # Two nodes in turn from 0 to 4 and to 8; the cells of a node begin when it has it.
    assert simulate([10.0] * 4, 2, 2, Load(node=4.0)).seconds == 18.0
    assert simulate([10.0] * 4, 1, 4, Load(node=4.0)).seconds == 14.0
    assert simulate([10.0] * 8, 1, 4, Load(node=4.0)).seconds == 24.0


def test_a_cell_that_is_alone_takes_all_the_time_with_what_its_node_pulls_first():
    found = simulate([10.0], 4, 2, Load(node=30.0, pull=1.0, push=2.0))
    assert found.seconds == 43.0 and found.limits[CELL] == 1.0 and found.bottleneck == CELL


def test_requests_are_served_in_the_order_in_which_they_come():
    # Ends of the own seconds: 1, 2, 3; each push takes 5: 6, 11, 16.
    assert simulate([1.0, 2.0, 3.0], 3, 1, Load(push=5.0)).seconds == 16.0
    # A run is logged while the next cell pushes: 5 + 5 * 3 for the last one of three, which then logs for 5.
    assert simulate([0.0] * 3, 3, 1, Load(push=5.0, mlflow=5.0)).seconds == 20.0


@pytest.mark.parametrize("seed", range(5))
def test_more_nodes_and_less_load_never_take_longer(seed):
    cells = mixed(60, seed)
    alone = [simulate(cells, nodes, 2, FREE).seconds for nodes in range(1, 35)]
    assert alone == sorted(alone, reverse=True) and alone[-1] == max(cells) and alone[0] > 10 * alone[-1]
    shared = [simulate(cells, nodes, 2, Load(push=1.0, mlflow=0.5, git=0.2)).seconds for nodes in range(1, 35)]
    # Pulls and pushes in one queue can hold up the last cell a little when more nodes pull (Graham's anomalies).
    both = [simulate(cells, nodes, 2, Load(pull=0.5, push=1.0, git=0.2)).seconds for nodes in range(1, 35)]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(shared))
    assert all(later <= 1.02 * earlier for earlier, later in pairwise(both))
    for half in (Load(push=1.0), Load(mlflow=1.0), Load(pull=1.0)):
        assert simulate(cells, 8, 2, FREE).seconds <= simulate(cells, 8, 2, half).seconds


def test_the_same_is_simulated_again():
    load = Load(node=3.0, pull=0.5, push=0.7, mlflow=0.9, git=0.4)
    first, second = (simulate(mixed(500), 7, 3, load, 5.0) for _ in range(2))
    assert first == second


def test_the_events_grow_with_the_cells_and_not_with_the_nodes():
    few, many = (simulate([1.0] * 10_000, nodes, 2, Load(push=0.1)).events for nodes in (64, 10_000))
    assert few == 5 * 10_000 + 128 and many == 5 * 10_000 + 10_000


@pytest.mark.parametrize(
    ("cells", "nodes", "load", "common", "limit"),
    [
        ([10.0] * 100, 2, Load(push=0.1, mlflow=0.1, git=0.1), 0.0, NODES),
        ([10.0] * 4, 8, FREE, 0.0, CELL),  # too few for the slots
        ([1.0] * 20 + [90.0], 8, FREE, 0.0, CELL),  # a long one at the end
        ([10.0] * 100, 50, Load(pull=1.0, push=2.0), 0.0, REMOTE),
        ([10.0] * 100, 50, Load(node=30.0), 0.0, REMOTE),
        ([10.0] * 100, 50, Load(mlflow=2.0), 0.0, MLFLOW),
        ([10.0] * 100, 50, Load(git=2.0), 0.0, GIT),
        ([10.0] * 100, 50, Load(git=0.1), 60.0, COMMON),
    ],
)
def test_the_bottleneck_is_what_ends_the_study_sooner_when_it_goes(cells, nodes, load, common, limit):
    found = simulate(cells, nodes, 2, load, common)
    assert found.bottleneck == limit and 0.3 < found.limits[limit] <= 1
    without = {
        NODES: lambda: simulate(cells, 10 * nodes, 2, load, common),
        CELL: lambda: simulate([own for own in cells if own < max(cells)] or [1.0], nodes, 2, load, common),
        COMMON: lambda: simulate(cells, nodes, 2, load),
    }.get(limit, lambda: simulate(cells, nodes, 2, FREE, common))
    assert without().seconds < 0.7 * found.seconds


def test_cells_of_a_node():
    assert Cluster(1, 64).slots(4) == 16 and Cluster(1, 5).slots(2) == 2
    assert Cluster(1, 64, gpus=2).slots(1) == 64, "the cells ask for none"
    assert Cluster(1, 64).slots(1, 0.25) == 64, "nobody has said how many GPUs there are"
    assert Cluster(1, 64, gpus=2).slots(1, 0.25) == 8
    assert Cluster(1, 64, gpus=2).slots(1, 0.6) == 2, "a share lies on one GPU"
    assert Cluster(1, 64, gpus=8).slots(1, 2) == 4 and Cluster(1, 4, gpus=8).slots(2, 0.5) == 2


def test_a_cell_that_is_too_large_for_a_node_is_refused():
    with pytest.raises(UserError, match=r"4 CPUs \(runtime.threads\), but a node has 2: lower .* --cpus-per-node"):
        Cluster(1, 2).slots(4)
    with pytest.raises(UserError, match=r"0.25 GPUs \(study.gpus_per_cell\), but a node has 0: .* --gpus-per-node"):
        Cluster(1, 2, gpus=0).slots(1, 0.25)


def test_a_faster_remote_is_less_busy():
    slow, fast = load(GIGABIT, 48), load(10 * GIGABIT, 48)
    assert slow.push == pytest.approx(10 * fast.push) and slow.node == pytest.approx(10 * fast.node)
    assert (slow.mlflow, slow.git) == (fast.mlflow, fast.git) and min(slow.push, slow.node, slow.mlflow, slow.git) > 0


def test_the_more_refs_there_are_the_longer_a_push_takes():
    few, many = load(GIGABIT, 0), load(GIGABIT, 20_000)
    assert 1 / few.git == pytest.approx(18) and 1 / many.git == pytest.approx(1.8), "as measured with 0 and 10,000"


def test_a_cell_takes_what_those_of_its_size_took():
    rows = [row("c9-0", 900), row("c9-1", 300), row("c18-0", None)]
    nine, eighteen = seconds_of_each(EVERYTHING, list(CELLS.values())[:2], rows)
    assert nine == 300, "the other one has waited for what all have in common"
    assert eighteen == 600, "the median of all"
    assert set(seconds_of_each(EVERYTHING, list(CELLS.values()), [])) == {seconds(EVERYTHING, [])[0]}


def planned(cluster: Cluster | None, rows: list[dict[str, Any]], threads: int = 1, **study: Any) -> list[str]:
    raw = EVERYTHING.raw | {"study": EVERYTHING.raw["study"] | study}
    raw |= {"runtime": EVERYTHING.raw["runtime"] | {"threads": threads}}
    return plan(params.check(raw, "a test"), CELLS, rows, cluster).splitlines()


def test_the_plan_of_a_cluster():
    rows = [row("c9-0", 3600), row("c18-0", 3600)]
    found = planned(Cluster(3, 1), rows, cost_per_hour=1.5)
    assert found[0] == "8 cells: 2 done, 6 to do, 3 at a time on 3 nodes of 1 CPU"
    said = "expected: 2.00 hours, slots idle for 0% of it; 3600 seconds a cell (the median of 2 done)"
    assert found[1] == said
    assert found[2].startswith("cost: 9.") and found[2].endswith("at 1.5 per hour and node")
    assert found[3].startswith("bottleneck: the nodes themselves: more of them would end it sooner (100% of")
    assert [line.split()[-1] for line in found[4:]] == list(CELLS)


def test_the_threads_of_a_cell_decide_how_many_a_node_runs():
    assert "8 at a time on 2 nodes of 8 CPUs" in planned(Cluster(2, 8), [], threads=2)[0]
    with pytest.raises(UserError, match="a cell takes 16 CPUs"):
        planned(Cluster(2, 8), [], threads=16)


def test_the_plan_says_how_few_nodes_are_enough():
    rows = [row("c9-0", 3600)]
    found = planned(Cluster(64, 2), rows)
    assert "too few cells: 1 node would take as long" in planned(Cluster(1, 8), rows)[3]
    assert "bottleneck: too few cells: 4 nodes would take as long" in found[3] and "cost_per_hour" in found[2]


def test_a_study_of_which_nothing_is_done_makes_first_what_all_have_in_common():
    found = planned(Cluster(1, 8), [], changes={"train": {"kimg": 1.0, "evaluate_kimg": 0.25}})
    hours = float(found[1].split()[1])
    assert hours == pytest.approx((SHARED_SECONDS + seconds(EVERYTHING, [])[0]) / 3600, rel=0.1)


def test_a_plan_of_what_is_done_has_no_bottleneck():
    found = planned(Cluster(2, 2), [row(name, 60) for name in CELLS])
    assert found[0].startswith("8 cells: 8 done, 0 to do") and found[1].startswith("expected: 0.00 hours")
    assert not any("bottleneck" in line for line in found)


def test_without_nodes_no_cluster_is_planned():
    assert parse("", ["--plan"]).cluster is None and parse("", []).cluster is None
    assert planned(None, [row("c9-0", 120)], jobs=2)[0] == "8 cells: 1 done, 7 to do, 2 at a time"


def test_the_flags_of_a_cluster():
    words = "--plan --nodes 64 --cpus-per-node 8 --gpus-per-node 0 --remote-megabytes 1250"
    assert parse("", words.split()).cluster == Cluster(64, 8, 0, 1250)
    here = parse("", ["--plan", "--nodes", "3"]).cluster
    assert here.cpus >= 1 and here == Cluster(3, here.cpus, None, GIGABIT)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--nodes 4", "--nodes simulates and runs nothing: give it with --plan"),
        ("--draw --nodes 4", "give it with --plan"),
        ("--plan --cpus-per-node 4", "--cpus-per-node tells of simulated nodes: give it with --plan --nodes N"),
        ("--plan --gpus-per-node 0", "--gpus-per-node tells"),
        ("--remote-megabytes 9", "--remote-megabytes tells"),
        ("--plan --nodes 0", "argument --nodes: '0' is no whole number from 1 to 10000"),
        ("--plan --nodes 10001", "'10001' is no whole number"),
        ("--plan --nodes -3", "--nodes"),
        ("--plan --nodes 2.5", "'2.5' is no whole number"),
        ("--plan --nodes ²", "'²' is no whole number"),
        ("--plan --nodes 2 --cpus-per-node 0", "from 1 to 1024"),
        ("--plan --draw", "not allowed with argument"),
    ],
)
def test_flags_that_are_refused(words, said, capsys):
    with pytest.raises(SystemExit) as end:
        parse("", words.split())
    assert end.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.slow
def test_the_program_simulates_and_runs_nothing(stub):
    done = stub.study("--plan", "--nodes", "64", "--cpus-per-node", "2")
    assert done.returncode == 0, done.stderr
    assert "2 cells: 0 done, 2 to do, 128 at a time on 64 nodes of 2 CPUs" in done.stdout
    assert "bottleneck: " in done.stdout and stub.ran() == [] and stub.planned()
    refused = stub.study("--nodes", "64")
    assert refused.returncode == 2 and "give it with --plan" in refused.stderr and stub.ran() == []
    refused = stub.study("--plan", "--nodes", "x")
    assert refused.returncode == 2 and "'x' is no whole number from 1 to 10000" in refused.stderr
