"""The pipeline: the packages of the stages of dvc.yaml, and of what is started beside them (museum, study, readme).

Each is started by `python -m stages.<package>`; inputs and upscale have a second entry point, the stages links and
sheet. A package with parameters owns a section of params.yaml.

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

    gan       architectures, losses, augmentations, presets, the moving average, checkpoints (augment, train,
              generate, track, report, study)
    metrics   feature networks, distances, the table of metrics (split, train, evaluate, and who shows numbers)
    common    what more than one package uses: params, files, images, tensors, weights, device, resuming, errors

Borders: only entry points load params, show progress and name metrics files; what is behind them takes arguments and
returns values. Stage packages never import each other (the study alone asks scrape and split which works there are, and
inputs which files of the user's own): the arrows run common <- gan, metrics <- stages.
tests/pipeline/test_structure.py checks it.
How to add to each: .github/CONTRIBUTING.md.
"""
