"""The sketch in the style of works of the collection: Gatys 2016 with VGG-19, coarse to fine, in tiles where large."""
