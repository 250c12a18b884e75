/* SPDX-License-Identifier: MIT */
#include "belfry_machine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os_internal.h"

#define FAULT_TEXT 256u

struct belfry_process {
    struct belfry_process *next;
    const char *name;
    int (*entry)(int argc, char **argv);
    int argc;
    char **argv; /**< Own copy. */
    struct os_process *os;
    uint32_t id;
    bool ending; /**< Exit or fault has begun; only its thread goes on. */
    enum belfry_exit exit;
    int code;
    char fault[FAULT_TEXT];
};

struct belfry_thread {
    struct belfry_thread *next;
    const char *name;
    void (*entry)(void *arg);
    void *arg;
    bool done;
    struct bell_waitq joiners;
};

static struct belfry_process *processes, **last_process = &processes;
static struct belfry_thread *threads;
static unsigned cpus_given;

/** User threads take the processors behind the system's in turn. */
static unsigned next_cpu(void)
{
    return OS_CPU_USER + cpus_given++ % (BELL_MAX_CPUS - OS_CPU_USER);
}

static struct belfry_process *process_of(const struct os_thread *thread)
{
    struct belfry_process *at = processes;

    while (at != NULL && (thread->process == NULL || at->os != thread->process))
        at = at->next;
    return at;
}

const char *belfry_process_name(uint32_t id)
{
    for (const struct belfry_process *at = processes; at != NULL; at = at->next)
        if (at->id == id)
            return at->name;
    return NULL;
}

/* --- Life of a process ----------------------------------------------------------------------- */

static void create(struct belfry_process *process)
{
    struct os_thread *self = os_thread_self();

    process->os = os_process_create(process->name);
    if (process->os == NULL)
        bell_sim_fail("process \"%s\": the OS could not create it (out of memory, or refused by "
                      "DxgkDdiCreateProcess)", process->name);
    process->id = os_process_id(process->os);
    self->process = process->os;
    os_trace(BELFRY_PROCESS, "start", process->id);
}

static void destroy(struct belfry_process *process, bool fault)
{
    struct os_thread *self = os_thread_self();

    os_process_kill_threads(process->os);
    belfry_explain_process(process->os, fault || process->code != 0);
    if (!fault)
        os_trace(BELFRY_PROCESS, "exit", process->id)->status = (uint32_t)process->code;
    os_process_destroy(process->os, fault);
    self->process = NULL;
    process->os = NULL;
    process->exit = fault ? BELFRY_EXIT_FAULT : BELFRY_EXIT_NORMAL;
}

static void process_main(void *arg)
{
    struct belfry_process *process = arg;
    int code;

    create(process);
    code = process->entry(process->argc, process->argv);
    if (process->ending)
        bell_thread_kill(bell_thread_self());
    process->ending = true;
    process->code = code;
    destroy(process, false);
}

static void process_reap(void *arg)
{
    destroy(arg, true);
}

void belfry_user_fault(const void *address, const void *pc, bool store, const char *reason)
{
    const struct os_thread *self = os_thread_self();
    struct belfry_process *process = process_of(self);
    const struct bell_window *window = bell_window_find(address);
    char where[96], text[FAULT_TEXT], name[64];

    if (window != NULL)
        snprintf(where, sizeof(where), "\"%s\" page + 0x%zx (0x%" PRIxPTR ")", window->name,
                 (size_t)((const char *)address - window->base), (uintptr_t)address);
    else
        snprintf(where, sizeof(where), "0x%" PRIxPTR, (uintptr_t)address);
    snprintf(text, sizeof(text),
             "%s at %s by the instruction at 0x%" PRIxPTR " in thread %s: %s",
             store ? "store" : "load", where, (uintptr_t)pc, self->name, reason);
    if (process == NULL || self->in_kmt != NULL)
        bell_sim_fail("kernel fault: %s%s%s", text, self->in_ddi != NULL ? ", inside " : "",
                      self->in_ddi != NULL ? self->in_ddi : "");
    if (!process->ending) {
        process->ending = true;
        snprintf(process->fault, sizeof(process->fault), "%s", text);
        os_trace(BELFRY_PROCESS, "fault", process->id);
        snprintf(name, sizeof(name), "%s (abnormal exit)", process->name);
        os_thread_create(name, OS_CPU_SYSTEM, false, process->os, PASSIVE_LEVEL, process_reap,
                         process);
    }
    bell_thread_kill(bell_thread_self());
}

static char **copy_argv(int argc, char **argv)
{
    char **copy = calloc((size_t)argc + 1, sizeof(*copy));

    if (copy == NULL)
        abort();
    for (int i = 0; i < argc; i++)
        copy[i] = strdup(argv[i]);
    return copy;
}

struct belfry_process *belfry_spawn(const char *name, int (*entry)(int argc, char **argv), int argc,
                                    char **argv)
{
    struct belfry_process *made = calloc(1, sizeof(*made));

    if (made == NULL)
        abort();
    made->name = os_trace_intern(name);
    made->entry = entry;
    made->argc = argc;
    made->argv = copy_argv(argc, argv);
    *last_process = made;
    last_process = &made->next;
    os_thread_create(name, next_cpu(), false, NULL, PASSIVE_LEVEL, process_main, made);
    return made;
}

enum belfry_exit belfry_process_exit(const struct belfry_process *process)
{
    return process->exit;
}

int belfry_process_code(const struct belfry_process *process)
{
    return process->code;
}

const char *belfry_process_fault(const struct belfry_process *process)
{
    return process->fault;
}

/* --- User threads ---------------------------------------------------------------------------- */

static void thread_main(void *arg)
{
    struct belfry_thread *thread = arg;

    thread->entry(thread->arg);
    thread->done = true;
    bell_thread_wake_all(&thread->joiners);
}

struct belfry_thread *belfry_thread_start(const char *name, void (*entry)(void *arg), void *arg)
{
    const struct os_thread *self = os_thread_self();
    struct belfry_thread *made = calloc(1, sizeof(*made));

    if (made == NULL)
        abort();
    made->next = threads;
    threads = made;
    if (process_of(self) == NULL)
        bell_sim_fail("belfry_thread_start(\"%s\"): called by %s; expected a thread of a process",
                      name, self->name);
    made->name = os_trace_intern(name);
    made->entry = entry;
    made->arg = arg;
    os_thread_create(name, next_cpu(), false, self->process, PASSIVE_LEVEL, thread_main, made);
    return made;
}

void belfry_thread_join(struct belfry_thread *thread)
{
    char what[96];

    snprintf(what, sizeof(what), "thread \"%s\" to end", thread->name);
    while (!thread->done)
        bell_thread_wait(&thread->joiners, 0, what);
}

void belfry_yield(void)
{
    bell_thread_point();
}

void belfry_sleep(uint64_t cycles)
{
    bell_thread_sleep(cycles);
}

uint64_t belfry_now(void)
{
    return bell_sim_now();
}

uint64_t belfry_random(uint64_t bound)
{
    if (bound == 0)
        bell_sim_fail("belfry_random(0) in thread %s; expected a bound above 0",
                      os_thread_self()->name);
    return bell_sim_random(bound);
}

void belfry_fail(const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    bell_sim_fail("%s", text);
}

void belfry_processes_cleanup(void)
{
    while (processes != NULL) {
        struct belfry_process *next = processes->next;

        for (int i = 0; i < processes->argc; i++)
            free(processes->argv[i]);
        free(processes->argv);
        free(processes);
        processes = next;
    }
    last_process = &processes;
    while (threads != NULL) {
        struct belfry_thread *next = threads->next;

        free(threads);
        threads = next;
    }
    cpus_given = 0;
}
