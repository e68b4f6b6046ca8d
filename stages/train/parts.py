"""A batch in parts, each computed by a thread of its own.

Within one operation two cores gain nothing here: the operations of small networks are too short. So on a CPU each core
takes a part of the batch, in a copy of the networks that shares their weights and has its own statistics (of batch
norm, say): these are those of the part, and the mean of all is kept. A result depends on the number of parts alone.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from stages.gan.networks import Discriminator, Generator

LEAST = 8  # pictures of a part: with fewer, a part costs nearly as much as one of twice as many
Network = TypeVar("Network", bound=nn.Module)
Item = TypeVar("Item")
Result = TypeVar("Result")


def count(batch: int, group_size: int, threads: int) -> int:
    """In how many parts, of LEAST pictures and whole groups, `threads` share a batch."""
    fitting = (parts for parts in range(threads, 1, -1) if batch % (parts * group_size) == 0 and batch >= LEAST * parts)
    return next(fitting, 1)


class Networks(NamedTuple):
    """What one part is computed with."""

    generator: Generator
    discriminator: Discriminator


class Parts:
    """The networks of `number` parts, the first one the given ones themselves, and their threads."""

    def __init__(self, generator: Generator, discriminator: Discriminator, number: int, threads: int):
        """`threads` are for all parts together."""
        self.number = number
        copies = [Networks(_copy(generator), _copy(discriminator)) for _ in range(number - 1)]
        self._networks = [Networks(generator, discriminator), *copies]
        self._pool = None
        if number > 1:
            self._pool = ThreadPoolExecutor(number, "part", torch.set_num_threads, (max(1, threads // number),))

    def map(self, function: Callable[[Networks, Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """The results in the order of the items, of which there may be more than parts where there is one part."""
        networks = [self._networks[place % self.number] for place in range(len(items))]
        return self._pool.map(function, networks, items) if self._pool else map(function, networks, items)

    @torch.no_grad()
    def spread(self) -> None:
        """Give every copy the statistics of the first, before a step."""
        for first, others in self._statistics():
            for other in others:
                other.copy_(first)

    @torch.no_grad()
    def gather(self) -> None:
        """Give the first one the mean of all statistics, after a step; what is equal stays equal to the bit."""
        for first, others in self._statistics():
            if others and first.is_floating_point():
                first.add_(torch.stack([other - first for other in others]).sum(0), alpha=1 / self.number)

    def _statistics(self) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Each buffer of the first networks with those of the copies."""
        for networks in zip(*self._networks, strict=True):  # the generators, then the discriminators
            for first, *others in zip(*(network.buffers() for network in networks), strict=True):
                yield first, others


def _copy(network: Network) -> Network:
    """A copy that shares the parameters themselves."""
    return copy.deepcopy(network, {id(parameter): parameter for parameter in network.parameters()})
