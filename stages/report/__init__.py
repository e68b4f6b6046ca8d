"""One page that shows a whole run, and needs nothing but itself."""
