"""Which works train, validate and test: by work, nested, seeded."""
