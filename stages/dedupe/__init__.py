"""From files to works: perceptual hashing, grouping, the best rendition of each."""
