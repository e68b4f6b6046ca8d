"""What is added to the discriminator's adversarial loss: the gradient penalties R1 and R2, and LeCam."""

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """The mean over pictures [N, 3, H, W] of |gradient of D|^2, a scalar (Mescheder 2018, arXiv 1801.04406, eq. 9).

    Times gamma / 2 it is their penalty R1 at real pictures, R2 at generated ones. Applied lazily, at every k-th step,
    it is multiplied by k (StyleGAN2, arXiv 1912.04958, section 3.1), which the training loop does. Logits of K places
    are averaged to one first.
    """
    pictures = pictures.detach().requires_grad_(True)
    logits = discriminator(pictures).reshape(len(pictures), -1).mean(1)  # [N]
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()


def lecam(real: Tensor, fake: Tensor, anchors: Tensor) -> Tensor:
    """Tseng 2021 (arXiv 2104.03310), equation 3: real logits stay near the usual fake ones, and the reverse.

    `anchors` [2] are moving averages of the mean logits of real and of generated pictures.
    """
    usual_real, usual_fake = anchors
    return (real - usual_fake).square().mean() + (fake - usual_real).square().mean()
