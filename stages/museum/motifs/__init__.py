"""The motifs that stand in a scene, one file a kind of thing; table.py names them all.

A motif is a function that returns `Shape`s, back to front. Its arguments: `f`, the local frame in which it is drawn
(origin at its foot, y upwards, scaled by its size), `p`, the palette, and `rng` for what differs from one to the next.
"""
