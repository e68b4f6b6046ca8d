"""What DVC cannot see: the user's own pictures, lists and networks outside of git, and own files in output folders."""
