"""An OpenSearch with the access control that AWS's is, and who speaks to it by which role.

A request names its roles itself, as a proxy that has authenticated it would: as the domain on AWS
takes from a signature whose it is.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from infra import tools
from infra.local import engines
from infra.local.daemon import POLL_SECONDS, Daemon

_SECONDS = 60
_PLUGIN = "org.opensearch.security.OpenSearchSecurityPlugin"
# Nodes speak to each other by TLS alone. Its master may change who may do what, nobody else.
_SETTINGS = """\
plugins.security.ssl.transport.pemcert_filepath: node.pem
plugins.security.ssl.transport.pemkey_filepath: key.pem
plugins.security.ssl.transport.pemtrustedcas_filepath: node.pem
plugins.security.ssl.http.enabled: false
plugins.security.nodes_dn: ["CN=node"]
plugins.security.allow_default_init_securityindex: true
plugins.security.restapi.roles_enabled: ["all_access"]
"""
_WHO_IS_ASKING = r"""
config:
  dynamic:
    http:
      xff: {enabled: true, internalProxies: "127[.]0[.]0[.]1", remoteIpHeader: x-forwarded-for}
    authc:
      role:
        http_enabled: true
        order: 0
        http_authenticator:
          type: proxy
          challenge: false
          config: {user_header: x-user, roles_header: x-roles}
        authentication_backend: {type: noop}
"""
_FILES = {
    "config": _WHO_IS_ASKING,
    "roles_mapping": 'all_access: {{reserved: true, backend_roles: ["{master}"]}}\n',
    "audit": "config: {enabled: false}\n",
    "allowlist": "config: {enabled: false}\n",
    **dict.fromkeys(("action_groups", "internal_users", "nodes_dn", "roles", "tenants"), ""),
}


def arn(name: str) -> str:
    """Return the ARN of a role."""
    return f"arn:aws:iam::123456789012:role/starling-test-{name}"


def speaking(port: int, name: str) -> OpenSearch:
    """Return a client of somebody with a role."""
    own = {"x-forwarded-for": "127.0.0.1", "x-user": name, "x-roles": arn(name)}
    return OpenSearch(
        hosts=[f"http://127.0.0.1:{port}"], headers=own, timeout=_SECONDS, max_retries=0
    )


@contextmanager
def secured(folder: Path, port: int, mark: str) -> Iterator[None]:
    """Run it; at first it knows one role, that of its master."""
    tools.ensure("security")
    (folder / "logs").mkdir()
    _configure(folder / "opensearch" / "conf")
    daemon = engines.start_search(
        folder, port, mark, tool="security", settings=_SETTINGS, plugin=_PLUGIN
    )
    try:
        _wait(daemon, speaking(port, "master"))
        yield
    finally:
        daemon.stop()


def _wait(daemon: Daemon, master: OpenSearch) -> None:
    """Return when it answers its master."""
    deadline = time.monotonic() + engines.READY_SECONDS
    while True:
        try:
            if master.cluster.health()["cluster_name"] == daemon.mark:
                return
        except OpenSearchException:
            assert daemon.is_alive, daemon.tail()
        assert time.monotonic() < deadline, daemon.tail()
        time.sleep(POLL_SECONDS)


def _configure(folder: Path) -> None:
    """Write who it knows, and the certificate of its one node."""
    rules = folder / "opensearch-security"
    rules.mkdir(parents=True)
    for name, text in _FILES.items():
        head = f"_meta: {{type: {name.replace('_', '')}, config_version: 2}}\n"
        said = text.format(master=arn("master")) if name == "roles_mapping" else text
        (rules / f"{name}.yml").write_text(head + said)
    key = ec.generate_private_key(ec.SECP256R1())
    node = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(node, node, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "node.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
