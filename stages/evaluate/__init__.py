"""How far the generated pictures are from works that nobody trained on, with floors and intervals, and whether they are copies."""
