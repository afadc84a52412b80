/* Runs one command and tells what it cost: launch OUTPUT TIMEOUT COMMAND... prints
 *   STATUS WALL_NS CPU_NS MAX_RSS_KIB
 * on standard output; the command's own standard output goes to the file OUTPUT, its errors to OUTPUT.err.
 * STATUS is the exit code, -SIGNAL, or "timeout".
 *
 * Why a program: Linux counts the pages of the process that forked as the child's peak, so a child started by Python could
 * never be seen to use less than Python. Linked statically this one is smaller than any program it measures. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void on_alarm(int signal_number) {
  (void)signal_number;
  kill(-child, SIGKILL);
}

static long long nanoseconds(struct timespec t) { return t.tv_sec * 1000000000LL + t.tv_nsec; }
static long long cpu_nanoseconds(const struct rusage *usage) {
  return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000LL + (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000LL;
}

static int open_for_child(const char *path) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) perror(path), exit(2);
  return file;
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: launch OUTPUT TIMEOUT COMMAND...\n"), 2;
  char errors_path[4096];
  snprintf(errors_path, sizeof errors_path, "%s.err", argv[1]);
  int output = open_for_child(argv[1]), errors = open_for_child(errors_path), input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int exec_pipe[2]; /* tells an exec that failed from a command that ran and failed */
  if (pipe2(exec_pipe, O_CLOEXEC) != 0) return perror("pipe"), 2;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  child = vfork();
  if (child == 0) {
    setpgid(0, 0);
    dup2(input, 0), dup2(output, 1), dup2(errors, 2);
    execvp(argv[3], argv + 3);
    int why = errno;
    if (write(exec_pipe[1], &why, sizeof why)) {}
    _exit(127);
  }
  if (child < 0) return perror("vfork"), 2;
  signal(SIGALRM, on_alarm);
  alarm((unsigned)atoi(argv[2]));
  int status;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0)
    if (errno != EINTR) return perror("wait4"), 2;
  clock_gettime(CLOCK_MONOTONIC, &end);
  unsigned left = alarm(0);
  close(exec_pipe[1]);
  int why;
  if (read(exec_pipe[0], &why, sizeof why) == sizeof why) return fprintf(stderr, "%s: %s\n", argv[3], strerror(why)), 2;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && left == 0) printf("timeout");
  else printf("%d", WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
  printf(" %lld %lld %ld\n", nanoseconds(end) - nanoseconds(start), cpu_nanoseconds(&usage), usage.ru_maxrss);
}
