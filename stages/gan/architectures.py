"""The architectures that train.architecture chooses from, and what each promises.

A new one is one file with a generator and a discriminator (networks.py has their base classes and says what they take
and give) and one row here; params.yaml then accepts its name. The rows name the classes as text, so that this table
loads without torch; `build.py` finds them.

Every network trains bit for bit the same with deterministic algorithms, never waits for the device, and lets the
discriminator's gradient be differentiated (for R1).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """What a training needs to know of an architecture before it is built."""

    generator: str  # "module:class", a networks.Generator
    discriminator: str  # "module:class", a networks.Discriminator
    group_size: int = 1  # consecutive pictures that the discriminator compares: it takes a multiple of as many
    path_length: bool = False  # whether the generator has a path length to regularize, a networks.PathLengthGenerator


ARCHITECTURES = {
    "dcgan": Architecture("stages.gan.dcgan:Generator", "stages.gan.dcgan:Discriminator"),
    "stylegan": Architecture("stages.gan.stylegan:Generator", "stages.gan.stylegan:Discriminator", group_size=4),
    "stylegan2": Architecture(
        "stages.gan.stylegan2:Generator", "stages.gan.stylegan2:Discriminator", group_size=4, path_length=True
    ),
    "fastgan": Architecture("stages.gan.fastgan:Generator", "stages.gan.fastgan:Discriminator"),
}
