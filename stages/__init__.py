"""The pipeline's rooms, one a stage; each has a door, `python -m stages.<room>`.

    museum    the embedded default source, a painter and its website (opened by scrape, as any site is)
    scrape    web pages -> data/raw/
    dedupe    files -> data/works/, one best rendition each
    split     works -> data/split.json: training, validation, test
    augment   works -> data/train/: squares with variations
    train     data/train/ -> data/gan/, with the library gan (architectures, losses, DiffAugment, EMA, checkpoints)
    generate  data/gan/ -> data/generated/
    stylize   data/sketch/ and works -> data/stylized/
    upscale   data/stylized/ -> data/print/
    evaluate  samples and test works -> metrics/evaluate.json, data/evaluation/
    track     everything measured -> one MLflow run
    report    everything measured -> data/report/index.html, one self-contained page
    study     a grid of experiments -> metrics/study.csv and data/study/: how far do N pictures go?
    readme    the README's pictures and numbers, by hand after a run

Borders: only a door (`__main__.py`) touches params, paths, progress bars and metrics files; what is behind it takes arguments
and returns values. Rooms never import rooms: the arrows run common <- gan <- rooms. tests/pipeline/test_structure.py checks it.
"""
