"""What DVC cannot see by itself: the user's own pictures, lists and networks, and own files in output folders."""
