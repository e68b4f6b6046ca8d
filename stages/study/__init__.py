"""How far do N pictures go? A grid of experiments, its learning curves and paired effects."""
