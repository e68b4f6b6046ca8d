"""The README's small pictures and its table of numbers, made from the last run; not a stage of the pipeline."""
