"""The sketch in the style of works of the collection: Gatys 2016, coarse to fine, in tiles where it is large, with VGG-19."""
