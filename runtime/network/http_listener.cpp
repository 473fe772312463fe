#include "runtime/network/http_listener.hpp"

#include <kj/compat/http.h>
#include <kj/debug.h>
#include <strings.h>

#include <algorithm>
#include <utility>

namespace present::network {
namespace {

/// Names no header: replies and requests carry theirs by text.
const kj::HttpHeaderTable& no_table() {
  static const kj::HttpHeaderTable table;
  return table;
}

kj::HttpHeaders headers_of(const http_reply& reply) {
  kj::HttpHeaders headers(no_table());
  if (!reply.content_type.empty())
    headers.set(kj::HttpHeaderId::CONTENT_TYPE,
                kj::str(reply.content_type.c_str()));
  for (const auto& [name, value] : reply.headers)
    headers.add(kj::str(name.c_str()), kj::str(value.c_str()));
  return headers;
}

bool is_loopback_host(std::string_view host) {
  if (host.starts_with('['))
    return host == "[::1]" || host.starts_with("[::1]:");
  host = host.substr(0, host.find(':'));
  return host == "localhost"
         || (host.starts_with("127.")
             && host.find_first_not_of("0123456789.") == host.npos);
}

/// A browser that sends a request on behalf of another site's page says so.
bool is_foreign_page(const http_request& asked) {
  const auto origin = asked.header("origin");
  if (!origin)
    return false;
  const auto host = origin->find("://");
  return host == origin->npos || !is_loopback_host(origin->substr(host + 3));
}

/// What one request holds of the bytes that all may hold together.
class body_share {
public:
  body_share(std::shared_ptr<std::size_t> held, std::size_t limit)
      : held_(std::move(held)), limit_(limit) {}
  ~body_share() { *held_ -= mine_; }
  body_share(const body_share&) = delete;
  body_share& operator=(const body_share&) = delete;

  std::size_t bytes() const { return mine_; }
  /// False if that would be too much.
  bool grow_to(std::size_t bytes) {
    if (*held_ + (bytes - mine_) > limit_)
      return false;
    *held_ += bytes - mine_;
    mine_ = bytes;
    return true;
  }

private:
  std::shared_ptr<std::size_t> held_;
  std::size_t limit_;
  std::size_t mine_ = 0;
};

/// The pieces of one reply of unknown length.
class reply_stream final : public http_stream {
public:
  explicit reply_stream(kj::HttpService::Response& response)
      : response_(response) {}

  void begin(const http_reply& head) override {
    body_ = response_.send(head.status, status_text(head.status),
                           headers_of(head));
  }

