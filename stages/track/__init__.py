"""One MLflow run for each set of params and data."""
