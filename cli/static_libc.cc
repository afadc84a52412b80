// Definitions that the static program would otherwise take from the C library, each with a lot behind it that runs only after
// setlocale(), for wide characters or in programs that load shared objects. `arris` does none of it, so here is what those
// functions do in the C locale and without dlopen; everything behind them stays out of the link (180 KB). As in
// static_program.cc: linked into `arris` only, in Release builds. cli/README.md has the sizes.
//
// All are weak: where another version of the library cuts its parts differently, the library's own definition wins, and the program
// is larger. Types of the library's inside appear as void*.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

// Names of the library's own are the point here: NOLINTBEGIN(bugprone-reserved-identifier)
#define ARRIS_STAND_IN extern "C" [[gnu::weak]]

// Messages: nobody calls setlocale, and the C locale has no translations. Instead of catalogues, their plural formulas, iconv.
ARRIS_STAND_IN char* __dcgettext(const char*, const char* message, int) { return const_cast<char*>(message); }
ARRIS_STAND_IN char* dcgettext(const char*, const char* message, int) { return const_cast<char*>(message); }

// Locales made by a program: std::from_chars would want one for a long double, which nobody reads. (No memory: it fails.)
ARRIS_STAND_IN void* newlocale(int, const char*, void*) { return nullptr; }
ARRIS_STAND_IN void freelocale(void*) {}

// What assert and getopt print, to standard error if `file` is null. Instead of a second printf for wide streams.
ARRIS_STAND_IN int __vfxprintf(FILE* file, const char* format, va_list args, unsigned) {
  return std::vfprintf(file ? file : stderr, format, args);
}
ARRIS_STAND_IN int __fxprintf(FILE* file, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int written = __vfxprintf(file, format, args, 0);
  va_end(args);
  return written;
}
ARRIS_STAND_IN int __fxprintf_nocancel(FILE* file, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int written = __vfxprintf(file, format, args, 0);
  va_end(args);
  return written;
}

// Streams are of bytes, whatever is asked, and have no converter. Instead of iconv, which loads shared objects.
ARRIS_STAND_IN int _IO_fwide(FILE*, int) { return -1; }
ARRIS_STAND_IN int __wcsmbs_named_conv(void*, const char*) { return 1; }  // fopen's ",ccs=": unknown
ARRIS_STAND_IN void _nl_cleanup_ctype(void*) {}
ARRIS_STAND_IN int __gconv_lock[10] = {};  // closing a stream takes it, if the stream is wide
ARRIS_STAND_IN void __gconv_release_step(void*) {}
// Reached through wide streams and wide characters only.
ARRIS_STAND_IN const void* __wcsmbs_gconv_fcts_c[4] = {};
ARRIS_STAND_IN void __wcsmbs_load_conv(void*) { std::abort(); }
ARRIS_STAND_IN void __wcsmbs_clone_conv(void*) { std::abort(); }
ARRIS_STAND_IN void* __wcsmbs_getfct(const char*, const char*, size_t*) { std::abort(); }
ARRIS_STAND_IN int __libio_codecvt_encoding(void*) { std::abort(); }
ARRIS_STAND_IN int __libio_codecvt_in(void*) { std::abort(); }
ARRIS_STAND_IN int __libio_codecvt_out(void*) { std::abort(); }
ARRIS_STAND_IN int __libio_codecvt_length(void*) { std::abort(); }

// The loader of shared objects: where it would search, and stacks that become executable because one of them wants it.
ARRIS_STAND_IN void _dl_init_paths(const char*, const char*, const char*, const char*) {}
ARRIS_STAND_IN int __stack_prot = 0;
ARRIS_STAND_IN int __nptl_change_stack_perm(void*) { return 0; }

// Destructors of thread_local objects, last made first. The library's also keep the shared object loaded that has their code.
namespace {
struct ThreadDestructor {
  void (*run)(void*);
  void* object;
  ThreadDestructor* next;
};
thread_local constinit ThreadDestructor* thread_destructors = nullptr;
}  // namespace

ARRIS_STAND_IN int __cxa_thread_atexit_impl(void (*run)(void*), void* object, void*) {
  auto* entry = static_cast<ThreadDestructor*>(std::malloc(sizeof(ThreadDestructor)));
  if (!entry) std::abort();  // as the library: there is nobody to tell
  *entry = {run, object, thread_destructors};
  thread_destructors = entry;
  return 0;
}
// By the library, at a thread's end and in exit().
ARRIS_STAND_IN void __call_tls_dtors() {
  while (ThreadDestructor* entry = thread_destructors) {
    thread_destructors = entry->next;
    entry->run(entry->object);
    std::free(entry);
  }
}
// NOLINTEND(bugprone-reserved-identifier)
