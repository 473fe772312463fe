"""HTTP of a live cluster: over TLS, by any node."""

import http.client
import json
import re
import socket
import ssl
import unittest

from program import Cluster, wait_until


class Reply:
    """Status, headers and body of one answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status}\n{self.headers}\n{self.body}"


class Connection(http.client.HTTPConnection):
    """Dials the address, and expects the cluster's name in the certificate."""

    def __init__(self, cluster_file, node, role):
        host, port = node["http"].rsplit(":", 1)
        super().__init__(host, int(port), timeout=30)
        self.name = cluster_file["cluster"]
        self.trust = ssl.create_default_context(cafile=cluster_file["ca"])
        self.trust.minimum_version = ssl.TLSVersion.TLSv1_3
        if role:
            self.trust.load_cert_chain(cluster_file[f"{role}_cert"],
                                       cluster_file[f"{role}_key"])

    def connect(self):
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self.trust.wrap_socket(plain, server_hostname=self.name)


class OverHttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.wait_until_whole()

    def ask(self, method, path, body=None, node=1, role="client", **headers):
        connection = Connection(self.cluster.file(), self.cluster.node(node), role)
        try:
            connection.request(method, path, body,
                               {name.replace("_", "-"): value
                                for name, value in headers.items()})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def test_each_node_is_healthy_and_ready(self):
        for node in (1, 2, 3):
            self.assertEqual(self.ask("GET", "/healthz", node=node).status, 200)
            wait_until(lambda n=node: self.ask("GET", "/readyz", node=n).status == 200,
                       f"node {node} ready")

    def test_metrics_count_actors_process_and_connections(self):
        scraped = self.ask("GET", "/metrics")
        self.assertEqual(scraped.status, 200)
        self.assertTrue(scraped.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        text = scraped.body.decode()
        for series in (r'present_actors\{kind="partition"\}', r"process_cpu_seconds_total",
                       r'present_connections\{listener="rpc"\}',
                       r'present_connections_accepted_total\{listener="http"\}'):
            found = re.search(rf"^{series} (\S+)$", text, re.M)
            self.assertTrue(found, f"{series} in\n{text}")
            self.assertGreater(float(found[1]), 0, series)

    def test_without_a_certificate_nobody_is_answered(self):
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            self.ask("GET", "/healthz", role=None)


if __name__ == "__main__":
    unittest.main()
