/* See LICENSE for copyright and licence details.
 *
 * A connection that is made again. The socket belongs to a VM, which comes and
 * goes, and whose folder may come and go with it: so it is simply tried, once a
 * second, for ever. Nothing here blocks: what comes is cut into messages, and
 * who uses the connection is told by a table of functions.
 *
 * Start reading at peer_connect and peer_ready. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inner.h"

/* Times in ms. */
enum { TryEvery = 1000, ConnectLimit = 2000 };

enum { ReadMax = 16384 };

/* ---- states ---- */

void
peer_state(struct peer *p, enum peerstate state, msec due)
{
	static const char *const name[] = { "down", "connecting", "greeting",
		"up" };

	if (p->state != state)
		note(1, "%s: %s -> %s", p->ops->name, name[p->state],
		     name[state]);
	p->state = state;
	p->sock.due = due;
	if (state == PeerUp)
		p->said = 0;
}

void
peer_close(struct peer *p)
{
	source_del(&p->sock);
	if (p->sock.fd >= 0)
		close(p->sock.fd);
	p->sock.fd = -1;
	free(p->in.buf);
	p->in = (struct framer){ .limit = p->in.limit };
	peer_state(p, PeerDown, 0);
}

void
peer_say(struct peer *p, int why)
{
	static const char *const list[] = {
		[-NoGreeting] = "no greeting",
		[-WrongGreeting] = "this is the wrong socket",
		[-Nonsense] = "what comes makes no sense; connecting again",
		[-Stranger] = "another user listens there, where everybody may "
		    "put a socket, and would get every key",
	};

	p->why = why;
	if (!why || why == p->said)
		return;
	p->said = why;
	warn("%s: %s: %s%s", p->ops->name, p->addr, why < 0 ? list[-why] :
	     why == ENOENT && p->ops->shared ? "no socket of an agent's: " :
	     "can't connect: ", why < 0 ? "" : strerror(why));
}

void
peer_drop(struct peer *p, int why, msec now)
{
	peer_say(p, why);
	peer_close(p);
	p->sock.due = now + TryEvery;
	source_add(&p->sock);
	p->ops->closed(p, now);
}

/* ---- an attempt ---- */

/* A path, or host:port, where host is an address or localhost: nothing is
 * looked up, for that could block. -1: it is neither. */
static int
peer_address(const char *addr, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_un *un = (struct sockaddr_un *)sa;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *ai;
	char host[64], port[6], more;

	if (*addr == '/') {
		if (strlen(addr) >= sizeof(un->sun_path))
			return -1;
		un->sun_family = AF_UNIX;
		strcpy(un->sun_path, addr);
		*len = sizeof(*un);
		return 0;
	}
	if ((sscanf(addr, "[%63[^]]]:%5[0-9]%c", host, port, &more) != 2 &&
	    sscanf(addr, "%63[^:]:%5[0-9]%c", host, port, &more) != 2) ||
	    atoi(port) < 1 || atoi(port) > UINT16_MAX ||
	    getaddrinfo(strcmp(host, "localhost") ? host : "127.0.0.1", port,
	    &hints, &ai))
		return -1;
	memcpy(sa, ai->ai_addr, ai->ai_addrlen);
	*len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

const char *
peer_wrong(const char *addr)
{
	struct sockaddr_storage sa;
	socklen_t len;

	return *addr && peer_address(addr, &sa, &len) ? "want a /path, not too "
	    "long, or address:port, where address is numeric or localhost" :
	    NULL;
}

void
peer_connect(struct peer *p, msec now)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len;

	peer_close(p);
	peer_address(p->addr, &sa, &len); /* which nothing is wrong with */
	p->sock.events = Writable;
	p->sock.fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (p->sock.fd < 0 || (connect(p->sock.fd, (struct sockaddr *)&sa,
	    len) < 0 && errno != EINPROGRESS))
		/* EAGAIN: so many wait already that none is served */
		peer_drop(p, errno == EAGAIN ? NoGreeting : errno, now);
	else if (source_add(&p->sock) < 0)
		peer_drop(p, EMFILE, now);
	else
		peer_state(p, PeerConnecting, now + ConnectLimit);
}

/* May everybody put something there, or a folder on the way to it? What root or
 * we have put where each may remove only his own is trusted. */
static int
path_open(char *path, uid_t owner)
{
	struct stat s;
	char *end;

	do {
		end = strrchr(path, '/');
		end[end == path] = '\0';
		if (stat(path, &s) < 0 || (s.st_mode & S_IWOTH &&
		    (!(s.st_mode & S_ISVTX) || (owner && owner != geteuid()))))
			return 1;
		owner = s.st_uid;
	} while (end > path);
	return 0;
}

/* There only root and we are trusted; elsewhere the rights of the folders have
 * decided, also of those that links lead to. */
static int
peer_strange(const char *addr, uid_t owner)
{
	char path[PATH_MAX];

	return owner && owner != geteuid() &&
	    (path_open(strcpy(path, addr), owner) || !realpath(addr, path) ||
	    path_open(path, owner));
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
	if (getsockopt(p->sock.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		cred.pid = 0; /* as with TCP */
	p->pid = cred.pid;
	if (*p->addr == '/' && peer_strange(p->addr, cred.uid)) {
		peer_drop(p, Stranger, now);
		return;
	}
	peer_state(p, PeerGreeting, now + p->ops->greets);
	if (p->ops->connected)
		p->ops->connected(p, now);
}

/* ---- what comes and goes ---- */

static void
peer_byte(struct peer *p, char c, msec now)
{
	struct json m;
	int whole;

	if (!(whole = framer_byte(&p->in, c)))
		return;
	/* else it is the end of another's */
	if (whole < 0 && (p->state == PeerUp || !p->ops->shared)) {
		peer_drop(p, p->state == PeerUp ? Nonsense : WrongGreeting, now);
		return;
	}
	m.s = p->in.buf;
	m.end = m.s + p->in.len;
	if (whole > 0)
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

/* A socket has room for one command, and no second one is sent before the first
 * was answered; so TCP does not hold it back either. Who sends may be in the
 * middle of something: what follows from a loss is left to the next read, which
 * is told of it. */
void
peer_send(struct peer *p, const char *s)
{
	size_t n = strlen(s);

	note(2, "%s: send %s", p->ops->name, s);
	if (send(p->sock.fd, s, n, MSG_NOSIGNAL) != (ssize_t)n)
		shutdown(p->sock.fd, SHUT_RDWR);
}

static void
peer_ready(struct source *s, msec now)
{
	struct peer *p = OWNER(s, struct peer, sock);

	if (p->state == PeerDown)
		peer_connect(p, now);
	else if (p->state == PeerConnecting && s->got)
		peer_connected(p, now);
	else if (p->state == PeerConnecting)
		peer_drop(p, ETIMEDOUT, now);
	else if (!s->got)
		p->ops->late(p, now);
	else
		peer_read(p, now);
}

int
answer_read(struct answer *r, struct json m)
{
	r->value = json_member(m, "return");
	r->ok = r->value.s < r->value.end;
	if (!r->ok)
		r->value = json_member(m, "error");
	json_string(r->value, "desc", r->text, sizeof(r->text));
	return r->value.s < r->value.end;
}

void
peer_init(struct peer *p, const struct peerops *ops, const char *addr)
{
	*p = (struct peer){ .sock = { .fd = -1, .ready = peer_ready },
	    .ops = ops, .addr = addr, .in.limit = ops->limit };
}
