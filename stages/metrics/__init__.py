"""What measures a generator, for train and evaluate: feature networks, comparisons, metrics and their table."""
