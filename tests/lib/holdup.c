/* Holds up one thread of a process, as a busy machine may a guest's processor.
 *
 * usage: holdup TID
 *
 * Says so on stdout, and lets it go on when it is ended itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	pid_t tid = argc == 2 ? atoi(argv[1]) : 0;
	int status;

	alarm(60);
	if (ptrace(PTRACE_SEIZE, tid, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, tid, 0, 0) ||
	    waitpid(tid, &status, __WALL) != tid) {
		perror("holdup");
		return 2;
	}
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
