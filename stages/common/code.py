"""What code does, apart from how it is written: a hash that comments, docstrings and formatting leave as it is."""

import ast
import hashlib

Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def digest(source: str) -> str:
    """sha256 of a Python source without its comments, docstrings and formatting; the same for one version of Python."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
