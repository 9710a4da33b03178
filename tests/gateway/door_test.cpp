// Two doors on one port, as while one gateway takes the place of another: whoever has knocked at the first is
// let in there, and who comes after it hears no more is let in by the second. Nobody is reset.
#include "gateway/door.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <vector>

namespace sekisho::gateway {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

struct House {
  asio::io_context context;
  std::vector<net::Stream> in;
  Door door;

  explicit House(std::uint16_t port) : door(context, {.host = "127.0.0.1", .port = port}, true) {
    door.listen();
    asio::co_spawn(context,
                   door.keep_open([this](net::Stream stream) { in.push_back(std::move(stream)); }, [] {}),
                   asio::detached);
    context.poll();
  }
};

// A caller who has sent the first packet of a handshake; `arrived` once it has ended well.
struct Caller {
  asio::io_context context;
  tcp::socket socket{context};
  bool arrived = false;
  error_code trouble;

  explicit Caller(std::uint16_t port) {
    socket.async_connect({asio::ip::make_address("127.0.0.1"), port}, [this](error_code failed) {
      trouble = failed;
      arrived = !failed;
    });
  }
  void wait(std::chrono::milliseconds longest) { context.run_for(longest); }
};

TEST(Door, lets_in_who_has_knocked_and_leaves_who_comes_later_to_the_other) {
  House first(0);
  const auto port = first.door.address().port;
  Caller early(port);
  early.wait(5s);
  ASSERT_TRUE(early.arrived);

  first.door.hear_no_more();
  Caller late(port);
  late.wait(100ms);
  EXPECT_FALSE(late.arrived) << "its first packet is not heard";
  EXPECT_FALSE(late.trouble) << "and not refused";

  House second(port);
  first.door.close();
  EXPECT_EQ(first.in.size(), 1u);
  late.wait(10s);  // the kernel sends the packet again after a second
  EXPECT_TRUE(late.arrived) << late.trouble.message();
  second.context.run_one_for(5s);
  EXPECT_EQ(second.in.size(), 1u);
  EXPECT_EQ(first.in.size(), 1u);
}

TEST(Door, that_is_not_shared_refuses_at_once_when_it_is_closed) {
  asio::io_context context;
  Door door(context, {.host = "127.0.0.1", .port = 0}, false);
  door.listen();
  door.hear_no_more();
  Caller heard(door.address().port);
  heard.wait(5s);
  EXPECT_TRUE(heard.arrived) << "nobody else would hear it";
  door.close();
  Caller refused(door.address().port);
  refused.wait(5s);
  EXPECT_EQ(refused.trouble, asio::error::connection_refused);
}

}  // namespace
}  // namespace sekisho::gateway
