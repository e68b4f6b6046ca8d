"""From a source to files: the collection with its catalogue. sources.py is the table of sources."""
