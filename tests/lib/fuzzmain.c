/* See LICENSE for copyright and licence details.
 *
 * The end of a file of fuzz targets: the variable FUZZ names the one of
 * target[] to run. It is meant for libFuzzer; without it the driver below does,
 * which changes the first inputs at random, always the same way, and knows no
 * coverage, but takes the same options. The input that failed is left in a
 * file. */

/* In memory of this very size, so that one byte too far is seen. */
unsigned char *
copied(const unsigned char *p, size_t n)
{
	unsigned char *copy = malloc(n + !n);

	if (!copy)
		abort();
	if (n)
		memcpy(copy, p, n);
	return copy;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ"), *seeds = getenv("SEEDS");

	for (chosentarget = 0; chosentarget < LENGTH(target); chosentarget++)
		if (name && !strcmp(target[chosentarget].name, name))
			break;
	if (chosentarget == LENGTH(target)) {
		fprintf(stderr, "%s: FUZZ names no target\n", *argc > 0 ?
		    **argv : "fuzz");
		exit(2);
	}
	if (seeds) {
		writeseeds(seeds);
		exit(0);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	target[chosentarget].run(p, n);
	return 0;
}

void
must(int good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return;
	fprintf(stderr, "fuzz: wrong: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

void
writeseed(const char *dir, int *num, const void *p, size_t n)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%03d", dir, ++*num);
	if (!(f = fopen(path, "w")) || fwrite(p, 1, n, f) != n ||
	    fclose(f) != 0) {
		perror(path);
		exit(2);
	}
}

#ifdef DRIVER
#include <sys/random.h>

#include <dirent.h>
#include <signal.h>
#include <time.h>

void __sanitizer_set_death_callback(void (*)(void));

enum { InputBytes = 8192, SeedMax = 512 };

static struct {
	unsigned char *p;
	size_t n;
} seed[SeedMax], current;
static size_t nseed;
static const char *prefix = "";
static uint64_t state = 88172645463325252;

static void addseed(const char *path);
static void aborted(int);
static size_t mutated(unsigned char *);
static void readseeds(const char *dir);
static unsigned rnd(unsigned below);
static void runinput(const unsigned char *, size_t);
static void savecrash(void);

void
addseed(const char *path)
{
	static unsigned char b[InputBytes];
	struct stat st;
	FILE *f;

	if (nseed == SeedMax || stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !(f = fopen(path, "r")))
		return;
	seed[nseed].n = fread(b, 1, sizeof(b), f);
	seed[nseed].p = copied(b, seed[nseed].n);
	nseed++;
	fclose(f);
}

void
aborted(int sig)
{
	fprintf(stderr, "fuzz: signal %d\n", sig);
	savecrash();
	_exit(77);
}

size_t
mutated(unsigned char *b)
{
	static const unsigned char odd[] = {
		0, 1, 8, '\n', 0x20, '"', 0x28, 0x29, ',', '0', ':', '\\',
		0x60, 0x6e, '{', '}', 0x7f, 0x80, 0xff
	};
	const size_t k = rnd(nseed), o = rnd(nseed);
	size_t n = seed[k].n, at, len, from;
	unsigned i;

	memcpy(b, seed[k].p, n);
	for (i = 1 + rnd(8); i--;) {
		at = n ? rnd(n) : 0;
		switch (rnd(n ? 6 : 1)) {
		case 0: /* puts something in */
			len = 1 + rnd(rnd(8) ? 4 : 64);
			if (n + len > InputBytes)
				break;
			memmove(b + at + len, b + at, n - at);
			for (n += len; len--;)
				b[at + len] = rnd(2) ? rnd(256) :
				    odd[rnd(sizeof(odd))];
			break;
		case 1: /* takes something out */
			len = 1 + rnd(rnd(8) ? 4 : 64);
			len = len < n - at ? len : n - at;
			memmove(b + at, b + at + len, n - at - len);
			n -= len;
			break;
		case 2: /* a part of another one */
			from = seed[o].n ? rnd(seed[o].n) : 0;
			len = seed[o].n - from < n - at ? seed[o].n - from :
			    n - at;
			memcpy(b + at, seed[o].p + from, rnd(len + 1));
			break;
		case 3:
			b[at] = odd[rnd(sizeof(odd))];
			break;
		case 4:
			b[at] ^= 1 << rnd(8);
			break;
		default:
			b[at] = rnd(256);
		}
	}
	return n;
}

void
readseeds(const char *dir)
{
	struct dirent **e;
	char path[PATH_MAX];
	int i, n = scandir(dir, &e, NULL, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, e[i]->d_name);
		addseed(path);
		free(e[i]);
	}
	if (n >= 0)
		free(e);
	else
		addseed(dir);
}

unsigned
rnd(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

void
runinput(const unsigned char *p, size_t n)
{
	current.p = copied(p, n);
	current.n = n;
	LLVMFuzzerTestOneInput(current.p, n);
	free(current.p);
	current.p = NULL;
}

void
savecrash(void)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%scrash", prefix);
	if (!current.p || !(f = fopen(path, "w")))
		return;
	fwrite(current.p, 1, current.n, f);
	fclose(f);
}

int
main(int argc, char **argv)
{
	static unsigned char b[InputBytes];
	long runs = -1, i, done;
	time_t begin = time(NULL), end = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	__sanitizer_set_death_callback(savecrash);
	signal(SIGABRT, aborted);
	signal(SIGALRM, aborted);
	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-runs=", 6))
			runs = atol(argv[i] + 6);
		else if (!strncmp(argv[i], "-max_total_time=", 16))
			end = begin + atol(argv[i] + 16);
		else if (!strncmp(argv[i], "-artifact_prefix=", 17))
			prefix = argv[i] + 17;
		else if (!strcmp(argv[i], "-seed=0") &&
		    getrandom(&state, sizeof(state), 0) > 0)
			state |= 1;
		else if (*argv[i] != '-')
			readseeds(argv[i]);
	}
	alarm(20);
	for (i = 0; i < (long)nseed; i++)
		runinput(seed[i].p, seed[i].n);
	for (done = i; nseed && (runs < 0 ? end : done < runs); done++) {
		if (done % 256 == 0) {
			alarm(20);
			if (end && time(NULL) >= end)
				break;
		}
		runinput(b, mutated(b));
	}
	fprintf(stderr, "Done %ld runs in %ld second(s)\n", done,
	    (long)(time(NULL) - begin));
	return 0;
}
#endif
