// Reading, writing, seeking, listing. Standard input is a pipe that holds "typed" and stays open; nobody reads standard error.
#include "errnos.h"

static void reading(u32 powerless) {
  char a[8] = {0}, b[8] = {0};
  u32 count;
  u64 position;
  must_write_file("read", "0123456789");
  u32 file = must_open_file("read");
  struct iovec32 parts[3] = {{a, 3}, {NULL, 0}, {b, 4}};
  T(SUCCESS, fd_read, "into two buffers and an empty one", file, parts, 3, &count);
  IS(count == 7 && memcmp(a, "012", 4) == 0 && memcmp(b, "3456", 5) == 0);
  T(SUCCESS, fd_read, "less than asked for", file, parts, 3, &count);
  IS(count == 3 && memcmp(a, "789", 4) == 0);
  T(SUCCESS, fd_read, "at the end", file, parts, 3, &count);
  IS(count == 0);
  T(SUCCESS, fd_read, "no buffers", file, parts, 0, &count);
  IS(count == 0);
  // Overlapping buffers are filled one after the other.
  IS(fd_seek(file, 0, WHENCE_SET, &position) == 0);
  struct iovec32 overlapping[2] = {{a, 4}, {a + 2, 4}};
  T(SUCCESS, fd_read, "overlapping buffers", file, overlapping, 2, &count);
  IS(count == 8 && memcmp(a, "014567", 6) == 0);
  // The array itself is a buffer: it was read before anything was written.
  IS(fd_seek(file, 0, WHENCE_SET, &position) == 0);
  struct iovec32 self[2] = {{NULL, 8}, {b, 2}};
  self[0].buf = self;
  T(SUCCESS, fd_read, "over the array of buffers", file, self, 2, &count);
  IS(count == 10 && memcmp(self, "01234567", 8) == 0 && memcmp(b, "89", 2) == 0);
  // Buffers beyond memory: nothing is read.
  IS(fd_seek(file, 0, WHENCE_SET, &position) == 0);
  struct iovec32 wild[2] = {{a, 4}, {FAR, 100}}, endless = {a, ENDLESS};
  T(EFAULT, fd_read, "the array beyond memory", file, FAR, 4, &count);
  T(EFAULT, fd_read, "2^32 - 1 buffers", file, parts, ENDLESS, &count);
  T(EFAULT, fd_read, "the second buffer beyond memory", file, wild, 2, &count);
  T(EFAULT, fd_read, "a buffer of 2^32 - 1 bytes", file, &endless, 1, &count);
  T(EFAULT, fd_read, "the count beyond memory", file, parts, 1, (char*)ENDLESS - 2);
  IS(fd_tell(file, &position) == 0 && position == 0);
  T(EBADF, fd_read, "not open", MISSING, parts, 1, &count);
  T(EISDIR, fd_read, "a directory", BOX, parts, 1, &count);
  T(ENOTCAPABLE, fd_read, "without the right", powerless, parts, 1, &count);
  T(ENOTCAPABLE, fd_read, "standard output", 1, parts, 1, &count);
  T(EIO, fd_read, "what the host cannot read", must_open(PROC, "mem", 0, READ_RIGHTS, 0), parts, 1, &count);

  T(SUCCESS, fd_read, "a pipe", 0, parts, 1, &count);
  IS(count == 3 && memcmp(a, "typ", 3) == 0);
  T(SUCCESS, fd_read, "a pipe gives what there is", 0, &(struct iovec32){a, 8}, 1, &count);
  IS(count == 2);
  IS(fd_fdstat_set_flags(0, FLAG_NONBLOCK) == 0);
  T(EAGAIN, fd_read, "an empty pipe that must not block", 0, parts, 1, &count);
}

