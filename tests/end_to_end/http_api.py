"""HTTP as a client of a cluster speaks it: over TLS, with a certificate."""

import http.client
import json
import socket
import ssl
import urllib.parse


def quoted(text):
    """A key or a name as a part of a path."""
    return urllib.parse.quote(text, safe="")


class Reply:
    """Status, headers and body of one answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def version(self):
        return int(self.headers["ETag"].strip('"'))

    def __repr__(self):
        return f"{self.status}\n{self.headers}\n{self.body[:500]}"


class TlsConnection(http.client.HTTPConnection):
    """Dials the address, and expects the cluster's name in the certificate."""

    def __init__(self, cluster_file, node, certificate, key):
        host, port = node["http"].rsplit(":", 1)
        super().__init__(host, int(port), timeout=30)
        self.name = cluster_file["cluster"]
        self.trust = ssl.create_default_context(cafile=cluster_file["ca"])
        self.trust.minimum_version = ssl.TLSVersion.TLSv1_3
        if certificate:
            self.trust.load_cert_chain(certificate, key)

    def connect(self):
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self.trust.wrap_socket(plain, server_hostname=self.name)


class Api:
    """Asks the nodes of a cluster, as a client, an admin or nobody."""

    def __init__(self, cluster):
        self.cluster = cluster

    def connection(self, node, role):
        file = self.cluster.file()
        certificate, key = (None, None)
        if role in ("client", "admin"):
            certificate, key = file[f"{role}_cert"], file[f"{role}_key"]
        elif role:
            certificate, key = role  # files
        return TlsConnection(file, self.cluster.node(node), certificate, key)

    def __call__(self, method, path, body=None, node=1, role="client", **headers):
        connection = self.connection(node, role)
        try:
            connection.request(method, path, body,
                               {name.replace("_", "-"): value
                                for name, value in headers.items()})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def batch(self, *operations, **options):
        return self("POST", "/v1/batch", json.dumps({"operations": operations}),
                    Content_Type="application/json", **options)
