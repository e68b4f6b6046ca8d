"""The pipeline: a package a stage, each with an entry point, `python -m stages.<stage>`, and a section of params.yaml.

    inputs    the user's own pictures, lists and networks -> data/inputs/: what DVC cannot see, and (links) a way to it
    museum    the embedded default source, a painter and its website (started by scrape, visited as any site is)
    scrape    web pages -> data/raw/
    dedupe    files -> data/works/, one best rendition each
    split     works -> data/split.json: training, validation, test
    augment   works -> data/train/: squares with variations
    train     data/train/ -> data/gan/
    generate  data/gan/ -> data/generated/
    stylize   data/sketch/ and works -> data/stylized/
    upscale   data/stylized/ -> data/print/
    evaluate  samples and test works -> metrics/evaluate.json, data/evaluation/
    track     everything measured -> one MLflow run
    report    everything measured -> data/report/index.html, one self-contained page
    study     a grid of experiments -> metrics/study.csv and data/study/: how far do N pictures go?
    readme    the README's pictures and numbers, by hand after a run

Libraries, without an entry point:

    gan       architectures, losses, augmentations, presets, the moving average, checkpoints (train, generate)
    metrics   feature networks, distances, the table of metrics (train, evaluate, and who shows numbers)
    common    what three or more packages use: params, files, images, tensors, weights, device, resuming, errors

Borders: only an entry point (`__main__.py`) touches params, paths, progress bars and metrics files; what is behind it
takes arguments and returns values. Stage packages never import each other: the arrows run common <- gan, metrics <-
stages. tests/pipeline/test_structure.py checks it. How to add to each: .github/CONTRIBUTING.md.
"""
