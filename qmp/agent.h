/* See LICENSE for copyright and licence details.
 *
 * The agent in the guest: commands there, and whether somebody answers. */
#ifndef QMP_AGENT_H
#define QMP_AGENT_H

#include "inner.h"

/* AgentLook: may commands be run? Those from AgentShutdown on have no answer. */
enum agentop { AgentPing, AgentLook, AgentExec, AgentShutdown, AgentReboot };

/* A command in the guest. A ping waits for an agent as long as its owner does;
 * the others fail when none is there. */
struct agentjob {
	struct agentjob *next;
	enum agentop op;
	const char *const *argv; /* of AgentExec */
	char *why;   /* its log_why */
	int64_t pid; /* of what runs in the guest, or -1 */
	msec due;
	/* AgentShutdown, AgentReboot: 1: it was sent and not refused */
	void (*done)(struct agentjob *, int ok, msec now);
};

enum agentport { PortUnknown = -1, PortClosed, PortOpen };

struct agent {
	struct peer peer;
	struct agentjob *jobs, *asked; /* asked: whose reply comes next */
	int64_t sync;                  /* id of guest-sync-delimited */
	enum agentport open;
};
void agent_open(struct agent *, const char *addr);
void agent_start(struct agent *, struct agentjob *, msec now);
void agent_cancel(struct agent *, struct agentjob *, msec now);
/* What QEMU tells of its port. */
void agent_port(struct agent *, enum agentport, msec now);

#endif
