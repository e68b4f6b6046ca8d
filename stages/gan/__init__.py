"""The GAN as a library, without a door: architectures, losses, DiffAugment, moving average, checkpoints. Used by train and generate."""
