/* SPDX-License-Identifier: MIT */
#include "bell_random.h"
#include "bell_sched.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_COST_MIN 2u
#define DEFAULT_COST_MAX 12u
#define DEFAULT_MAX_CYCLES (UINT64_C(1) << 40)
#define DEFAULT_STUCK_CYCLES (UINT64_C(1) << 32)
#define DEFAULT_SPIN_SECONDS 10u
#define BUSY_STEP_CYCLES (UINT64_C(1) << 20) /* One device step while nobody waits for a cycle. */
#define FAILURE_BYTES 32768u

static struct {
    struct bell_sim_config config;
    struct bell_random random;
    struct bell_thread *all;
    struct bell_thread **all_end;
    struct bell_thread *current;
    uint64_t next_id;
    uint64_t points;
    uint64_t foreground; /* Live threads that are not daemons. */
    bool quiet;          /* Nobody ran and the device was idle since `quiet_since`. */
    uint64_t quiet_since;
    bool failed;
    bool stuck;
    char failure[FAILURE_BYTES];
    size_t failure_length;
} sim = {.all_end = &sim.all};

_Noreturn void bell_sched_panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("belfry: internal error: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

void bell_sim_init(const struct bell_sim_config *config)
{
    bell_sim_cleanup();
    if (config->step == NULL || config->now == NULL)
        bell_sched_panic("bell_sim_init: step and now are required");
    sim.config = *config;
    if (config->cost_min == 0 && config->cost_max == 0) {
        sim.config.cost_min = DEFAULT_COST_MIN;
        sim.config.cost_max = DEFAULT_COST_MAX;
    }
    if (sim.config.cost_min == 0)
        sim.config.cost_min = 1;
    if (sim.config.cost_max < sim.config.cost_min)
        sim.config.cost_max = sim.config.cost_min;
    if (config->max_cycles == 0)
        sim.config.max_cycles = DEFAULT_MAX_CYCLES;
    if (config->stuck_cycles == 0)
        sim.config.stuck_cycles = DEFAULT_STUCK_CYCLES;
    if (config->spin_seconds == 0)
        sim.config.spin_seconds = DEFAULT_SPIN_SECONDS;
    sim.random.state = config->seed;
}

void bell_sim_cleanup(void)
{
    if (sim.current != NULL)
        bell_sched_panic("bell_sim_cleanup() was called from thread '%s'", sim.current->name);
    while (sim.all != NULL) {
        struct bell_thread *thread = sim.all;

        sim.all = thread->all_next;
        bell_coroutine_close(&thread->coroutine);
        free(thread);
    }
    bell_ready_cleanup();
    bell_point_cleanup();
    memset(&sim, 0, sizeof(sim));
    sim.all_end = &sim.all;
}

void bell_sched_add(struct bell_thread *thread)
{
    thread->id = ++sim.next_id;
    *sim.all_end = thread;
    sim.all_end = &thread->all_next;
    sim.foreground += !thread->daemon;
}

void bell_sched_ended(struct bell_thread *thread)
{
    sim.foreground -= !thread->daemon;
}

struct bell_thread *bell_sched_current(void)
{
    return sim.current;
}

uint64_t bell_sched_points(void)
{
    return sim.points;
}

uint64_t bell_sched_cost(void)
{
    uint64_t spread = (uint64_t)sim.config.cost_max - sim.config.cost_min + 1;

    return sim.config.cost_min + bell_sim_random(spread);
}

void bell_sched_switch(void)
{
    bell_coroutine_suspend(&sim.current->coroutine);
}

_Noreturn void bell_sched_leave(void)
{
    bell_coroutine_leave(&sim.current->coroutine);
}

uint64_t bell_sim_now(void)
{
    return sim.config.now == NULL ? 0 : sim.config.now(sim.config.ctx);
}

uint64_t bell_sim_random(uint64_t bound)
{
    return bell_random_below(&sim.random, bound);
}

static void failure_append(const char *format, va_list args)
{
    size_t room = sizeof(sim.failure) - sim.failure_length;
    int length = vsnprintf(sim.failure + sim.failure_length, room, format, args);

    if (length > 0)
        sim.failure_length += (size_t)length < room ? (size_t)length : room - 1;
}

__attribute__((format(printf, 1, 2))) static void failure_add(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    failure_append(format, args);
    va_end(args);
}

void bell_sim_fail(const char *format, ...)
{
    if (!sim.failed) {
        va_list args;

        sim.failed = true;
        va_start(args, format);
        failure_append(format, args);
        va_end(args);
    }
    if (sim.current != NULL) {
        sim.current->what = "nothing: it stopped the run";
        bell_sched_leave();
    }
}

const char *bell_sim_failure(void)
{
    return sim.failure;
}

static void describe_thread(const struct bell_thread *thread)
{
    failure_add("\n  thread %llu '%s' (cpu %u%s): ", (unsigned long long)thread->id, thread->name,
                thread->cpu, thread->daemon ? ", daemon" : "");
    if (thread->what != NULL)
        failure_add("waits since cycle %llu for %s", (unsigned long long)thread->since,
                    thread->what);
    else if (thread->timer_index == BELL_NOT_THERE)
        failure_add("ready");
    if (thread->timer_index != BELL_NOT_THERE)
        failure_add("%sgoes on at cycle %llu", thread->what == NULL ? "" : ", ",
                    (unsigned long long)thread->due);
}

/* Fail with `headline` and one line for each live thread. */
static void fail_with_threads(const char *headline, uint64_t number)
{
    if (sim.failed)
        return;
    sim.failed = true;
    failure_add("cycle %llu: ", (unsigned long long)bell_sim_now());
    failure_add(headline, (unsigned long long)number);
    for (const struct bell_thread *thread = sim.all; thread != NULL; thread = thread->all_next) {
        if (!thread->ended)
            describe_thread(thread);
    }
}

static void fire_timers(uint64_t now)
{
    struct bell_thread *thread;

    while ((thread = bell_timer_first()) != NULL && thread->due <= now) {
        bell_timer_forget(thread);
        thread->timed_out = thread->queue != NULL;
        bell_waitq_remove(thread);
        bell_ready_add(thread);
    }
}

static void dispatch(struct bell_thread *thread)
{
    bool intact;

    sim.quiet = false;
    sim.points++;
    sim.current = thread;
    intact = bell_coroutine_resume(&thread->coroutine);
    sim.current = NULL;
    if (!intact)
        bell_sched_panic("thread '%s' overflowed its stack of %u bytes", thread->name,
                         BELL_STACK_BYTES);
    if (thread->ended)
        bell_coroutine_close(&thread->coroutine);
}

/* Clocks that may pass when no thread has a timer, or 0 when nothing can ever happen. */
static uint64_t untimed_limit(uint64_t now)
{
    if (sim.config.idle == NULL)
        return 0;
    if (!sim.config.idle(sim.config.ctx)) {
        sim.quiet = false;
        return BUSY_STEP_CYCLES;
    }
    if (!sim.quiet) {
        sim.quiet = true;
        sim.quiet_since = now;
    }
    return sim.quiet_since + sim.config.stuck_cycles - now;
}

static void pass_time(uint64_t now)
{
    const struct bell_thread *first = bell_timer_first();
    uint64_t limit = first != NULL ? first->due - now : untimed_limit(now);
    uint64_t passed;

    if (limit == 0) {
        sim.stuck = true;
        fail_with_threads("stuck: nobody can ever run, the device is idle and the bus is empty "
                          "since cycle %llu",
                          sim.quiet ? sim.quiet_since : now);
        return;
    }
    if (limit > sim.config.max_cycles - now)
        limit = sim.config.max_cycles - now + 1;
    passed = sim.config.step(sim.config.ctx, limit);
    if (passed == 0 || passed > limit)
        bell_sched_panic("a step of at most %llu clocks returned %llu", (unsigned long long)limit,
                         (unsigned long long)passed);
}

enum bell_sim_result bell_sim_run(void)
{
    bell_watchdog_start(sim.config.spin_seconds);
    while (!sim.failed && sim.foreground != 0) {
        uint64_t now = bell_sim_now();
        struct bell_thread *thread;

        if (now > sim.config.max_cycles) {
            fail_with_threads("the limit of %llu cycles is passed", sim.config.max_cycles);
            break;
        }
        fire_timers(now);
        thread = bell_ready_take();
        if (thread != NULL)
            dispatch(thread);
        else
            pass_time(now);
    }
    bell_watchdog_stop();
    if (!sim.failed)
        return BELL_SIM_DONE;
    return sim.stuck ? BELL_SIM_STUCK : BELL_SIM_FAILED;
}
