/* See LICENSE for copyright and licence details.
 *
 * A connection that is made again. The socket belongs to a VM, which comes and
 * goes, and whose folder may come and go with it: so it is simply tried, once a
 * second for a minute after there was a reason to hope (a start, a loss,
 * somebody who looks), then every few seconds, for ever. Nothing here blocks:
 * what can't be sent is kept, what comes is cut into messages, and who uses the
 * connection is told by a table of functions.
 *
 * Start reading at peer_connect and peer_ready. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

/* Times in ms. */
enum {
	ConnectLimit = 2000,
	EagerTime = 60000,
	EagerEvery = 1000, /* the next attempt, while that lasts */
	TryEvery = 5000    /* and later */
};

enum { ReadMax = 16384 };

/* ---- states ---- */

void
peer_state(struct peer *p, enum peerstate state, msec due)
{
	static const char *const name[] = {
		[PeerDown] = "down", [PeerConnecting] = "connecting",
		[PeerGreeting] = "greeting", [PeerUp] = "up",
	};

	note(1, "%s: %s -> %s", p->ops->name, name[p->state], name[state]);
	p->state = state;
	p->sock.due = due;
	if (state == PeerUp)
		memset(p->said, 0, sizeof(p->said));
}

void
peer_close(struct peer *p)
{
	source_del(&p->sock);
	if (p->sock.fd >= 0)
		close(p->sock.fd);
	p->sock.fd = -1;
	p->sock.events = 0;
	p->outlen = 0;
	p->mark = MarkNone;
	framer_reset(&p->in);
	if (p->state != PeerDown)
		peer_state(p, PeerDown, 0);
	p->sock.due = 0;
}

void
peer_say(struct peer *p, int why)
{
	static const struct {
		int why;
		const char *hint;
	} list[] = {
		{ ENOENT, ": waiting for a VM that makes it" },
		{ EACCES, " (let your user connect: the group and setgid bit "
		    "of its folder, or an ACL)" },
		{ ECONNREFUSED, " (no VM listens there)" },
		{ ENAMETOOLONG, " (a socket's path has at most 107 bytes: "
		    "give QEMU a shorter one)" },
		{ EADDRNOTAVAIL, " (want /path, or address:port; no names but "
		    "localhost)" },
		{ 0, "" }
	};
	unsigned bit = (unsigned)(why - WrongGreeting) % (8 * sizeof(p->said));
	const char *name = p->ops->name, *hint;
	struct stat st;
	size_t i;

	p->why = why;
	if (!why || p->said[bit / 8] >> bit % 8 & 1)
		return;
	p->said[bit / 8] |= 1 << bit % 8;
	if (why == NoGreeting) {
		warn("%s: %s: no greeting: %s", name, p->addr, p->ops->held);
		return;
	}
	if (why == WrongGreeting) {
		warn("%s: %s: this is %s: are the QMP and the agent's socket "
		     "swapped?", name, p->addr, p->ops->wrong);
		return;
	}
	for (i = 0; list[i].why && list[i].why != why; i++)
		;
	hint = list[i].hint;
	if (why == ECONNREFUSED && !stat(p->addr, &st) &&
	    !S_ISSOCK(st.st_mode))
		hint = " (this is no socket)";
	warn("%s: %s: %s%s", name, p->addr, strerror(why), hint);
}

void
peer_drop(struct peer *p, int why, msec now)
{
	peer_say(p, why);
	if (p->state == PeerUp)
		p->eager = now + EagerTime;
	peer_close(p);
	p->sock.due = now + (now < p->eager ? EagerEvery : TryEvery);
	source_add(&p->sock);
	p->ops->closed(p, now);
}

void
peer_free(struct peer *p)
{
	free(p->in.buf);
	p->in.buf = NULL;
	p->in.size = 0;
}

/* ---- an attempt ---- */

/* host:port, where host is an address or localhost: nothing is looked up, for
 * that could block. */
static int
peer_numeric(const char *addr, struct sockaddr_storage *sa, socklen_t *len)
{
	struct addrinfo hints = { 0 }, *ai;
	char host[64];
	const char *colon = strrchr(addr, ':');
	size_t n = colon ? (size_t)(colon - addr) : 0;

	if (!n || n >= sizeof(host))
		return -1;
	memcpy(host, addr, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	}
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	if (getaddrinfo(strcmp(host, "localhost") ? host : "127.0.0.1",
	    colon + 1, &hints, &ai))
		return -1;
	memcpy(sa, ai->ai_addr, ai->ai_addrlen);
	*len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

/* 0, or errno. */
static int
peer_address(const char *addr, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_un *un = (struct sockaddr_un *)sa;

	if (*addr != '/')
		return peer_numeric(addr, sa, len) < 0 ? EADDRNOTAVAIL : 0;
	if (strlen(addr) >= sizeof(un->sun_path))
		return ENAMETOOLONG;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, addr);
	*len = sizeof(*un);
	return 0;
}

