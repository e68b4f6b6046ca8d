"""How good, how varied and how original the samples are: metrics with floors and intervals, and a search for copies."""
