#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <thread>

#include "wasi/context_testing.h"

namespace arris::wasi {
namespace {

// Descriptor 5 listens on a port of the loopback interface.
class SocketTest : public WasiTest {
 protected:
  static constexpr uint32_t kListener = 5;

  void SetUp() override {
    WasiTest::SetUp();
    int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener, 4), 0);
    socklen_t length = sizeof address_;
    ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address_), &length), 0);
    WasiConfig with_listener = config();
    with_listener.listeners = {listener};
    make(std::move(with_listener));
  }
  OwnedFd connect_client() {
    OwnedFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address_), sizeof address_), 0);
    return client;
  }
  Errno accept(uint32_t fd, uint32_t flags = 0) {
    uint32_t result = alloc(4);
    Errno error = call(&WasiContext::sock_accept, fd, flags, result);
    opened = error == Errno::success ? get<uint32_t>(result) : ~0u;
    return error;
  }
  Errno recv(uint32_t fd, uint32_t length, uint32_t flags, std::string* text = nullptr) {
    uint32_t buffer = alloc(length + 1), result = alloc(8);
    Errno error = call(&WasiContext::sock_recv, fd, put_iovecs({{buffer, length}}), 1, flags, result, result + 4);
    if (error == Errno::success && text) *text = text_at(buffer, get<uint32_t>(result));
    roflags = get<uint16_t>(result + 4);
    return error;
  }
  Errno send(uint32_t fd, std::string_view text, uint32_t flags = 0) {
    uint32_t result = alloc(4);
    Errno error = call(&WasiContext::sock_send, fd, put_iovecs({{put(text), static_cast<uint32_t>(text.size())}}), 1,
                       flags, result);
    moved = get<uint32_t>(result);
    return error;
  }

  sockaddr_in address_ = {};
  uint16_t roflags = 0;
};

TEST_F(SocketTest, AConversation) {
  EXPECT_EQ(fdstat(kListener).filetype, FileType::socket_stream);
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener), Errno::success);
  uint32_t connection = opened;
  EXPECT_EQ(fdstat(connection).filetype, FileType::socket_stream);
  EXPECT_EQ(fdstat(connection).base, kRightsOfSocket & ~kRightSockAccept);
  ASSERT_EQ(::send(client.get(), "hello", 5, 0), 5);
  std::string text;
  ASSERT_EQ(recv(connection, 3, kRiflagPeek, &text), Errno::success);
  EXPECT_EQ(text, "hel");
  ASSERT_EQ(recv(connection, 10, 0, &text), Errno::success);
  EXPECT_EQ(text, "hello");
  EXPECT_EQ(roflags, 0);
  ASSERT_EQ(send(connection, "answer"), Errno::success);
  ASSERT_EQ(write(connection, "!"), Errno::success);
  char buffer[16];
  ASSERT_EQ(::recv(client.get(), buffer, 7, MSG_WAITALL), 7);
  EXPECT_EQ(std::string(buffer, 7), "answer!");
  ASSERT_EQ(call(&WasiContext::sock_shutdown, connection, kSdflagWr), Errno::success);
  EXPECT_EQ(::recv(client.get(), buffer, 1, 0), 0);
  client.reset();
  ASSERT_EQ(recv(connection, 10, 0, &text), Errno::success);
  EXPECT_EQ(text, "");
  ASSERT_EQ(read(connection, 10, &text), Errno::success);
  EXPECT_EQ(text, "");
}

TEST_F(SocketTest, WaitallWaitsForEverything) {
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener), Errno::success);
  std::thread sender([&] {
    for (const char* part : {"ab", "cd", "ef"}) {
      ASSERT_EQ(::send(client.get(), part, 2, 0), 2);
      ::usleep(5'000);
    }
  });
  std::string text;
  EXPECT_EQ(recv(opened, 6, kRiflagWaitall, &text), Errno::success);
  EXPECT_EQ(text, "abcdef");
  sender.join();
}

TEST_F(SocketTest, NonblockingSocketsSayAgain) {
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_flags, kListener, kFdflagNonblock), Errno::success);
  EXPECT_EQ(accept(kListener), Errno::again);
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener, kFdflagNonblock), Errno::success);
  EXPECT_EQ(fdstat(opened).flags, kFdflagNonblock);
  EXPECT_EQ(recv(opened, 10, 0), Errno::again);
  EXPECT_EQ(recv(opened, 10, kRiflagWaitall), Errno::again);
  EXPECT_EQ(read(opened, 10), Errno::again);
}

TEST_F(SocketTest, BlockedCallsAreInterrupted) {
  auto interrupt_soon = [&] {
    waker.clear();
    return std::thread([&] {
      ::usleep(20'000);
      waker.wake();
    });
  };
  std::thread thread = interrupt_soon();
  accept(kListener);
  EXPECT_EQ(end, Guest::End::interrupted);
  thread.join();
  waker.clear();
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener), Errno::success);
  thread = interrupt_soon();
  recv(opened, 10, 0);
  EXPECT_EQ(end, Guest::End::interrupted);
  thread.join();
  thread = interrupt_soon();
  do {
    top = 1024;
    send(opened, std::string(500'000, 'x'));
  } while (end == Guest::End::none);
  EXPECT_EQ(end, Guest::End::interrupted);
  thread.join();
}

TEST_F(SocketTest, AGonePeerIsEpipeWithoutSignal) {
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener), Errno::success);
  client.reset();
  ::usleep(5'000);
  auto* handler = ::signal(SIGPIPE, SIG_DFL);  // a signal would end this test
  Errno error = Errno::success;
  for (int i = 0; i < 100 && error == Errno::success; ++i) error = send(opened, "x");
  EXPECT_TRUE(error == Errno::pipe || error == Errno::connreset) << error;
  ::signal(SIGPIPE, handler);
}

