"""The embedded default source: a procedural painter of dream landscapes, and the website that publishes the paintings.

`python -m stages.museum` opens it on 127.0.0.1; nothing else in the project knows more of it than its address and HTML.

    works        the catalogue: which works exist (titles, palettes)
    scene        a work -> its scene: compositions fill the layout of the plain with motifs
    motifs/      a motif -> shapes, one file a kind of thing; motifs/table.py names them all
    painter      a scene -> a picture: terrain and shapes on the canvas, then brush strokes (texture: noise tiles)
    scans        a picture -> its published renditions, some altered (alterations), some large and bad (reproductions)
    site         the website
    sketch       a program of its own that draws data/sketch/sketch.jpg (paper: washes and pencil)
"""
