"""The MLflow server that MLFLOW_TRACKING_URI names; to check it takes no MLflow, whose import takes seconds."""

import os
from urllib.parse import unquote, urlsplit

from stages.common.cli import UserError


def address() -> str:
    """The server's address in MLFLOW_TRACKING_URI, or "" where the store is this checkout's own.

    Its user and password go to the variables in which MLflow looks for them: no message, log or file can show them
    then. Raises UserError for what is no address.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    try:
        parts = urlsplit(uri)
        if not uri or (parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port)):
            if parts.username is not None:
                os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username)
                os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(parts.password or "")
                os.environ["MLFLOW_TRACKING_URI"] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
            return os.environ.get("MLFLOW_TRACKING_URI", "")
    except ValueError:  # a port that is none
        pass
    beginning = uri.partition("://")[0][:12]
    raise UserError(
        f"MLFLOW_TRACKING_URI is set, but it is no address of a server (it begins with {beginning!r}): "
        "write it as http://host:port or https://host:port, or unset it, and the runs go to mlflow.db in this checkout"
    )
