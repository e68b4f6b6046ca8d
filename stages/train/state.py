"""Everything that changes while training, as one thing that can be saved and put back."""

import torch
from torch import Tensor

from stages.common.optimizers import Adam
from stages.gan.ada_controller import Controller
from stages.gan.build import build
from stages.gan.checkpoint import pack, unpack
from stages.gan.ema import Ema
from stages.train.params import TrainParams
from stages.train.rngs import Rngs

BETA2 = 0.99  # of Adam; StyleGAN's, which follows a changing discriminator faster than the usual 0.999
TOTALS = ("loss_g", "loss_d", "logit_real", "logit_fake")  # summed between two rows of the log


class State:
    """Both networks, the generator's average, both optimizers, ADA's controller, and what the next row will say."""

    def __init__(self, params: TrainParams, device: torch.device, dtype: torch.dtype):
        """At step 0; `dtype` is what the networks compute in, their weights are float32."""
        self.device, self.dtype = device, dtype
        generator, discriminator = build(
            params.architecture, params.latent, params.width, params.resolution, params.seed
        )
        self.generator, self.discriminator = generator.to(device), discriminator.to(device)
        self.ema = Ema(self.generator, params.ema_kimg)
        options = {"lr": params.learning_rate, "betas": (params.beta1, BETA2), "fused": True}
        options["capturable"] = device.type == "cuda"  # by a CUDA graph
        self.adam_generator = Adam(self.generator.parameters(), **options)
        self.adam_discriminator = Adam(self.discriminator.parameters(), **options)
        self.ada = Controller(params.ada_signal, params.ada_target, params.ada_kimg, device)
        self.anchors = torch.zeros(2, device=device)  # LeCam's moving averages of the mean logits, real and fake
        self.totals = {name: torch.zeros((), device=device) for name in TOTALS}
        self.penalties = torch.zeros(2, device=device)  # R1 and R2 when they were last measured, before their weight
        self.rngs = Rngs(device)
        self.step = 0
        self.logged_step = 0  # of the last row

    def accumulate(self, share: float, **values: Tensor) -> None:
        """Add a microbatch's share to the totals of the next row; nothing waits for the device."""
        for name, value in values.items():
            self.totals[name] += share * value.detach()

    def tensors(self) -> dict[str, Tensor]:
        """The whole state under flat names."""
        counters = {"step": torch.tensor(self.step), "reported": torch.tensor(self.logged_step)}
        return pack(self._parts()) | {f"plain.{name}": value for name, value in self._plain().items()} | counters

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` gave, in a state of the same shape."""
        unpack(self._parts(), tensors)
        for name, value in self._plain().items():
            value.copy_(tensors[f"plain.{name}"])
        self.step, self.logged_step = int(tensors["step"]), int(tensors["reported"])

    def _parts(self) -> dict[str, torch.nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "ema": self.ema.network,
            "adam_generator": self.adam_generator,
            "adam_discriminator": self.adam_discriminator,
        }

    def _plain(self) -> dict[str, Tensor]:
        own = {"anchors": self.anchors, "penalties": self.penalties}
        return self.totals | own | {f"ada.{name}": value for name, value in self.ada.tensors().items()}
