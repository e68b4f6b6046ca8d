"""Training steps as CUDA graphs: the GPU gets one launch where a step has about a thousand.

A graph holds the kernels of the plain step and its random numbers are as the plain step's: the bytes are the same.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from stages.train.params import TrainParams
from stages.train.rngs import Rngs
from stages.train.state import State
from stages.train.step import Due, Logits, Microbatch, due, finish_step, sample_microbatches, update_networks


class Graph(NamedTuple):
    """A captured step; a replay reads its inputs, and writes the same logits again."""

    graph: torch.cuda.CUDAGraph
    logits: Logits


class GraphedStep:
    """Steps of one training; stands in for `train_step`.

    A step of each kind (with penalties, without) is first done plainly, which prepares its kernels, the next one is
    captured, and all further ones are replayed.
    """

    def __init__(self, state: State, pictures: Tensor, params: TrainParams):
        """`pictures` [N, 3, R, R] are uint8, on the state's device, which is a GPU; the batch is one microbatch."""
        self.state, self.pictures, self.params = state, pictures, params
        self.stream = torch.cuda.Stream(state.device)
        self.memory = torch.cuda.graph_pool_handle()  # of all graphs, as one runs at a time
        [self.inputs] = sample_microbatches(state, len(pictures), params)
        self.prepared: set[Due] = set()
        self.graphs: dict[Due, Graph] = {}

    def __call__(self) -> Logits:
        """One step; its logits hold until the next."""
        [drawn] = sample_microbatches(self.state, len(self.pictures), self.params)
        kind = due(self.state, self.params)
        if kind not in self.prepared:
            self.prepared.add(kind)
            logits = self._beside(lambda: self._update(drawn))
        else:
            if kind not in self.graphs:
                self.graphs[kind] = self._capture()
            logits = self._replay(self.graphs[kind], drawn)
        finish_step(self.state, self.params)
        return logits

    def _update(self, microbatch: Microbatch) -> Logits:
        return update_networks(self.state, self.pictures, [microbatch], self.params)

    def _beside(self, work: Callable[[], Logits]) -> Logits:
        """Done on the stream that captures: what autograd keeps from step to step belongs to a stream."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            logits = work()
        torch.cuda.current_stream().wait_stream(self.stream)
        return logits

    def _capture(self) -> Graph:
        graph = torch.cuda.CUDAGraph()
        register(self.state.rngs, graph)
        with torch.cuda.graph(graph, pool=self.memory, stream=self.stream):
            logits = self._update(self.inputs)
        return Graph(graph, logits)

    def _replay(self, captured: Graph, drawn: Microbatch) -> Logits:
        for kept, new in zip(self.inputs[:3], drawn[:3], strict=True):
            kept.copy_(new)
        self.state.rngs.seed(drawn.noise)
        captured.graph.replay()
        return captured.logits


def register(rngs: Rngs, graph: torch.cuda.CUDAGraph) -> None:
    """Let a graph take its random numbers from where these generators are at each replay."""
    for rng in rngs.by_use.values():
        graph.register_generator_state(rng)


def can_capture(device: torch.device, params: TrainParams) -> bool:
    """Whether steps can be graphs: on CUDA, with the whole batch at once."""
    return device.type == "cuda" and params.microbatch_size == params.batch
