#include "runtime/network/http_listener.hpp"

#include "tests/runtime/network/loopback.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <kj/compat/http.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

using namespace present;
using namespace present::network;
using namespace present::network::test;

namespace {

std::shared_ptr<http_routes> some_routes() {
  auto routes = std::make_shared<http_routes>();
  add_health_routes(*routes, {[] { return std::string("no quorum"); },
                              [] { return std::string("present_up 1\n"); }});
  routes->add("PUT", "/echo/*", [](http_request asked) -> kj::Promise<http_reply> {
    auto reply = text_reply(200, asked.target.segments[1] + " " + asked.body);
    reply.headers.emplace_back("ETag", "7");
    return reply;
  });
  routes->add("GET", "/who", [](http_request asked) -> kj::Promise<http_reply> {
    return text_reply(200, asked.who ? to_string(*asked.who) : "loopback");
  });
  routes->add("GET", "/fails", [](http_request) -> kj::Promise<http_reply> {
    throw std::runtime_error("a bug");
  });
  routes->add_stream(
    "GET", "/events", [](http_request, http_stream& out) -> kj::Promise<void> {
      out.begin({200, "text/event-stream", {}, ""});
      return out.write("data: 1\n\n").then(
        [&out] { return out.write("data: 2\n\n"); });
    });
  return routes;
}

struct plain_node {
  explicit plain_node(http_options limits = {})
      : port(thread.run([&](network_loop& loop) {
          return need(open_http_listener(loop, {}, limits, nullptr,
                                         some_routes()))
            ->port();
        })) {}

  log_lines lines;
  network_thread thread{lines.sink()};
  std::uint16_t port;
};

/// Sends the bytes, and gives what comes until the server closes.
std::string replies_to(std::uint16_t port, const std::string& sent) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{patience.count(), 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string got;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0
      && ::send(socket, sent.data(), sent.size(), MSG_NOSIGNAL) >= 0) {
    char piece[4096];
    for (ssize_t size = 0; (size = ::read(socket, piece, sizeof piece)) > 0;)
      got.append(piece, static_cast<std::size_t>(size));
  }
  ::close(socket);
  return got;
}

