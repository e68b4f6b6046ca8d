"""TLS: a server without a trusted certificate is not read, and one that has it is bound to the same limits."""

import datetime
import socket
import ssl
import threading
import time
from dataclasses import replace

import pytest
from loopback import QUICK

from stages.scrape.addresses import FetchError
from stages.scrape.client import Client

x509 = pytest.importorskip("cryptography.x509")  # comes with MLflow
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

NONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HERE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhere"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that vouches for itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1)
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    signed = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(encoded + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure(certificate):
    """The port of a TLS server: /a is here, /slow drips, and there is no robots.txt."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(plain: socket.socket) -> None:
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                target = connection.recv(65536).split(b" ")[1]
                connection.sendall({b"/a": HERE, b"/slow": b"HTTP/1.1 200 OK\r\nX-Slow: "}.get(target, NONE))
                while target == b"/slow":
                    time.sleep(0.1)
                    connection.sendall(b"x")
        except OSError:
            pass  # the visitor does not trust the certificate, or has had enough

    def accept() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_a_certificate_that_nobody_vouches_for_ends_the_visit(secure, client):
    with pytest.raises(FetchError, match="no secure connection"):
        client.fetch(f"https://localhost:{secure}/a")


def test_a_trusted_server_is_read_within_the_same_limits(secure, certificate):
    client = Client(replace(QUICK, total_s=0.8))
    client.transport.tls.load_verify_locations(certificate)
    assert client.fetch(f"https://localhost:{secure}/a") == b"here"
    with pytest.raises(FetchError, match="no secure connection"):
        client.fetch(f"https://127.0.0.1:{secure}/a")  # another name than the certificate's
    started = time.monotonic()
    with pytest.raises(FetchError, match=r"more than 0\.8 s in all"):
        client.fetch(f"https://localhost:{secure}/slow")
    assert time.monotonic() - started < 3
