"""Room of the stage generate: samples of the trained generator."""