std::string ask(std::uint16_t port, const std::string& line,
                const std::string& more = "", const std::string& body = "") {
  return replies_to(port, line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          + more + "\r\n" + body);
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("health, readiness and metrics answer from their sources") {
  plain_node node;
  CHECK(ask(node.port, "GET /healthz").starts_with("HTTP/1.1 200 OK\r\n"));
  const auto ready = ask(node.port, "GET /readyz");
  CHECK(ready.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(holds(ready, "no quorum\n"));
  const auto metrics = ask(node.port, "GET /metrics");
  CHECK(holds(metrics, "Content-Type: text/plain; version=0.0.4"));
  CHECK(metrics.ends_with("\r\n\r\npresent_up 1\n"));
}

TEST_CASE("a body goes in and out, with headers, sized or in chunks") {
  plain_node node;
  const auto sized = ask(node.port, "PUT /echo/a%2Fb", "Content-Length: 5\r\n",
                         "hello");
  CHECK(sized.ends_with("\r\n\r\na/b hello"));
  CHECK(holds(sized, "ETag: 7\r\n"));
  const auto chunked
    = ask(node.port, "PUT /echo/x", "Transfer-Encoding: chunked\r\n",
          "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  CHECK(chunked.ends_with("\r\n\r\nx hello"));
}

TEST_CASE("a HEAD is a GET without its body") {
  plain_node node;
  const auto reply = ask(node.port, "HEAD /metrics");
  CHECK(reply.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(holds(reply, "Content-Length: 13\r\n"));
  CHECK(reply.ends_with("\r\n\r\n"));
}

TEST_CASE("events come piece by piece") {
  plain_node node;
  const auto reply = ask(node.port, "GET /events");
  CHECK(holds(reply, "Content-Type: text/event-stream\r\n"));
  CHECK(holds(reply, "data: 1\n\n"));
  CHECK(holds(reply, "data: 2\n\n"));
}

TEST_CASE("errors are the interface's, in JSON") {
  plain_node node;
  const auto missing = ask(node.port, "GET /nowhere");
  CHECK(missing.starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(holds(missing, "{\"code\":\"not_found\""));
  const auto method = ask(node.port, "DELETE /who");
  CHECK(method.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK(holds(method, "Allow: GET\r\n"));
  CHECK(ask(node.port, "GET /%zz").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  const auto failed = ask(node.port, "GET /fails");
  CHECK(failed.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"));
  CHECK(holds(failed, "\"code\":\"unknown_outcome\""));
  CHECK_FALSE(holds(failed, "a bug"));
  CHECK(node.lines.wait_for("a bug"));
}

TEST_CASE("a body beyond the bound is refused, announced or not") {
  plain_node node({.max_body = 10});
  CHECK(ask(node.port, "PUT /echo/x", "Content-Length: 10\r\n", "0123456789")
          .starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(ask(node.port, "PUT /echo/x", "Content-Length: 11\r\n", "0123456789a")
          .starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  CHECK(ask(node.port, "PUT /echo/x", "Transfer-Encoding: chunked\r\n",
            "b\r\n0123456789a\r\n0\r\n\r\n")
          .starts_with("HTTP/1.1 413 Content Too Large\r\n"));
}

TEST_CASE("a slow or malformed request never reaches a responder (H2)") {
  plain_node node({.receive_timeout_ms = 50});
  const auto slow_body
    = ask(node.port, "PUT /echo/x", "Content-Length: 5\r\n", "he");
  CHECK(slow_body.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  const auto slow_head = replies_to(node.port, "GET /who HTTP/1.1\r\nHost:");
  CHECK_FALSE(holds(slow_head, "200 OK"));
  const auto noise = replies_to(node.port, "\x01\x02\x03 nonsense\r\n\r\n");
  CHECK_FALSE(holds(noise, "200 OK"));
  const auto endless = replies_to(node.port, "GET /" + std::string(200'000, 'a'));
  CHECK_FALSE(holds(endless, "200 OK"));
}

TEST_CASE("a plain listener serves requests for loopback hosts only") {
  plain_node node;
  const auto for_host = [&](const std::string& host) {
    return replies_to(node.port, "GET /who HTTP/1.1\r\nHost: " + host
                                 + "\r\nConnection: close\r\n\r\n");
  };
  for (const auto* host : {"localhost:80", "127.0.0.1", "127.0.1.2:8080", "[::1]:80"})
    CHECK_MESSAGE(for_host(host).ends_with("\r\n\r\nloopback"), host);
  for (const auto* host : {"evil.example", "127.0.0.1.evil.example", "localhost.x"})
    CHECK_MESSAGE(for_host(host).starts_with("HTTP/1.1 403 Forbidden\r\n"), host);
}

TEST_CASE("a plain listener serves no page of another site") {
  plain_node node;
  const auto from = [&](const std::string& origin) {
    return ask(node.port, "GET /who", "Origin: " + origin + "\r\n");
  };
  for (const auto* origin : {"http://localhost:3000", "https://127.0.0.1", "http://[::1]:80"})
    CHECK_MESSAGE(from(origin).starts_with("HTTP/1.1 200 OK\r\n"), origin);
  for (const auto* origin : {"https://evil.example", "null", "http://localhost.evil.example",
                             "http://[::1].evil.example"})
    CHECK_MESSAGE(from(origin).starts_with("HTTP/1.1 403 Forbidden\r\n"), origin);
}

TEST_CASE("whoever waits to be invited is invited, or refused before it sends") {
  plain_node node({.max_body = 10});
  const auto expect = [&](const std::string& length, const std::string& body) {
    return ask(node.port, "PUT /echo/x",
               "Expect: 100-continue\r\nContent-Length: " + length + "\r\n", body);
  };
  const auto taken = expect("5", "hello");
  CHECK(taken.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  CHECK(taken.ends_with("\r\n\r\nx hello"));
  CHECK(expect("11", "").starts_with("HTTP/1.1 413 Content Too Large\r\n"));
}

TEST_CASE("the bodies of all requests have a bound together") {
  plain_node node({.max_body = 100, .max_bodies = 10});
  const auto refused = ask(node.port, "PUT /echo/x", "Content-Length: 11\r\n", "0123456789a");
  CHECK(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(holds(refused, "Retry-After: 1\r\n"));
  CHECK(holds(refused, "\"code\":\"overloaded\""));
  CHECK(ask(node.port, "PUT /echo/x", "Transfer-Encoding: chunked\r\n",
            "b\r\n0123456789a\r\n0\r\n\r\n")
          .starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  // What is answered holds nothing any more.
  for (int times = 0; times < 3; ++times)
    CHECK(ask(node.port, "PUT /echo/x", "Content-Length: 10\r\n", "0123456789")
            .starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("what is no HTTP is told so as every error is") {
  plain_node node;
  const auto method = ask(node.port, "BREW /who");
  CHECK(method.starts_with("HTTP/1.1 501 Not Implemented\r\n"));
  CHECK(holds(method, "{\"code\":\"invalid\""));
  const auto noise = replies_to(node.port, "GET / HTTP/1.1\r\nno colon\r\n\r\n");
  CHECK(noise.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(holds(noise, "not HTTP/1.1"));
}

TEST_CASE("over TLS each request says who asks") {
  const auto authority = authority_of(domain);
  log_lines lines;
  network_thread server(lines.sink());
  const auto port = server.run([&](network_loop& loop) {
    return need(open_http_listener(loop, {}, {},
                                   load_tls(loop, node_material(authority, 1)),
                                   some_routes()))
      ->port();
  });
  network_thread client(lines.sink());
  kj::HttpHeaderTable table;
  const auto said = settle<std::string>(client, [&](network_loop& loop) {
    auto tls = load_tls(loop, client_material(authority, "ann"));
    return loop.network()
      .parseAddress("127.0.0.1", port)
      .then([](kj::Own<kj::NetworkAddress> address) {
        auto connected = address->connectAuthenticated();
        return connected.attach(kj::mv(address));
      })
      .then([tls](kj::AuthenticatedStream plain) {
        return tls->connect(kj::mv(plain), domain);
      })
      .then([&table](kj::AuthenticatedStream stream) {
        auto http = kj::newHttpClient(table, *stream.stream);
        kj::HttpHeaders headers(table);
        headers.set(kj::HttpHeaderId::HOST, "node");
        auto sent = http->request(kj::HttpMethod::GET, "/who", headers);
        auto text = sent.response.then([](kj::HttpClient::Response response) {
          auto all = response.body->readAllText();
          return all.attach(kj::mv(response.body));
        });
        // One after the other: what was attached first goes first.
        return text.attach(kj::mv(sent.body))
          .attach(kj::mv(http))
          .attach(kj::mv(stream.stream));
      })
      .then([](kj::String text) { return std::string(text.cStr()); });
  });
  CHECK(said == "spiffe://" + domain + "/client/ann");
}
