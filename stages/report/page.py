"""The page's HTML out of its template.

Whatever comes from data is escaped, and the browser is told to load and run nothing else.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent


def render(**content: Any) -> str:
    """page.html with style.css and page.js inside; `content` is what the template names.

    The content security policy allows inline pictures and this one script by its sha256: a page that is mailed around
    asks for nothing, and no title of a work can ever run.
    """
    script, style = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.js", "style.css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(content, policy=policy, script=script, style=style)
