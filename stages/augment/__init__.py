"""Square pictures at the training resolution, with seeded variations."""
