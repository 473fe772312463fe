#include "runtime/network/letter_stream.hpp"

#include "runtime/network/rpc_connection.hpp"
#include "schemas/peer.capnp.h"
#include "schemas/rpc.capnp.h"
#include "tests/runtime/network/loopback.hpp"

#include <doctest/doctest.h>
#include <kj/async-io.h>

#include <string>
#include <vector>

using namespace present;
using namespace present::network;
using namespace present::network::test;

namespace {

/// Two ends of one connection on one event loop; no TLS.
struct one_connection {
  kj::AsyncIoContext io = kj::setupAsyncIo();
  kj::TwoWayPipe pipe = io.provider->newTwoWayPipe();
  std::shared_ptr<letter_box> box = std::make_shared<letter_box>();
  kj::Own<rpc_connection> there = kj::heap<rpc_connection>(
    kj::mv(pipe.ends[1]), kj::heap<echo_server>("there"), box);
  kj::Own<rpc_connection> here = kj::heap<rpc_connection>(kj::mv(pipe.ends[0]));
  ::present::test::Echo::Client echo = here->bootstrap().castAs<::present::test::Echo>();

  kj::Promise<void> send(std::uint32_t about, std::uint16_t mark = schema::LETTER_MARK) {
    auto letter = kj::heap<capnp::MallocMessageBuilder>();
    auto root = letter->initRoot<schema::PeerLetter>();
    root.setMark(mark);
    root.initMessages(1)[0].setPartition(about);
    return here->send_letter(kj::mv(letter));
  }

  kj::Promise<void> call() { return echo.whoAmIRequest().send().ignoreResult(); }

  /// What has come in is in `got`, in order.
  void keep_letters() {
    box->open([this](capnp::AnyStruct::Reader letter) {
      got.push_back(letter.as<schema::PeerLetter>().getMessages()[0].getPartition());
    });
  }

  std::vector<std::uint32_t> got;
};

} // namespace

TEST_CASE("letters arrive in order, before the call that was sent after them") {
  one_connection ends;
  ends.keep_letters();
  std::vector<std::uint32_t> sent;
  kj::Vector<kj::Promise<void>> under_way;
  for (std::uint32_t n = 1; n <= 500; ++n) {
    sent.push_back(n);
    under_way.add(ends.send(n));
    if (n % 7 == 0)
      under_way.add(ends.call());
  }
  ends.call().wait(ends.io.waitScope);
  CHECK(ends.got == sent);
  kj::joinPromises(under_way.releaseAsArray()).wait(ends.io.waitScope);
}

TEST_CASE("a letter is done when the socket has taken it, and not before") {
  one_connection ends;
  // More than a socket's buffers hold, and nobody reads yet.
  auto letter = kj::heap<capnp::MallocMessageBuilder>();
  auto root = letter->initRoot<schema::PeerLetter>();
  root.setMark(schema::LETTER_MARK);
  constexpr std::uint32_t bytes = 4 << 20;
  root.initMessages(1)[0].getBody().initSnapshotChunk().initBytes(bytes);
  bool taken = false;
  std::uint32_t arrived = 0;
  auto sent = ends.here->send_letter(kj::mv(letter)).then([&] { taken = true; });
  CHECK(!taken);
  ends.box->open([&](capnp::AnyStruct::Reader came) {
    arrived = came.as<schema::PeerLetter>().getMessages()[0].getBody().getSnapshotChunk().getBytes().size();
  });
  sent.wait(ends.io.waitScope);
  ends.call().wait(ends.io.waitScope);
  CHECK(arrived == bytes);
}

TEST_CASE("a letter before the box is open ends the connection, and calls fail") {
  one_connection ends;
  auto never = ends.echo.neverRequest().send().ignoreResult();
  ends.send(1).wait(ends.io.waitScope);
  CHECK_THROWS_AS(never.wait(ends.io.waitScope), kj::Exception);
  CHECK(ends.got.empty());
}

TEST_CASE("a message that is neither RPC's nor a letter ends the connection") {
  one_connection ends;
  ends.keep_letters();
  ends.call().wait(ends.io.waitScope);
  ends.send(1, schema::LETTER_MARK + 1).wait(ends.io.waitScope);
  CHECK_THROWS_AS(ends.call().wait(ends.io.waitScope), kj::Exception);
  CHECK(ends.got.empty());
}