  kj::Promise<void> write(std::string piece) override {
    auto kept = kj::heap<std::string>(std::move(piece));
    auto written = body_->write(kept->data(), kept->size());
    return written.attach(kj::mv(kept));
  }

private:
  kj::HttpService::Response& response_;
  kj::Own<kj::AsyncOutputStream> body_;
};

/// One connection: its peer, and the requests that come one after the other.
class http_connection final : public kj::HttpService,
                              private kj::HttpServerErrorHandler {
public:
  http_connection(network_loop& loop, const http_options& limits, bool plain,
                  std::shared_ptr<http_routes> routes,
                  const connection_facts& facts,
                  std::shared_ptr<std::size_t> held_bytes)
      : loop_(loop), limits_(limits), plain_(plain), routes_(std::move(routes)),
        facts_(facts), held_bytes_(std::move(held_bytes)),
        server_(loop.timer(), no_table(), *this, settings()) {}

  kj::Promise<void> serve(kj::Own<kj::AsyncIoStream> stream) {
    stream_ = stream.get();
    return server_.listenHttp(kj::mv(stream));
  }

  kj::Promise<void> request(kj::HttpMethod method, kj::StringPtr url,
                            const kj::HttpHeaders& headers,
                            kj::AsyncInputStream& body,
                            Response& response) override {
    end_if_asked(headers);
    const bool head_only = method == kj::HttpMethod::HEAD;
    auto target = parse_target({url.begin(), url.size()});
    if (!target)
      return send(error_reply(target.problem()), head_only, response);
    http_request asked;
    asked.method = head_only ? "GET" : kj::str(method).cStr();
    asked.target = std::move(*target);
    headers.forEach([&](kj::StringPtr name, kj::StringPtr value) {
      asked.headers.emplace_back(name.cStr(), value.cStr());
    });
    asked.address = facts_.address;
    if (!plain_)
      asked.who = facts_.who;
    if (plain_ && !is_loopback_host(asked.header("host").value_or("")))
      return send(error_reply(make_error(error_code::denied,
                                         "this listener serves requests for a "
                                         "loopback host only")),
                  head_only, response);
    if (plain_ && is_foreign_page(asked))
      return send(error_reply(make_error(error_code::denied,
                                         "this listener serves no pages of other "
                                         "sites (Origin)")),
                  head_only, response);
    const auto found = routes_->find(asked.method, asked.target);
    if (!found.to)
      return send(nobody(found.allowed), head_only, response);
    auto share = kj::heap<body_share>(held_bytes_, limits_.max_bodies);
    auto received = receive(kj::mv(asked), body, *share);
    return received
      .then([this, head_only, &to = *found.to,
             &response](result<http_request> whole) mutable {
        return whole ? answer(to, kj::mv(*whole), head_only, response)
                     : send(error_reply(whole.problem()), head_only, response);
      })
      .attach(kj::mv(share));
  }

private:
  kj::HttpServerSettings settings() {
    kj::HttpServerSettings chosen;
    chosen.headerTimeout = limits_.receive_timeout_ms * kj::MILLISECONDS;
    chosen.pipelineTimeout = limits_.idle_timeout_ms * kj::MILLISECONDS;
    // Whoever sends on after its refusal would else find the connection reset,
    // and not read why.
    chosen.canceledUploadGracePeriod = 5 * kj::SECONDS;
    chosen.canceledUploadGraceBytes = 4 * limits_.max_body;
    chosen.errorHandler = static_cast<kj::HttpServerErrorHandler&>(*this);
    return chosen;
  }

  // -- what kj finds wrong, in the words of the interface ------------------------

  kj::Promise<void>
  handleClientProtocolError(kj::HttpHeaders::ProtocolError problem,
                            Response& response) override {
    auto reply = error_reply(make_error(
      error_code::invalid, std::string("not HTTP/1.1: ") + problem.description.cStr()));
    reply.status = problem.statusCode;
    return send(kj::mv(reply), false, response);
  }

  kj::Promise<void>
  handleApplicationError(kj::Exception problem,
                         kj::Maybe<Response&> response) override {
    if (problem.getType() == kj::Exception::Type::DISCONNECTED)
      return kj::READY_NOW;
    loop_.log(log_severity::error, "an HTTP request failed: " + text_of(problem));
    KJ_IF_MAYBE (to, response)
      return send(error_reply(failed_inside()), false, *to);
    return kj::READY_NOW;
  }

  kj::Promise<void> handleNoResponse(Response& response) override {
    return send(error_reply(failed_inside()), false, response);
  }

  static error failed_inside() {
    return make_error(error_code::unknown_outcome,
                      "the request failed inside the node; its log says why");
  }

  // -- receiving -----------------------------------------------------------------

  /// kj 0.9.2 overlooks a client's "Connection: close", which then waits for the
  /// end of the idle time.
  void end_if_asked(const kj::HttpHeaders& headers) {
    KJ_IF_MAYBE (wish, headers.get(kj::HttpHeaderId::CONNECTION))
      if (::strcasecmp(wish->cStr(), "close") == 0)
        ended_ = server_.drain();
  }

  using received = result<http_request>;

  kj::Promise<received> receive(http_request head, kj::AsyncInputStream& body,
                                body_share& share) {
    KJ_IF_MAYBE (length, body.tryGetLength()) {
      if (*length > limits_.max_body)
        return received(too_large());
      if (!share.grow_to(*length))
        return received(too_many_bytes());
      if (*length == 0)
        return received(kj::mv(head));
    }
    auto whole = kj::heap<http_request>(kj::mv(head));
    auto& into = whole->body;
    auto whole_body = invite(*whole).then([this, &body, &into, &share] {
      return read_up_to_bound(body, into, share);
    });
    return loop_.timer()
      .timeoutAfter(limits_.receive_timeout_ms * kj::MILLISECONDS, kj::mv(whole_body))
      .then([whole = kj::mv(whole)](kj::Maybe<error> refused) mutable -> received {
        KJ_IF_MAYBE (why, refused)
          return kj::mv(*why);
        return kj::mv(*whole);
      },
            [](kj::Exception&& problem) -> received {
              return make_error(error_code::invalid,
                                "the body could not be read: "
                                  + std::string(problem.getDescription().cStr()));
            });
  }

  /// kj 0.9.2 lets such a client wait until it gives up and sends anyway. Nothing
  /// else is written now: the reply to the request before it has left.
  kj::Promise<void> invite(const http_request& head) {
    static constexpr std::string_view invitation = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto wish = head.header("expect");
    if (!wish || ::strcasecmp(std::string(*wish).c_str(), "100-continue") != 0)
      return kj::READY_NOW;
    return stream_->write(invitation.data(), invitation.size());
  }

  /// Why there is more than a bound allows; empty when all is read.
  kj::Promise<kj::Maybe<error>> read_up_to_bound(kj::AsyncInputStream& body,
                                                 std::string& into,
                                                 body_share& share) {
    constexpr std::size_t piece = 64 * bounds::kib;
    const auto before = into.size();
    into.resize(before + piece);
    return body.tryRead(into.data() + before, 1, piece)
      .then([this, &body, &into, &share, before](std::size_t got) {
        using refusal = kj::Maybe<error>;
        into.resize(before + got);
        if (got == 0)
          return kj::Promise<refusal>(refusal());
        if (into.size() > limits_.max_body)
          return kj::Promise<refusal>(refusal(too_large()));
        if (!share.grow_to(std::max(into.size(), share.bytes())))
          return kj::Promise<refusal>(refusal(too_many_bytes()));
        return read_up_to_bound(body, into, share);
      });
  }

  error too_large() const {
    return make_error(error_code::too_large,
                      "body: the limit is " + std::to_string(limits_.max_body)
                        + " bytes");
  }

  error too_many_bytes() const {
    auto why = make_error(error_code::overloaded,
                          "the requests that are being served hold "
                            + std::to_string(limits_.max_bodies) + " bytes already");
    why.retry_after_ms = 1000;
    return why;
  }

  kj::Promise<void> answer(http_routes::route& to, http_request asked,
                           bool head_only, Response& response) {
    KJ_IF_MAYBE (stream, to.stream) {
      auto out = kj::heap<reply_stream>(response);
      auto& there = *out;
      return kj::evalNow([&]() -> kj::Promise<void> {
               return (*stream)(kj::mv(asked), there);
             }).attach(kj::mv(out));
    }
    auto& respond = KJ_ASSERT_NONNULL(to.respond);
    return kj::evalNow([&]() -> kj::Promise<http_reply> {
             return respond(kj::mv(asked));
           })
      .then([](http_reply reply) { return reply; },
            [this](kj::Exception&& problem) {
              loop_.log(log_severity::error,
                        "an HTTP request failed: " + text_of(problem));
              return error_reply(failed_inside());
            })
      .then([this, head_only, &response](http_reply reply) {
        return send(kj::mv(reply), head_only, response);
      });
  }

  kj::Promise<void> send(http_reply reply, bool head_only, Response& response) {
    auto kept = kj::heap<http_reply>(kj::mv(reply));
    auto out = response.send(kept->status, status_text(kept->status),
                             headers_of(*kept), kept->body.size());
    if (head_only || kept->body.empty())
      return kj::READY_NOW;
    auto written = out->write(kept->body.data(), kept->body.size());
    return written.attach(kj::mv(out), kj::mv(kept));
  }

  static http_reply nobody(const std::string& allowed) {
    if (allowed.empty())
      return error_reply(
        make_error(error_code::not_found, "nothing is served at this path"));
    auto reply = error_reply(make_error(
      error_code::invalid, "this path takes the methods " + allowed));
    reply.status = 405;
    reply.headers.emplace_back("Allow", allowed);
    return reply;
  }

  network_loop& loop_;
  const http_options limits_;
  const bool plain_;
  const std::shared_ptr<http_routes> routes_;
  const connection_facts facts_;
  const std::shared_ptr<std::size_t> held_bytes_; ///< of all connections
  kj::AsyncIoStream* stream_ = nullptr;            ///< the server's
  kj::HttpServer server_;
  kj::Promise<void> ended_ = kj::NEVER_DONE;
};

} // namespace

result<connection_listener*>
open_http_listener(network_loop& loop, const listener_options& where,
                   const http_options& limits,
                   std::shared_ptr<tls_configuration> tls,
                   std::shared_ptr<http_routes> routes) {
  const bool plain = tls == nullptr;
  return connection_listener::open(
    loop, where, std::move(tls),
    [&loop, limits, plain, routes = std::move(routes),
     held_bytes = std::make_shared<std::size_t>(0)](
      kj::Own<kj::AsyncIoStream> stream, const connection_facts& facts) {
      auto connection = kj::heap<http_connection>(loop, limits, plain, routes,
                                                  facts, held_bytes);
      auto served = connection->serve(kj::mv(stream));
      return served.attach(kj::mv(connection));
    });
}

} // namespace present::network
