"""The embedded default source: a painter of dream landscapes, and the website that publishes the paintings.

`python -m stages.museum` opens it on 127.0.0.1; nothing else in the project knows more of it than its address and its HTML.
"""
