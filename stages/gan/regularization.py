"""What is added to the discriminator's adversarial loss: the gradient penalties R1 and R2, and LeCam."""

import torch
from torch import Tensor


def gradient_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """The mean over pictures [N, 3, H, W] of |gradient of D|^2, a scalar (Mescheder 2018, arXiv 1801.04406, eq. 9).

    `logits` [N] or [N, K] are what the discriminator says of the pictures, with gradients to them: its pass for the
    adversarial loss serves the penalty, too. Times gamma / 2 it is R1 at real pictures, R2 at generated ones. Applied
    lazily, at every k-th step, it is multiplied by k (StyleGAN2, arXiv 1912.04958, section 3.1), which the training
    loop does. Logits of K places are averaged to one first.
    """
    score = logits.reshape(len(pictures), -1).mean(1).sum()
    (gradient,) = torch.autograd.grad(score, pictures, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()


def lecam(real: Tensor, fake: Tensor, anchors: Tensor) -> Tensor:
    """Tseng 2021 (arXiv 2104.03310), equation 3: real logits stay near the usual fake ones, and the reverse.

    `anchors` [2] are moving averages of the mean logits of real and of generated pictures.
    """
    usual_real, usual_fake = anchors
    return (real - usual_fake).square().mean() + (fake - usual_real).square().mean()
