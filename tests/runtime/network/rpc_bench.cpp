#include "actors/session/rpc_codec.hpp"
#include "runtime/network/rpc_link.hpp"
#include "tests/runtime/network/loopback.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

/// What a call costs between two threads of this process, over TLS on loopback,
/// with the codecs and without actors or disk: the floor of every operation.

using namespace present;
using namespace present::network;
using namespace present::network::test;

namespace {

using clock_type = std::chrono::steady_clock;

struct scenario {
  const char* name;
  std::size_t operations; ///< in one call
  std::size_t under_way;  ///< calls
  std::size_t calls;
};

constexpr scenario scenarios[] = {
  {"one operation, one call under way", 1, 1, 20'000},
  {"one operation, 64 calls under way", 1, 64, 100'000},
  {"100 operations, one call under way", 100, 1, 5'000},
  {"100 operations, 8 calls under way", 100, 8, 10'000},
  {"1000 operations, 2 calls under way", 1000, 2, 1'000},
};

double thread_cpu_us() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6
         + static_cast<double>(used.tv_nsec) / 1e3;
}

double cpu_us(network_thread& thread) {
  return thread.run([](network_loop&) { return thread_cpu_us(); });
}

class answering_session : public schema::Session::Server {
public:
  kj::Promise<void> submit(SubmitContext context) override {
    const auto asked = need(decode_request(context.getParams().getRequest()));
    context.releaseParams();
    response given;
    given.answers.reserve(asked.operations.size());
    for (const auto& each : asked.operations)
      given.answers.push_back({each.id, error_code::ok, outcome::applied, {1}});
    encode_response(given,
                    context.getResults(encoded_size(given)).initResponse());
    return kj::READY_NOW;
  }
};

request batch_of(std::size_t operations) {
  request made;
  const auto value = std::make_shared<const std::string>(std::string(100, 'v'));
  for (std::size_t i = 0; i < operations; ++i) {
    operation each;
    each.id = {{1}, {i + 1}};
    each.what = put{{1}, "a-key-of-20-bytes-" + std::to_string(10 + i % 90),
                    value, always{}};
    made.operations.push_back(std::move(each));
  }
  return made;
}

/// Keeps `under_way` calls going until all are done.
struct caller {
  schema::Session::Client session;
  const scenario& what;
  const request batch = batch_of(what.operations);
  std::vector<double> latencies_us{};
  std::size_t started = 0;

  kj::Promise<void> go_on() {
    if (started == what.calls)
      return kj::READY_NOW;
    ++started;
    auto call = session.submitRequest(encoded_size(batch));
    encode_request(batch, call.initRequest());
    const auto begin = clock_type::now();
    return call.send().then([this, begin](auto answer) {
      const auto given = decode_response(answer.getResponse());
      if (given.answers.size() != what.operations)
        throw std::runtime_error("answers are missing");
      const std::chrono::duration<double, std::micro> took
        = clock_type::now() - begin;
      latencies_us.push_back(took.count());
      return go_on();
    });
  }

  kj::Promise<void> all() {
    auto lanes = kj::heapArrayBuilder<kj::Promise<void>>(what.under_way);
    for (std::size_t i = 0; i < what.under_way; ++i)
      lanes.add(go_on());
    return kj::joinPromises(lanes.finish());
  }
};

void measure(network_thread& server, network_thread& client,
             schema::Session::Client& session, const scenario& what) {
  auto calls = std::make_shared<caller>(caller{session, what});
  const auto server_before = cpu_us(server);
  const auto client_before = cpu_us(client);
  const auto begin = clock_type::now();
  settle<int>(client, [&](network_loop&) {
    return calls->all().then([] { return 0; });
  });
  const std::chrono::duration<double> took = clock_type::now() - begin;
  const auto count = static_cast<double>(what.calls);
  auto& sorted = calls->latencies_us;
  std::ranges::sort(sorted);
  std::printf("%-36s %8.0f calls/s %9.0f ops/s  p50 %6.0f us  p99 %6.0f us  "
              "CPU/call: client %6.1f us, server %6.1f us\n",
              what.name, count / took.count(),
              count * static_cast<double>(what.operations) / took.count(),
              sorted[sorted.size() / 2], sorted[sorted.size() * 99 / 100],
              (cpu_us(client) - client_before) / count,
              (cpu_us(server) - server_before) / count);
  client.run([&](network_loop&) { calls.reset(); });
}

void measure_posts(network_thread& thread) {
  constexpr int posts = 1'000'000;
  const auto begin = clock_type::now();
  for (int i = 0; i < posts; ++i)
    thread.post([](network_loop&) {});
  thread.run([](network_loop&) {});
  const std::chrono::duration<double> took = clock_type::now() - begin;
  std::printf("post to the network thread: %.0f ns each, %.2f wake-ups per 100\n",
              took.count() / posts * 1e9,
              100.0 * static_cast<double>(thread.woken())
                / static_cast<double>(thread.posted()));
}

} // namespace

int main() {
  log_lines lines;
  const auto authority = authority_of(domain);
  mailbox<int> up;
  kj::Maybe<schema::Session::Client> session;
  network_thread server(lines.sink());
  network_thread client(lines.sink());
  const auto port = server.run([&](network_loop& loop) {
    return need(open_rpc_listener(
                  loop, {}, load_tls(loop, node_material(authority, 1)),
                  [](const connection_facts&, auto) -> capnp::Capability::Client {
                    return kj::heap<answering_session>();
                  }))
      ->port();
  });
  client.run([&](network_loop& loop) {
    rpc_link_options options;
    options.address = "127.0.0.1:" + std::to_string(port);
    options.expected_name = node_dns_name(domain, node_id{1});
    loop.host<rpc_link>(
      loop, load_tls(loop, client_material(authority, "bench")), options,
      rpc_link_events{
        [&](capnp::Capability::Client offered, const peer_identity&) {
          session = offered.castAs<schema::Session>();
          up.put(1);
        },
        [](const std::string&) {}});
  });
  if (!up.take())
    return 1;
  for (const auto& each : scenarios)
    measure(server, client, KJ_ASSERT_NONNULL(session), each);
  client.run([&](network_loop&) { session = nullptr; });
  measure_posts(client);
}
