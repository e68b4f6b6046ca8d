"""From web pages to files: the collection with its catalogue."""
