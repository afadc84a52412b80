// Sockets. Standard input listens, and these clients come one after the other (run_errnos.py plays them):
//   1 says "hello", hears "answer!", says nothing until it is hung up on, then closes
//   2 says "abc" and, a little later, "def"
//   3 to 6 reset their connections
//   7 says and hears nothing
// Standard error is a connected socket, which does not listen.
#include "errnos.h"

enum { LISTENER = 0, PEEK = 1, WAITALL = 2, RD = 1, WR = 2 };

static char data[65536];
static u32 count;
static u16 roflags;

static u32 must_accept(u32 flags) {
  u32 connection = ENDLESS;
  int error = sock_accept(LISTENER, flags, &connection);
  if (error) {
    printf("cannot accept: errno %d\n", error);
    fflush(stdout);
    exit(1);
  }
  return connection;
}
static int recv_(u32 fd, u32 size, u32 flags) {
  struct iovec32 part = {data, size};
  roflags = 99;
  return sock_recv(fd, &part, 1, flags, &count, &roflags);
}
static int send_(u32 fd, const char* text) {
  struct iovec32 part = {text, strlen(text)};
  return sock_send(fd, &part, 1, 0, &count);
}
#define RECV(expected, what, ...) check_errno("sock_recv", #expected, expected, recv_(__VA_ARGS__), what)
#define SEND(expected, what, ...) check_errno("sock_send", #expected, expected, send_(__VA_ARGS__), what)

static void conversation(void) {
  u32 connection = ENDLESS;
  struct fdstat stat;
  struct subscription waiting = {.userdata = 7, .tag = FD_READ_EVENT};
  struct event event;
  IS(fd_fdstat_get(LISTENER, &stat) == 0 && stat.filetype == TYPE_STREAM);
  IS(poll_oneoff(&waiting, &event, 1, &count) == 0 && count == 1 && event.error == 0);
  T(SUCCESS, sock_accept, "a client", LISTENER, 0, &connection);
  IS(fd_fdstat_get(connection, &stat) == 0 && stat.filetype == TYPE_STREAM && !(stat.base & RIGHT_ACCEPT));
  RECV(SUCCESS, "looked at, and left there", connection, 3, PEEK);
  IS(count <= 3 && memcmp(data, "hel", count) == 0 && roflags == 0);
  RECV(SUCCESS, "all of it", connection, 5, WAITALL);
  IS(count == 5 && memcmp(data, "hello", 5) == 0);
  struct iovec32 parts[3] = {{"ans", 3}, {NULL, 0}, {"wer", 3}};
  T(SUCCESS, sock_send, "two buffers and an empty one", connection, parts, 3, 0, &count);
  IS(count == 6);
  IS(write_text(connection, "!") == 1);  // as a file

  struct iovec32 wild = {FAR, 100}, endless = {data, ENDLESS}, in = {data, 8};
  T(EFAULT, sock_recv, "the array beyond memory", connection, FAR, 4, 0, &count, &roflags);
  T(EFAULT, sock_recv, "2^32 - 1 buffers", connection, parts, ENDLESS, 0, &count, &roflags);
  T(EFAULT, sock_recv, "a buffer beyond memory", connection, &wild, 1, 0, &count, &roflags);
  T(EFAULT, sock_recv, "a buffer of 2^32 - 1 bytes", connection, &endless, 1, 0, &count, &roflags);
  T(EFAULT, sock_recv, "the count beyond memory", connection, &in, 1, 0, (char*)ENDLESS - 2, &roflags);
  T(EFAULT, sock_recv, "the flags beyond memory", connection, &in, 1, 0, &count, (char*)ENDLESS);
  T(EINVAL, sock_recv, "no such flag", connection, &in, 1, 4, &count, &roflags);
  T(EFAULT, sock_send, "the array beyond memory", connection, FAR, 4, 0, &count);
  T(EFAULT, sock_send, "2^32 - 1 buffers", connection, parts, ENDLESS, 0, &count);
  T(EFAULT, sock_send, "a buffer beyond memory", connection, &wild, 1, 0, &count);
  T(EFAULT, sock_send, "a buffer of 2^32 - 1 bytes", connection, &endless, 1, 0, &count);
  T(EFAULT, sock_send, "the count beyond memory", connection, parts, 1, 0, (char*)ENDLESS - 2);
  T(EINVAL, sock_send, "no such flag", connection, parts, 1, 1, &count);
  T(EINVAL, sock_shutdown, "in no direction", connection, 0);
  T(EINVAL, sock_shutdown, "no such direction", connection, 4);
  T(ENOTCAPABLE, sock_accept, "on a connection", connection, 0, &connection);

  T(SUCCESS, sock_shutdown, "for sending", connection, WR);
  SEND(EPIPE, "after shutting that down", connection, "x");
  RECV(SUCCESS, "the end", connection, 8, 0);
  IS(count == 0);
  IS(fd_fdstat_set_rights(connection, RIGHT_SET_FLAGS, 0) == 0);
  RECV(ENOTCAPABLE, "without the right", connection, 8, 0);
  SEND(ENOTCAPABLE, "without the right", connection, "x");
  T(ENOTCAPABLE, sock_shutdown, "without the right", connection, RD | WR);
  IS(fd_close(connection) == 0);
}

