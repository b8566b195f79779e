/* To be preloaded into KWin: its locker, a program of its own, which wants the
 * QML of the whole desktop, only waits. When it is told to end, the session is
 * unlocked. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void
end(int signo)
{
	(void)signo;
	_exit(0);
}

__attribute__((constructor)) static void
stand_in(void)
{
	sigset_t all;

	if (strcmp(program_invocation_short_name, "kscreenlocker_greet"))
		return;
	signal(SIGTERM, end);
	sigfillset(&all);
	sigdelset(&all, SIGTERM);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;)
		pause();
}
