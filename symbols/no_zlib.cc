// libelf can unpack compressed sections and so wants zlib, 76 KB of it. The images made here (elf_image.cc) never hold one: these
// refuse, and libelf reports an error should it ever ask.
#include <zlib.h>

extern "C" {
int inflateInit_(z_streamp, const char*, int) { return Z_MEM_ERROR; }
int inflate(z_streamp, int) { return Z_STREAM_ERROR; }
int inflateReset(z_streamp) { return Z_STREAM_ERROR; }
int inflateEnd(z_streamp) { return Z_STREAM_ERROR; }
int deflateInit_(z_streamp, int, const char*, int) { return Z_MEM_ERROR; }
int deflate(z_streamp, int) { return Z_STREAM_ERROR; }
int deflateEnd(z_streamp) { return Z_STREAM_ERROR; }
}
