"""The losses that train.loss chooses from, apart from any architecture.

A new one is two functions in a file and one row here; params.yaml then accepts its name. The rows name the functions as
text, so that this table loads without torch; `pkgutil.resolve_name` finds them when a training uses them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Loss:
    """What the two networks minimize, each "module:function" as adversarial.py describes them."""

    discriminator: str
    generator: str
    relativistic: bool = False  # whether only differences of real and generated logits mean something to it


LOSSES = {
    "nonsaturating": Loss(
        "stages.gan.adversarial:nonsaturating_discriminator", "stages.gan.adversarial:nonsaturating_generator"
    ),
    "hinge": Loss("stages.gan.adversarial:hinge_discriminator", "stages.gan.adversarial:hinge_generator"),
    "relativistic_average": Loss(
        "stages.gan.adversarial:average_discriminator", "stages.gan.adversarial:average_generator", relativistic=True
    ),
    "relativistic": Loss(
        "stages.gan.adversarial:relativistic_discriminator",
        "stages.gan.adversarial:relativistic_generator",
        relativistic=True,
    ),
}
