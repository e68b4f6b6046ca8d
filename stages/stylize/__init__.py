"""The sketch in the style of works of the collection: Gatys 2016, coarse to fine, with VGG-19."""
