/* SPDX-License-Identifier: MIT */
#include "os_internal.h"

#include <stdio.h>
#include <stdlib.h>

/** Clocks that threads inside D3DKMT calls get to leave the kernel before the run fails. */
#define OS_LEAVE_TIMEOUT OS_LOCK_TIMEOUT
#define OS_LEAVE_POLL 8u

static struct os_thread boot_thread = {.name = "boot"};
static struct os_thread *all_threads;

struct os_thread *os_thread_self(void)
{
    struct bell_thread *thread = bell_thread_self();
    struct os_thread *self = thread != NULL ? bell_thread_owner(thread) : NULL;

    return self != NULL ? self : &boot_thread;
}

static void thread_entry(void *arg)
{
    struct os_thread *self = arg;

    self->entry(self->arg);
}

struct os_thread *os_thread_create(const char *name, unsigned cpu, bool daemon,
                                   struct os_process *process, KIRQL irql,
                                   void (*entry)(void *arg), void *arg)
{
    struct os_thread *made = calloc(1, sizeof(*made));

    if (made == NULL)
        abort();
    made->name = os_trace_intern(name);
    made->process = process;
    made->irql = irql;
    made->entry = entry;
    made->arg = arg;
    made->next = all_threads;
    all_threads = made;
    made->thread = bell_thread_create(made->name, cpu, daemon, made, thread_entry, made);
    return made;
}

void os_threads_cleanup(void)
{
    while (all_threads != NULL) {
        struct os_thread *next = all_threads->next;

        free(all_threads);
        all_threads = next;
    }
    boot_thread = (struct os_thread){.name = "boot"};
}

static const char *irql_name(KIRQL irql)
{
    switch (irql) {
    case PASSIVE_LEVEL:
        return "PASSIVE_LEVEL";
    case APC_LEVEL:
        return "APC_LEVEL";
    case DISPATCH_LEVEL:
        return "DISPATCH_LEVEL";
    default:
        return "DIRQL";
    }
}

void os_require_irql(KIRQL wanted, const char *who, const char *requirement)
{
    const struct os_thread *self = os_thread_self();

    if (self->irql == wanted)
        return;
    os_violation(requirement, 0, "%s at %s (%u); expected %s (%u)", who, irql_name(self->irql),
                 self->irql, irql_name(wanted), wanted);
}

bool os_wait(struct bell_waitq *queue, uint64_t timeout, const char *what)
{
    struct os_thread *self = os_thread_self();
    bool woken;

    if (self->dying)
        return false;
    self->waiting = queue;
    woken = bell_thread_wait(queue, timeout, what);
    self->waiting = NULL;
    return woken && !self->dying;
}

void os_thread_leave_kmt(void)
{
    struct os_thread *self = os_thread_self();

    if (self->dying && self->in_kmt == NULL && self->thread != NULL)
        bell_thread_kill(self->thread);
}

static bool wants_end(const struct os_thread *thread, const struct os_process *process)
{
    return thread->process == process && thread != os_thread_self() && thread->thread != NULL &&
           bell_thread_alive(thread->thread);
}

/** @return a thread of the process that is still inside the kernel, or NULL. */
static const struct os_thread *kill_outside_kernel(const struct os_process *process)
{
    const struct os_thread *inside = NULL;

    for (struct os_thread *at = all_threads; at != NULL; at = at->next) {
        if (!wants_end(at, process))
            continue;
        at->dying = true;
        if (at->in_kmt == NULL) {
            bell_thread_kill(at->thread);
            continue;
        }
        if (at->waiting != NULL)
            bell_thread_wake_all(at->waiting);
        inside = at;
    }
    return inside;
}

void os_process_kill_threads(const struct os_process *process)
{
    uint64_t deadline = bell_sim_now() + OS_LEAVE_TIMEOUT;
    const struct os_thread *inside;

    while ((inside = kill_outside_kernel(process)) != NULL) {
        if (bell_sim_now() >= deadline)
            bell_sim_fail("process exit: thread %s did not return from %s within %llu clocks",
                          inside->name, inside->in_kmt, (unsigned long long)OS_LEAVE_TIMEOUT);
        bell_thread_sleep(OS_LEAVE_POLL);
    }
}
