"""The stage generate: samples of the trained generator."""
