"""What measures a generator: feature networks, distances of feature sets, neighborhoods; a library for train and evaluate."""
