/* What umockdev can't do; to be preloaded before its library.
 *
 * While the file exists whose name is in the environment variable DENY,
 * opening /dev/i2c-* and /dev/uinput fails with EACCES, as before logind or a
 * group gives permission, and access tells so.  While the one in SLEPT exists the machine has slept for an hour
 * since it was booted.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE  /* it has an open() of its own */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef int Open(const char *, int, ...);
typedef int Openat(int, const char *, int, ...);
typedef int Open2(const char *, int);
typedef int Openat2(int, const char *, int);

static int
denied(const char *path)
{
	const char *file = getenv("DENY");

	if (!file || (strncmp(path, "/dev/i2c-", 9) &&
	    strcmp(path, "/dev/uinput")) || access(file, F_OK))
		return 0;
	errno = EACCES;
	return 1;
}

#define NEXT(type, name, args) \
	type *next; \
	if (denied(path)) \
		return -1; \
	*(void **)&next = dlsym(RTLD_NEXT, #name); \
	return next args;

/* The mode is there when the flags say so. */
#define WRAP(type, name, params, args) \
int \
name params \
{ \
	mode_t mode = 0; \
	va_list ap; \
	va_start(ap, flags); \
	if (flags & (O_CREAT | __O_TMPFILE)) \
		mode = va_arg(ap, mode_t); \
	va_end(ap); \
	NEXT(type, name, args) \
}

/* What programs call that were built with _FORTIFY_SOURCE. */
#define WRAP2(type, name, params, args) \
int name params; \
int \
name params \
{ \
	NEXT(type, name, args) \
}

WRAP(Open, open, (const char *path, int flags, ...), (path, flags, mode))
WRAP(Open, open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP(Openat, openat, (int fd, const char *path, int flags, ...),
	(fd, path, flags, mode))
WRAP(Openat, openat64, (int fd, const char *path, int flags, ...),
	(fd, path, flags, mode))
WRAP2(Open2, access, (const char *path, int flags), (path, flags))
WRAP2(Open2, __open_2, (const char *path, int flags), (path, flags))
WRAP2(Open2, __open64_2, (const char *path, int flags), (path, flags))
WRAP2(Openat2, __openat_2, (int fd, const char *path, int flags),
	(fd, path, flags))
WRAP2(Openat2, __openat64_2, (int fd, const char *path, int flags),
	(fd, path, flags))

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int ret = (int)syscall(SYS_clock_gettime, clock, t);
	const char *file;

	/* sanitizers ask for the time before there is an environment */
	if (clock != CLOCK_BOOTTIME)
		return ret;
	file = getenv("SLEPT");
	if (file && access(file, F_OK) == 0)
		t->tv_sec += 3600;
	return ret;
}
