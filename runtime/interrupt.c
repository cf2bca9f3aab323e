#include "interrupt.h"

#include <signal.h>

/* The only global state of the runtime: a signal handler has no other way to pass anything on. */
static volatile sig_atomic_t caught;

static void note(int number) { caught = number; }

/* Leaves alone what whoever started the process has told it to ignore, as a shell does for jobs in the background. */
static void catch(int number, bool once)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART | (once ? (int)SA_RESETHAND : 0)}, before;
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

void interrupt_catch(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    catch(SIGINT, true);
    catch(SIGTERM, true);
    catch(SIGHUP, false);               /* of a terminal that is closed it comes twice: from the system and from the shell */
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

bool interrupt_none(struct error *error)
{
    int number = caught;
    return number == 0 || error_set(error, STATUS_SIGNAL + number, "interrupted");
}
