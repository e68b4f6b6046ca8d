"""Real services on loopback for the tests of a study on several machines: PostgreSQL, S3, MLflow's server, Ray.

Each starts in a `with`, uses free ports and a folder that it is given, and leaves no process. `missing()` of each says
why it cannot be had on a machine.
"""

import importlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import surroundings
from ray_cluster import RayCluster
from service import Program, Service, free_port, listens

__all__ = ["S3", "MLflowServer", "PostgreSQL", "RayCluster"]


class PostgreSQL(Service):
    """Debian's PostgreSQL, with one database and one user, who has a password.

    Its data lie in a temporary folder with a short path: root's tests run it as somebody else, who cannot enter the
    folders of root's tests, and a socket's path has at most 107 bytes. Only its log is in `folder`.
    """

    uri = ""  # for SQLAlchemy, whose releases differ in the driver that plain postgresql:// means

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.program: Program | None = None
        self.private: Path | None = None

    @classmethod
    def missing(cls) -> str:
        if not cls._programs():
            return "no PostgreSQL here (initdb and postgres): apt-get install postgresql"
        return _no_package("psycopg2", "psycopg2-binary")

    @staticmethod
    def _programs() -> Path | None:
        """The folder with initdb and postgres: Debian puts them outside PATH; the newest release first."""
        releases = Path("/usr/lib/postgresql").glob("*/bin")
        folders = sorted(releases, key=lambda path: float(path.parent.name), reverse=True)
        in_path = shutil.which("initdb")
        if in_path:
            folders.append(Path(in_path).resolve().parent)
        return next((path for path in folders if (path / "initdb").exists() and (path / "postgres").exists()), None)

    @staticmethod
    def _user() -> dict[str, Any]:
        """Arguments of Popen: whom to run it as, because it refuses root."""
        if os.geteuid():
            return {}
        names = [entry.pw_name for entry in pwd.getpwall()]
        entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _start(self) -> None:
        programs, user, port = self._programs(), self._user(), free_port()
        assert programs, self.missing()
        self.private = private = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        environment = surroundings.clean_environment(LC_ALL="C", HOME=str(private), TMPDIR=str(private))
        password = private / "password"
        password.write_text(secrets.token_hex())
        if user:
            for path in (private, password):
                os.chown(path, user["user"], user["group"])
        options = ["--username", "study", "--auth", "scram-sha-256", "--pwfile", password, "--encoding", "UTF8"]
        options += ["--no-sync", "--no-locale", "--pgdata", private / "data"]
        done = subprocess.run(
            [programs / "initdb", *options], cwd=private, env=environment, capture_output=True, text=True, **user
        )
        assert done.returncode == 0, done.stderr
        # What is lost when the machine stops is lost with the test too: nothing waits for the disk.
        settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={private}", "fsync=off"]
        settings += ["full_page_writes=off", "synchronous_commit=off", "shared_buffers=32MB"]
        words = [word for setting in settings for word in ("-c", setting)]
        command = [programs / "postgres", "-D", private / "data", *words]
        self.program = program = Program(command, self.folder / "postgresql.log", environment, private, user)
        program.wait_until(lambda: "ready to accept connections" in program.said())
        self.uri = f"postgresql+psycopg2://study:{password.read_text()}@127.0.0.1:{port}/postgres"

    def stop(self) -> None:
        if self.program:
            self.program.stop(signal.SIGINT)  # "fast": ends the clients' sessions, and then itself
        if self.private:
            shutil.rmtree(self.private)
        self.program = self.private = None


class S3(Service):
    """Moto's S3 server, with a bucket; it keeps the objects while it runs."""

    bucket = "study"

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.program: Program | None = None
        self.endpoint = f"http://127.0.0.1:{free_port()}"
        self._nothing = folder / "nothing"  # boto wants a file that is one
        self._nothing.touch()

    @classmethod
    def missing(cls) -> str:
        return _no_package("moto", "moto[server]") or _no_package("flask", "moto[server]") or _no_package("boto3")

    @property
    def environment(self) -> dict[str, str]:
        """What DVC and boto need, and nothing that a user of this machine has set up for another S3."""
        return {
            "AWS_ACCESS_KEY_ID": "study",
            "AWS_SECRET_ACCESS_KEY": "not-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": str(self._nothing),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._nothing),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self):
        """A client of this server, boto3's."""
        boto3 = importlib.import_module("boto3")  # is not in requirements.txt
        keys = {name.lower(): self.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1", **keys)

    def _start(self) -> None:
        port = int(self.endpoint.rpartition(":")[2])
        environment = surroundings.clean_environment(TMPDIR=str(self.folder))
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        self.program = Program(command, self.folder / "s3.log", environment, self.folder)
        self.program.wait_until(lambda: listens(port))
        self.client().create_bucket(Bucket=self.bucket)

    def objects(self) -> list[str]:
        """The keys in the bucket, sorted."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def stop(self) -> None:
        if self.program:
            self.program.stop()
        self.program = None


class MLflowServer(Service):
    """`mlflow server`, with a store given by its URI: PostgreSQL's, or sqlite:///path; the artifacts in `folder`."""

    def __init__(self, folder: Path, store_uri: str):
        super().__init__(folder)
        self.program: Program | None = None
        self.store_uri = store_uri
        self.uri = f"http://127.0.0.1:{free_port()}"

    def _start(self) -> None:
        port = int(self.uri.rpartition(":")[2])
        # The store's URI has a password: in the environment other users do not see it, in a command line they do.
        environment = surroundings.clean_environment(
            MLFLOW_BACKEND_STORE_URI=self.store_uri,
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
            MLFLOW_DISABLE_TELEMETRY="true",
        )
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--artifacts-destination", (self.folder / "artifacts").as_uri()]
        self.program = Program(command, self.folder / "mlflow.log", environment, self.folder)
        self.program.wait_until(self._healthy)

    def _healthy(self) -> bool:
        import requests

        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def runs(self) -> list[str]:
        """The names of the runs of all experiments, sorted."""
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=self.uri)
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        found, token = [], None
        while token != "":
            page = client.search_runs(experiments, max_results=1000, page_token=token)
            found += [str(run.info.run_name) for run in page]
            token = page.token or ""
        return sorted(found)

    def stop(self) -> None:
        if self.program:
            self.program.stop()
        self.program = None


def _no_package(name: str, requirement: str = "") -> str:
    """Why a package cannot be imported, or nothing."""
    if importlib.util.find_spec(name):
        return ""
    return f"{requirement or name} is not installed: pip install -r stages/study/requirements-cluster.txt"