static void
peer_try(struct peer *p, msec now)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len;
	int one = 1, error;

	peer_close(p);
	if ((error = peer_address(p->addr, &sa, &len))) {
		peer_drop(p, error, now);
		return;
	}
	p->sock.fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	                    SOCK_CLOEXEC, 0);
	if (p->sock.fd < 0) {
		peer_drop(p, errno, now);
		return;
	}
	if (sa.ss_family != AF_UNIX)
		setsockopt(p->sock.fd, IPPROTO_TCP, TCP_NODELAY, &one,
		           sizeof(one));
	if (connect(p->sock.fd, (struct sockaddr *)&sa, len) < 0 &&
	    errno != EINPROGRESS) {
		/* EAGAIN: so many wait already that none is served */
		peer_drop(p, errno == EAGAIN ? NoGreeting : errno, now);
		return;
	}
	p->sock.events = Writable;
	if (source_add(&p->sock) < 0) {
		peer_drop(p, EMFILE, now);
		return;
	}
	peer_state(p, PeerConnecting, now + ConnectLimit);
}

void
peer_connect(struct peer *p, msec now)
{
	p->eager = now + EagerTime;
	peer_try(p, now);
}

static void
peer_connected(struct peer *p, msec now)
{
	struct ucred cred;
	socklen_t len = sizeof(int);
	int error = 0;

	getsockopt(p->sock.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		peer_drop(p, error, now);
		return;
	}
	p->sock.events = Readable;
	len = sizeof(cred);
	p->pid = getsockopt(p->sock.fd, SOL_SOCKET, SO_PEERCRED, &cred,
	    &len) < 0 ? 0 : cred.pid; /* 0 with TCP, too */
	peer_state(p, PeerGreeting, 0);
	p->ops->connected(p, now);
}

/* ---- what comes and goes ---- */

static void
peer_junk(struct peer *p, msec now)
{
	if (p->mark == MarkWanted) { /* the end of another's */
		framer_reset(&p->in);
		return;
	}
	if (p->state == PeerGreeting && p->mark == MarkNone) {
		peer_drop(p, WrongGreeting, now);
		return;
	}
	warn("%s: %s: not JSON, or too much of it; connecting again",
	     p->ops->name, p->addr);
	peer_drop(p, 0, now);
}

static void
peer_byte(struct peer *p, char c, msec now)
{
	struct json m;
	int whole;

	if (p->mark && (unsigned char)c == 0xff) {
		framer_reset(&p->in);
		p->mark = MarkSeen;
		return;
	}
	if (!(whole = framer_byte(&p->in, c)))
		return;
	if (whole < 0) {
		peer_junk(p, now);
		return;
	}
	m.s = p->in.buf;
	m.end = m.s + p->in.len;
	p->ops->message(p, m, now);
	framer_reset(&p->in);
}

static void
peer_read(struct peer *p, msec now)
{
	char buf[ReadMax];
	ssize_t n = read(p->sock.fd, buf, sizeof(buf)), i;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		peer_drop(p, 0, now);
		return;
	}
	note(2, "%s: read %.*s", p->ops->name, (int)n, buf);
	/* a message may end this connection, and even begin another */
	for (i = 0; i < n && p->state > PeerConnecting; i++)
		peer_byte(p, buf[i], now);
}

int
peer_send(struct peer *p, const char *s, size_t n)
{
	ssize_t w;

	if (n > sizeof(p->out) - p->outlen)
		return -1;
	if (n) {
		note(2, "%s: send %.*s", p->ops->name, (int)n, s);
		memcpy(p->out + p->outlen, s, n);
		p->outlen += n;
	}
	w = send(p->sock.fd, p->out, p->outlen, MSG_NOSIGNAL);
	if (w < 0 && errno != EAGAIN && errno != EINTR)
		return -1;
	if (w > 0) {
		p->outlen -= w;
		memmove(p->out, p->out + w, p->outlen);
	}
	p->sock.events = Readable | (p->outlen ? Writable : 0);
	return 0;
}

static void
peer_ready(struct source *s, unsigned got, msec now)
{
	struct peer *p = OWNER(s, struct peer, sock);

	if (p->state == PeerDown)
		peer_try(p, now);
	else if (p->state == PeerConnecting && got)
		peer_connected(p, now);
	else if (p->state == PeerConnecting)
		peer_drop(p, ETIMEDOUT, now);
	else if (!got)
		p->ops->late(p, now);
	else if ((got & Writable) && peer_send(p, NULL, 0) < 0)
		peer_drop(p, 0, now);
	else if (got & Readable)
		peer_read(p, now);
}

void
peer_init(struct peer *p, const struct peerops *ops, const char *addr)
{
	p->sock.fd = -1;
	p->sock.ready = peer_ready;
	p->ops = ops;
	p->addr = addr;
	p->in.limit = ops->limit;
}
