/* SPDX-License-Identifier: MIT */
#include "bell_sched.h"

#include <stdlib.h>

/* Threads that may run now, in no order that matters: one is picked by seed. */
static struct bell_thread **ready;
static size_t ready_count;
static size_t ready_room;

/* Binary heap by (due, id). */
static struct bell_thread **timers;
static size_t timer_count;
static size_t timer_room;

static struct bell_thread **grown(struct bell_thread **array, size_t *room)
{
    *room = *room == 0 ? 64 : *room * 2;
    array = realloc(array, *room * sizeof(struct bell_thread *));
    if (array == NULL)
        bell_sched_panic("no memory for %zu threads", *room);
    return array;
}

void bell_ready_add(struct bell_thread *thread)
{
    if (ready_count == ready_room)
        ready = grown(ready, &ready_room);
    thread->ready_index = ready_count;
    ready[ready_count++] = thread;
}

void bell_ready_forget(struct bell_thread *thread)
{
    size_t index = thread->ready_index;

    if (index == BELL_NOT_THERE)
        return;
    ready[index] = ready[--ready_count];
    ready[index]->ready_index = index;
    thread->ready_index = BELL_NOT_THERE;
}

struct bell_thread *bell_ready_take(void)
{
    struct bell_thread *thread;

    if (ready_count == 0)
        return NULL;
    thread = ready[ready_count == 1 ? 0 : bell_sim_random(ready_count)];
    bell_ready_forget(thread);
    return thread;
}

static bool earlier(const struct bell_thread *a, const struct bell_thread *b)
{
    return a->due != b->due ? a->due < b->due : a->id < b->id;
}

static void timer_place(struct bell_thread *thread, size_t index)
{
    timers[index] = thread;
    thread->timer_index = index;
}

/* Restore the heap after the thread at `index` was put there. */
static void timer_settle(size_t index)
{
    struct bell_thread *thread = timers[index];

    while (index > 0 && earlier(thread, timers[(index - 1) / 2])) {
        timer_place(timers[(index - 1) / 2], index);
        index = (index - 1) / 2;
    }
    for (size_t child; (child = 2 * index + 1) < timer_count; index = child) {
        if (child + 1 < timer_count && earlier(timers[child + 1], timers[child]))
            child++;
        if (!earlier(timers[child], thread))
            break;
        timer_place(timers[child], index);
    }
    timer_place(thread, index);
}

void bell_timer_add(struct bell_thread *thread, uint64_t due)
{
    if (timer_count == timer_room)
        timers = grown(timers, &timer_room);
    thread->due = due;
    timer_place(thread, timer_count++);
    timer_settle(thread->timer_index);
}

struct bell_thread *bell_timer_first(void)
{
    return timer_count == 0 ? NULL : timers[0];
}

void bell_timer_forget(struct bell_thread *thread)
{
    size_t index = thread->timer_index;

    if (index == BELL_NOT_THERE)
        return;
    thread->timer_index = BELL_NOT_THERE;
    if (index != --timer_count) {
        timer_place(timers[timer_count], index);
        timer_settle(index);
    }
}

void bell_ready_cleanup(void)
{
    free(ready);
    free(timers);
    ready = timers = NULL;
    ready_count = ready_room = timer_count = timer_room = 0;
}
