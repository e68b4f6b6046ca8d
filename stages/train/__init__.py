"""Room of the stage train: a GAN learns from the training pictures."""