static void writing(u32 powerless) {
  u32 count;
  u64 position;
  u32 file = must_open_file("written");
  struct iovec32 parts[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
  T(SUCCESS, fd_write, "two buffers and an empty one", file, parts, 3, &count);
  IS(count == 5);
  T(SUCCESS, fd_write, "no buffers", file, parts, 0, &count);
  IS(count == 0);
  const char* text = "0123456789";
  struct iovec32 overlapping[2] = {{text, 4}, {text + 2, 4}};
  T(SUCCESS, fd_write, "overlapping buffers", file, overlapping, 2, &count);
  IS(count == 8);
  // More buffers than the host takes at once: a short write.
  static struct iovec32 many[2000];
  for (int i = 0; i < 2000; ++i) many[i] = (struct iovec32){"x", 1};
  T(SUCCESS, fd_write, "2000 buffers", file, many, 2000, &count);
  IS(count == 1024 && size_of(file) == 13 + 1024);
  IS(fd_seek(file, 0, WHENCE_SET, &position) == 0);
  struct iovec32 wild[2] = {{"ab", 2}, {FAR, 100}}, endless = {text, ENDLESS};
  T(EFAULT, fd_write, "the array beyond memory", file, FAR, 4, &count);
  T(EFAULT, fd_write, "2^32 - 1 buffers", file, parts, ENDLESS, &count);
  T(EFAULT, fd_write, "the second buffer beyond memory", file, wild, 2, &count);
  T(EFAULT, fd_write, "a buffer of 2^32 - 1 bytes", file, &endless, 1, &count);
  T(EFAULT, fd_write, "the count beyond memory", file, parts, 1, (char*)ENDLESS - 2);
  IS(fd_tell(file, &position) == 0 && position == 0 && size_of(file) == 13 + 1024);
  char start[14] = {0};
  IS(read_text(file, start, 13) == 13 && strcmp(start, "abcde01232345") == 0);
  T(EBADF, fd_write, "not open", MISSING, parts, 1, &count);
  T(EISDIR, fd_write, "a directory", BOX, parts, 1, &count);
  T(ENOTCAPABLE, fd_write, "without the right", powerless, parts, 1, &count);
  T(ENOTCAPABLE, fd_write, "standard input", 0, parts, 1, &count);
  T(ENOSPC, fd_write, "a full device", must_open(DEV, "full", 0, FILE_RIGHTS, 0), parts, 1, &count);
  T(EPIPE, fd_write, "a pipe that nobody reads", 2, parts, 1, &count);
  IS(fd_seek(file, 1ll << 41, WHENCE_SET, &position) == 0);
  T(EFBIG, fd_write, "beyond what the process may write", file, parts, 1, &count);
  // A pipe of our own, full: the reader keeps it open.
  u32 reader = must_open(BOX, "fifo", 0, READ_RIGHTS, FLAG_NONBLOCK);
  u32 writer = must_open(BOX, "fifo", 0, RIGHT_WRITE | RIGHT_POLL, FLAG_NONBLOCK);
  static char block[65536];
  struct iovec32 big = {block, sizeof block};
  int error;
  while ((error = fd_write(writer, &big, 1, &count)) == 0) IS(count > 0);
  R(EAGAIN, "fd_write", "a full pipe that must not block", error);
  IS(fd_close(reader) == 0);
  T(EPIPE, fd_write, "a pipe whose reader is gone", writer, parts, 1, &count);
}

static void at_offsets(u32 powerless) {
  char a[8] = {0}, b[8] = {0};
  u32 count;
  u64 position;
  u32 file = must_open_file("offsets");
  struct iovec32 out[2] = {{"ab", 2}, {"cde", 3}}, in[2] = {{a, 2}, {b, 8}}, wild = {FAR, 100}, endless = {a, ENDLESS};
  T(SUCCESS, fd_pwrite, "two buffers", file, out, 2, 5, &count);
  IS(count == 5 && size_of(file) == 10);
  T(SUCCESS, fd_pwrite, "no buffers", file, out, 0, 5, &count);
  IS(count == 0);
  T(SUCCESS, fd_pread, "two buffers", file, in, 2, 6, &count);
  IS(count == 4 && memcmp(a, "bc", 2) == 0 && memcmp(b, "de", 2) == 0);
  T(SUCCESS, fd_pread, "overlapping buffers", file, ((struct iovec32[]){{a, 3}, {a + 1, 2}}), 2, 5, &count);
  IS(count == 5 && memcmp(a, "ade", 3) == 0);
  T(SUCCESS, fd_pread, "beyond the end", file, in, 2, 1000, &count);
  IS(count == 0);
  IS(fd_tell(file, &position) == 0 && position == 0);
  T(EBADF, fd_pread, "not open", MISSING, in, 1, 0, &count);
  T(EFAULT, fd_pread, "the array beyond memory", file, FAR, 4, 0, &count);
  T(EFAULT, fd_pread, "2^32 - 1 buffers", file, in, ENDLESS, 0, &count);
  T(EFAULT, fd_pread, "a buffer beyond memory", file, &wild, 1, 0, &count);
  T(EFAULT, fd_pread, "a buffer of 2^32 - 1 bytes", file, &endless, 1, 0, &count);
  T(EFAULT, fd_pread, "the count beyond memory", file, in, 1, 0, (char*)ENDLESS - 2);
  T(EINVAL, fd_pread, "from 2^63", file, in, 1, 1ull << 63, &count);
  T(EIO, fd_pread, "what the host cannot read", must_open(PROC, "mem", 0, READ_RIGHTS, 0), in, 1, 0, &count);
  T(EISDIR, fd_pread, "a directory", BOX, in, 1, 0, &count);
  T(ENOTCAPABLE, fd_pread, "without the right", powerless, in, 1, 0, &count);
  T(ENOTCAPABLE, fd_pread, "without the right to seek", must_open(BOX, "offsets", 0, RIGHT_READ, 0), in, 1, 0, &count);
  T(ESPIPE, fd_pread, "a pipe", 0, in, 1, 0, &count);
  T(EBADF, fd_pwrite, "not open", MISSING, out, 1, 0, &count);
  T(EFAULT, fd_pwrite, "the array beyond memory", file, FAR, 4, 0, &count);
  T(EFAULT, fd_pwrite, "2^32 - 1 buffers", file, out, ENDLESS, 0, &count);
  T(EFAULT, fd_pwrite, "a buffer beyond memory", file, &wild, 1, 0, &count);
  T(EFAULT, fd_pwrite, "a buffer of 2^32 - 1 bytes", file, &endless, 1, 0, &count);
  T(EFAULT, fd_pwrite, "the count beyond memory", file, out, 1, 0, (char*)ENDLESS - 2);
  T(EFBIG, fd_pwrite, "beyond what the process may write", file, out, 1, 1ull << 41, &count);
  T(EINVAL, fd_pwrite, "from 2^63", file, out, 1, 1ull << 63, &count);
  T(EISDIR, fd_pwrite, "a directory", BOX, out, 1, 0, &count);
  T(ENOSPC, fd_pwrite, "a full device", must_open(DEV, "full", 0, FILE_RIGHTS, 0), out, 1, 0, &count);
  T(ENOTCAPABLE, fd_pwrite, "without the right", powerless, out, 1, 0, &count);
  T(ENOTCAPABLE, fd_pwrite, "without the right to seek", must_open(BOX, "offsets", 0, RIGHT_WRITE, 0), out, 1, 0, &count);
  T(ESPIPE, fd_pwrite, "a pipe", 1, out, 1, 0, &count);
  IS(size_of(file) == 10);
  u32 log = must_open(BOX, "offsets", 0, FILE_RIGHTS, FLAG_APPEND);
  T(SUCCESS, fd_pwrite, "in append mode: appends", log, out, 1, 0, &count);
  IS(size_of(file) == 12);
}

static void seeking(u32 powerless) {
  u64 position;
  must_write_file("seek", "0123456789");
  u32 file = must_open_file("seek");
  T(SUCCESS, fd_seek, "from the start", file, 4, WHENCE_SET, &position);
  IS(position == 4);
  T(SUCCESS, fd_seek, "from where it is", file, -1, WHENCE_CUR, &position);
  IS(position == 3);
  T(SUCCESS, fd_seek, "from the end", file, -2, WHENCE_END, &position);
  IS(position == 8);
  T(SUCCESS, fd_seek, "behind the end", file, 100, WHENCE_END, &position);
  IS(position == 110);
  T(SUCCESS, fd_tell, "where it is", file, &position);
  IS(position == 110);
  T(EBADF, fd_seek, "not open", MISSING, 0, WHENCE_SET, &position);
  T(EINVAL, fd_seek, "before the start", file, -1, WHENCE_SET, &position);
  T(EINVAL, fd_seek, "beyond 2^63", file, INT64_MAX, WHENCE_CUR, &position);
  T(EINVAL, fd_seek, "no such whence", file, 0, 3, &position);
  T(EINVAL, fd_seek, "whence 2^32 - 1", file, 0, ENDLESS, &position);
  T(EFAULT, fd_seek, "result beyond memory", file, 0, WHENCE_SET, (char*)ENDLESS - 6);
  IS(fd_tell(file, &position) == 0 && position == 110);  // nothing moved
  T(EISDIR, fd_seek, "a directory", BOX, 0, WHENCE_SET, &position);
  T(ENOTCAPABLE, fd_seek, "without the right", powerless, 0, WHENCE_SET, &position);
  u32 teller = must_open(BOX, "seek", 0, RIGHT_TELL, 0);
  T(ENOTCAPABLE, fd_seek, "with no more than the right to tell", teller, 1, WHENCE_CUR, &position);
  T(SUCCESS, fd_seek, "nowhere, with the right to tell", teller, 0, WHENCE_CUR, &position);
  T(ESPIPE, fd_seek, "a pipe", 0, 0, WHENCE_CUR, &position);
  T(EBADF, fd_tell, "not open", MISSING, &position);
  T(EFAULT, fd_tell, "result beyond memory", file, (char*)ENDLESS - 6);
  T(EISDIR, fd_tell, "a directory", BOX, &position);
  T(ENOTCAPABLE, fd_tell, "without the right", powerless, &position);
  T(ESPIPE, fd_tell, "a pipe", 0, &position);
}

// Lists from `cookie` with a buffer of `size` bytes until the end; sets bits of the names seen ("e0".."e31"), counts others.
static u32 seen, others;
static u64 list(u32 dir, u64 cookie, u32 size, u32 at_most) {
  static char buffer[4096];
  seen = others = 0;
  for (u32 rounds = 0; at_most > 0; ++rounds) {
    u32 used = 0, at = 0;
    if (fd_readdir(dir, buffer, size, cookie, &used) != 0 || used > size || rounds > 1000) return ENDLESS;
    while (at_most > 0 && used - at >= sizeof(struct dirent_head)) {
      struct dirent_head entry;
      memcpy(&entry, buffer + at, sizeof entry);
      if (used - at < sizeof entry + entry.namlen) break;  // cut off: comes again
      const char* name = buffer + at + sizeof entry;
      if (name[0] == 'e') {
        seen |= 1u << strtol(name + 1, NULL, 10);
      } else {
        ++others;
      }
      at += sizeof entry + entry.namlen;
      cookie = entry.next;
      --at_most;
    }
    if (used < size) return cookie;
    if (at == 0) return ENDLESS;  // not one entry fits: the buffer has to grow
  }
  return cookie;
}
static void entry(const char* action, u32 number) {
  char name[32];
  int length = snprintf(name, sizeof name, "dir/e%u", number);
  if (*action == '+') {
    fd_close(must_open_file(name));
  } else {
    IS(path_unlink_file(BOX, name, length) == 0);
  }
}

static void listing(void) {
  char buffer[256];
  u32 used;
  IS(path_create_directory(BOX, "dir", 3) == 0);
  u32 dir = must_open_dir("dir");
  T(SUCCESS, fd_readdir, "an empty directory has itself and its parent", dir, buffer, sizeof buffer, 0, &used);
  IS(used == 24 + 1 + 24 + 2);
  struct dirent_head head;
  memcpy(&head, buffer, sizeof head);
  IS(head.next != 0 && head.namlen == 1 && head.type == TYPE_DIRECTORY && buffer[24] == '.');
  for (u32 i = 0; i < 16; ++i) entry("+", i);
  T(SUCCESS, fd_readdir, "a buffer that cuts an entry off is filled", dir, buffer, 30, 0, &used);
  IS(used == 30);
  T(SUCCESS, fd_readdir, "an empty buffer", dir, buffer, 0, 0, &used);
  IS(used == 0);
  for (u32 size = 27; size < 300; size += 7) {  // every size finds everything, with its cookies
    list(dir, 0, size, ENDLESS);
    IS(seen == 0xFFFF && others == 2);
  }
  // A directory that changes while it is read: what was there all the time comes exactly once, cookies stay valid.
  u64 middle = list(dir, 0, 64, 6);
  u32 first = seen;
  for (u32 i = 16; i < 32; ++i) entry("+", i);
  for (u32 i = 0; i < 16; i += 2) entry("-", i);
  u64 end = list(dir, middle, 64, ENDLESS);
  IS((first & seen) == 0 && ((first | seen) & 0xAAAA) == 0xAAAA);
  R(SUCCESS, "fd_readdir", "a directory that changes between two calls", end == ENDLESS ? EIO : 0);
  list(dir, middle, 256, ENDLESS);  // the same cookie again
  IS(((first | seen) & 0xAAAA) == 0xAAAA && (first & seen) == 0);
  list(dir, 0, 256, ENDLESS);  // from the start: as it is now
  IS(seen == 0xFFFFAAAA && others == 2);
  T(SUCCESS, fd_readdir, "a cookie at the end", dir, buffer, sizeof buffer, 26, &used);
  IS(used == 0);
  T(SUCCESS, fd_readdir, "a cookie that was never given", dir, buffer, sizeof buffer, ~0ull, &used);
  IS(used == 0);
  T(EBADF, fd_readdir, "not open", MISSING, buffer, sizeof buffer, 0, &used);
  T(EFAULT, fd_readdir, "the buffer beyond memory", dir, FAR, 64, 0, &used);
  T(EFAULT, fd_readdir, "a buffer of 2^32 - 1 bytes", dir, buffer, ENDLESS, 0, &used);
  T(EFAULT, fd_readdir, "the count beyond memory", dir, buffer, sizeof buffer, 0, (char*)ENDLESS - 2);
  T(ENOTDIR, fd_readdir, "a file", must_open_file("dir/e1"), buffer, sizeof buffer, 0, &used);
  T(ENOTCAPABLE, fd_readdir, "without the right", powerless_dir(), buffer, sizeof buffer, 0, &used);
  T(EACCES, fd_readdir, "a directory that may not be read", LOCKED, buffer, sizeof buffer, 0, &used);
  IS(path_create_directory(BOX, "gone", 4) == 0);
  u32 gone = must_open_dir("gone");
  IS(path_remove_directory(BOX, "gone", 4) == 0);
  T(SUCCESS, fd_readdir, "a directory that was removed has no entries", gone, buffer, sizeof buffer, 0, &used);
  IS(used == 24 + 1 + 24 + 2);
}

int main(void) {
  u32 powerless = powerless_file("file");
  reading(powerless);
  writing(powerless);
  at_offsets(powerless);
  seeking(powerless);
  listing();
  return finish();
}
