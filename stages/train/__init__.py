"""The stage train: a GAN learns from the training pictures."""