static void broken_connections(void) {
  u32 connection = must_accept(0);
  RECV(SUCCESS, "waits for everything", connection, 6, WAITALL);
  IS(count == 6 && memcmp(data, "abcdef", 6) == 0);
  T(SUCCESS, sock_shutdown, "for receiving", connection, RD);
  RECV(SUCCESS, "after shutting that down", connection, 8, 0);
  IS(count == 0);
  connection = must_accept(0);
  RECV(ECONNRESET, "from a client that reset", connection, 8, 0);
  SEND(EPIPE, "to a client that is gone", connection, "x");
  T(ENOTCONN, sock_shutdown, "a connection that is gone", connection, RD | WR);
  connection = must_accept(0);
  SEND(ECONNRESET, "to a client that reset", connection, "x");
  connection = must_accept(0);
  R(ECONNRESET, "fd_read", "from a client that reset", -read_text(connection, data, 8));
  connection = must_accept(0);
  R(ECONNRESET, "fd_write", "to a client that reset", -write_text(connection, "x"));
  RECV(ENOTCONN, "on what listens", LISTENER, 8, 0);
}

static void without_blocking(void) {
  u32 connection = ENDLESS;
  struct fdstat stat;
  T(SUCCESS, sock_accept, "a client, not to be waited for", LISTENER, FLAG_NONBLOCK, &connection);
  IS(fd_fdstat_get(connection, &stat) == 0 && stat.flags == FLAG_NONBLOCK);
  RECV(EAGAIN, "nothing is there", connection, 8, 0);
  RECV(EAGAIN, "nothing of everything is there", connection, 8, WAITALL);
  struct iovec32 part = {data, sizeof data};
  int error;
  while ((error = sock_send(connection, &part, 1, 0, &count)) == 0) IS(count > 0);
  R(EAGAIN, "sock_send", "to who does not listen", error);
  T(SUCCESS, sock_shutdown, "in both directions", connection, RD | WR);
  IS(fd_fdstat_set_flags(LISTENER, FLAG_NONBLOCK) == 0);
  T(EAGAIN, sock_accept, "nobody comes", LISTENER, 0, &connection);
}

static void other_descriptors(void) {
  u32 connection;
  T(EBADF, sock_accept, "not open", MISSING, 0, &connection);
  T(EINVAL, sock_accept, "no such flag", LISTENER, FLAG_APPEND, &connection);
  T(EINVAL, sock_accept, "what does not listen", 2, 0, &connection);
  T(EFAULT, sock_accept, "result beyond memory", LISTENER, 0, (char*)ENDLESS - 2);
  T(ENOTSOCK, sock_accept, "a directory", BOX, 0, &connection);
  T(ENOTSOCK, sock_accept, "a pipe", 1, 0, &connection);
  RECV(EBADF, "not open", MISSING, 8, 0);
  RECV(ENOTSOCK, "a directory", BOX, 8, 0);
  RECV(ENOTSOCK, "a pipe", 1, 8, 0);
  SEND(EBADF, "not open", MISSING, "x");
  SEND(ENOTSOCK, "a directory", BOX, "x");
  SEND(ENOTSOCK, "a pipe", 1, "x");
  T(EBADF, sock_shutdown, "not open", MISSING, RD);
  T(ENOTSOCK, sock_shutdown, "a pipe", 1, RD);
}

// The last client is only accepted once there are descriptors again.
static void no_more_descriptors(void) {
  u32 connection, fd, last = ENDLESS;
  fd_close(must_open_file("file"));
  while (path_open(BOX, 0, "file", 4, 0, RIGHT_READ, 0, 0, &fd) == 0) last = fd;
  T(EMFILE, sock_accept, "more than the process may open", LISTENER, 0, &connection);
  IS(fd_close(last) == 0);
  without_blocking();
}

int main(void) {
  conversation();
  broken_connections();
  other_descriptors();
  no_more_descriptors();
  return finish();
}
