"""The GAN as a library, without an entry point: architectures, losses, augmentations, moving average, checkpoints.

The stages train and generate use it, and track for its models.
"""
