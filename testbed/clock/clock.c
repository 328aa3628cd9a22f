/* The wall clock of one process, moved from outside while it runs.
 *
 * Preloaded (LD_PRELOAD), it adds to CLOCK_REALTIME the nanoseconds, a signed 64-bit number, that
 * stand at the start of the file $VOXGATE_CLOCK. Whoever writes the file moves the clock at once,
 * for all threads. Nothing is added to the monotonic clock, so timers go on as they do.
 * What the kernel itself compares with the wall clock, as a wait until a time of day, is not moved.
 *
 * libfaketime does more than that, with locks and files: as its packages build it, Envoy 1.40 hangs
 * before it starts, and its build for threads hung, too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

typedef int clock_function(clockid_t, struct timespec *);

static clock_function *real_clock;
static const volatile int64_t *offset;

static void find_real_clock(void) {
  real_clock = (clock_function *)dlsym(RTLD_NEXT, "clock_gettime");
}

__attribute__((constructor)) static void open_offset(void) {
  find_real_clock();
  const char *path = getenv("VOXGATE_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) offset = page;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  /* The constructors of other libraries may ask before ours has run. */
  if (!real_clock) find_real_clock();
  int result = real_clock(clock, now);
  if (result == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t moved = *offset; /* read once: it may change meanwhile */
    int64_t nanoseconds = now->tv_nsec + moved % SECOND;
    now->tv_sec += moved / SECOND;
    if (nanoseconds < 0) {
      nanoseconds += SECOND;
      now->tv_sec -= 1;
    } else if (nanoseconds >= SECOND) {
      nanoseconds -= SECOND;
      now->tv_sec += 1;
    }
    now->tv_nsec = nanoseconds;
  }
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec exact;
  int result = clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return result;
}

time_t time(time_t *also) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (also) *also = now.tv_sec;
  return now.tv_sec;
}
