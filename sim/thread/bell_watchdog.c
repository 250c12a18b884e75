/* SPDX-License-Identifier: MIT */
/*
 * Finds a simulated thread that computes for ever without a scheduling point. The timer counts the
 * process's own CPU time and touches nothing that the run could see.
 */
#define _GNU_SOURCE
#include "bell_sched.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define TICKS_PER_SECOND 4u

static uint32_t limit_ticks;
static uint32_t ticks;
static uint64_t seen_points;
static struct sigaction old_action;

static void say_where(char *text, size_t size, const void *pc)
{
    Dl_info info;

    if (dladdr(pc, &info) == 0 || info.dli_fname == NULL) {
        snprintf(text, size, "%p", pc);
        return;
    }
    snprintf(text, size, "%s+0x%zx of %s (offset 0x%zx)",
             info.dli_sname == NULL ? "?" : info.dli_sname,
             (size_t)((const char *)pc - (const char *)(info.dli_sname == NULL ? info.dli_fbase
                                                                              : info.dli_saddr)),
             info.dli_fname, (size_t)((const char *)pc - (const char *)info.dli_fbase));
}

static void on_tick(int signal_number, siginfo_t *info, void *context)
{
    const ucontext_t *machine = context;
    const struct bell_thread *thread = bell_sched_current();
    char where[512];
    char text[1024];
    int length;

    (void)signal_number;
    (void)info;
    if (thread == NULL || bell_sched_points() != seen_points) {
        seen_points = bell_sched_points();
        ticks = 0;
        return;
    }
    if (++ticks < limit_ticks)
        return;
    say_where(where, sizeof(where), (const void *)(uintptr_t)machine->uc_mcontext.gregs[REG_RIP]);
    length = snprintf(text, sizeof(text),
                      "belfry: thread %llu '%s' has computed for %u s of CPU time without a "
                      "scheduling point, at cycle %llu,\n  in %s.\n  No simulated time passes in "
                      "such a loop. If it polls memory, use --trap-loads or call into the OS.\n",
                      (unsigned long long)thread->id, thread->name, limit_ticks / TICKS_PER_SECOND,
                      (unsigned long long)bell_sim_now(), where);
    if (length > 0 && write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(BELL_SPIN_STATUS);
    _exit(BELL_SPIN_STATUS);
}

static void timer_set(long microseconds)
{
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};

    setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

void bell_watchdog_start(uint32_t seconds)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_tick;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    limit_ticks = seconds * TICKS_PER_SECOND;
    ticks = 0;
    sigaction(SIGVTALRM, &action, &old_action);
    timer_set(1000000 / TICKS_PER_SECOND);
}

void bell_watchdog_stop(void)
{
    timer_set(0);
    sigaction(SIGVTALRM, &old_action, NULL);
}