TEST_F(SocketTest, DatagramsAreTruncated) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
  WasiConfig with_socket = config();
  with_socket.stdin_stream = Stdio::from_fd(pair[0]);
  make(std::move(with_socket));
  OwnedFd peer(pair[1]);
  EXPECT_EQ(fdstat(0).filetype, FileType::socket_dgram);
  ASSERT_EQ(::send(peer.get(), "datagram", 8, 0), 8);
  std::string text;
  ASSERT_EQ(recv(0, 4, 0, &text), Errno::success);
  EXPECT_EQ(text, "data");
  EXPECT_EQ(roflags, kRoflagDataTruncated);
}

TEST_F(SocketTest, AcceptErrors) {
  EXPECT_EQ(accept(kMissingFd), Errno::badf);
  EXPECT_EQ(accept(kBox), Errno::notsock);
  EXPECT_EQ(accept(0), Errno::notsock);
  EXPECT_EQ(accept(kListener, kFdflagAppend), Errno::inval);
  EXPECT_EQ(call(&WasiContext::sock_accept, kListener, 0, kOutOfBounds), Errno::fault);
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener), Errno::success);
  uint32_t connection = opened;
  EXPECT_EQ(accept(connection), Errno::notcapable);
  ASSERT_EQ(drop_rights(kListener, kRightSockAccept), Errno::success);
  EXPECT_EQ(accept(kListener), Errno::notcapable);
  // A socket that does not listen.
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  OwnedFd peer(pair[1]);
  WasiConfig with_socket = config();
  with_socket.stdin_stream = Stdio::from_fd(pair[0]);
  make(std::move(with_socket));
  EXPECT_EQ(accept(0), Errno::inval);
}

TEST_F(SocketTest, RecvAndSendErrors) {
  EXPECT_EQ(recv(kMissingFd, 1, 0), Errno::badf);
  EXPECT_EQ(send(kMissingFd, "x"), Errno::badf);
  EXPECT_EQ(recv(open_rw("file"), 1, 0), Errno::notsock);
  EXPECT_EQ(send(1, "x"), Errno::notsock);
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener), Errno::success);
  uint32_t connection = opened, iovecs = put_iovecs({{1024, 1}}), result = alloc(8);
  EXPECT_EQ(recv(connection, 1, 4), Errno::inval);
  EXPECT_EQ(send(connection, "x", 1), Errno::inval);
  EXPECT_EQ(call(&WasiContext::sock_recv, connection, kOutOfBounds, 1, 0, result, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::sock_recv, connection, iovecs, 1, 0, kOutOfBounds, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::sock_recv, connection, iovecs, 1, 0, result, kOutOfBounds + 15), Errno::fault);
  EXPECT_EQ(call(&WasiContext::sock_recv, connection, iovecs, ~0u, 0, result, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::sock_send, connection, kOutOfBounds, 1, 0, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::sock_send, connection, iovecs, 1, 0, kOutOfBounds), Errno::fault);
  EXPECT_EQ(recv(kListener, 1, 0), Errno::notconn);
  EXPECT_EQ(send(kListener, "x"), Errno::pipe);
  ASSERT_EQ(drop_rights(connection, kRightFdRead | kRightFdWrite), Errno::success);
  EXPECT_EQ(recv(connection, 1, 0), Errno::notcapable);
  EXPECT_EQ(send(connection, "x"), Errno::notcapable);
}

TEST_F(SocketTest, ShutdownErrors) {
  auto shutdown = [&](uint32_t fd, uint32_t how) { return call(&WasiContext::sock_shutdown, fd, how); };
  EXPECT_EQ(shutdown(kMissingFd, 1), Errno::badf);
  EXPECT_EQ(shutdown(kBox, 1), Errno::notsock);
  EXPECT_EQ(shutdown(1, 1), Errno::notsock);
  OwnedFd client = connect_client();
  ASSERT_EQ(accept(kListener), Errno::success);
  uint32_t connection = opened;
  EXPECT_EQ(shutdown(connection, 0), Errno::inval);
  EXPECT_EQ(shutdown(connection, 4), Errno::inval);
  EXPECT_EQ(shutdown(connection, 3), Errno::success);
  client.reset();
  EXPECT_TRUE(shutdown(connection, 3) == Errno::notconn || shutdown(connection, 3) == Errno::success);
  ASSERT_EQ(drop_rights(connection, kRightSockShutdown), Errno::success);
  EXPECT_EQ(shutdown(connection, 1), Errno::notcapable);
}

TEST_F(SocketTest, AListenerHasToListen) {
  WasiConfig bad = config();
  bad.listeners = {::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto made = WasiContext::create(std::move(bad));
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().find("not a listening socket"), std::string::npos) << made.error();
}

}  // namespace
}  // namespace arris::wasi
