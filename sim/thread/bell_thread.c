/* SPDX-License-Identifier: MIT */
#include "bell_sched.h"

#include <stdio.h>
#include <stdlib.h>

static struct bell_thread *self_or_panic(const char *function)
{
    struct bell_thread *self = bell_sched_current();

    if (self == NULL)
        bell_sched_panic("%s() was called outside a simulated thread", function);
    return self;
}

static void thread_main(void *arg)
{
    struct bell_thread *self = arg;

    self->entry(self->arg);
    bell_thread_kill(self);
}

struct bell_thread *bell_thread_create(const char *name, unsigned cpu, bool daemon, void *owner,
                                       void (*entry)(void *arg), void *arg)
{
    struct bell_thread *thread = calloc(1, sizeof(*thread));

    if (cpu >= BELL_MAX_CPUS)
        bell_sched_panic("thread '%s': cpu %u, expected 0 .. %u", name, cpu, BELL_MAX_CPUS - 1);
    if (thread == NULL || !bell_coroutine_open(&thread->coroutine, thread_main, thread))
        bell_sched_panic("thread '%s': no memory for its stack", name);
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    thread->cpu = cpu;
    thread->daemon = daemon;
    thread->owner = owner;
    thread->entry = entry;
    thread->arg = arg;
    thread->ready_index = BELL_NOT_THERE;
    thread->timer_index = BELL_NOT_THERE;
    bell_sched_add(thread);
    bell_ready_add(thread);
    return thread;
}

struct bell_thread *bell_thread_self(void)
{
    return bell_sched_current();
}

const char *bell_thread_name(const struct bell_thread *thread)
{
    return thread->name;
}

unsigned bell_thread_cpu(const struct bell_thread *thread)
{
    return thread->cpu;
}

void *bell_thread_owner(const struct bell_thread *thread)
{
    return thread->owner;
}

uint64_t bell_thread_id(const struct bell_thread *thread)
{
    return thread->id;
}

bool bell_thread_alive(const struct bell_thread *thread)
{
    return !thread->ended;
}

static void park_for(struct bell_thread *self, uint64_t cycles)
{
    uint64_t now = bell_sim_now();

    self->since = now;
    bell_timer_add(self, now > UINT64_MAX - cycles ? UINT64_MAX : now + cycles);
}

void bell_thread_point(void)
{
    struct bell_thread *self = bell_sched_current();

    if (self == NULL)
        return;
    park_for(self, bell_sched_cost());
    bell_sched_switch();
}

void bell_thread_sleep(uint64_t cycles)
{
    struct bell_thread *self = self_or_panic(__func__);

    park_for(self, cycles == 0 ? 1 : cycles);
    bell_sched_switch();
}

static void waitq_append(struct bell_waitq *queue, struct bell_thread *thread)
{
    thread->queue = queue;
    thread->next = NULL;
    thread->prev = queue->tail;
    if (queue->tail != NULL)
        queue->tail->next = thread;
    else
        queue->head = thread;
    queue->tail = thread;
}

void bell_waitq_remove(struct bell_thread *thread)
{
    struct bell_waitq *queue = thread->queue;

    if (queue == NULL)
        return;
    if (thread->prev != NULL)
        thread->prev->next = thread->next;
    else
        queue->head = thread->next;
    if (thread->next != NULL)
        thread->next->prev = thread->prev;
    else
        queue->tail = thread->prev;
    thread->queue = NULL;
}

bool bell_thread_wait(struct bell_waitq *queue, uint64_t timeout, const char *what)
{
    struct bell_thread *self = self_or_panic(__func__);

    self->what = what;
    self->timed_out = false;
    self->since = bell_sim_now();
    waitq_append(queue, self);
    if (timeout != 0)
        park_for(self, timeout);
    bell_sched_switch();
    self->what = NULL;
    return !self->timed_out;
}

void bell_thread_wake_one(struct bell_waitq *queue)
{
    struct bell_thread *thread = queue->head;

    if (thread == NULL)
        return;
    bell_waitq_remove(thread);
    bell_timer_forget(thread);
    bell_timer_add(thread, bell_sim_now() + bell_sched_cost());
}

void bell_thread_wake_all(struct bell_waitq *queue)
{
    while (queue->head != NULL)
        bell_thread_wake_one(queue);
}

void bell_thread_kill(struct bell_thread *thread)
{
    if (thread->ended)
        return;
    thread->ended = true;
    bell_ready_forget(thread);
    bell_timer_forget(thread);
    bell_waitq_remove(thread);
    bell_sched_ended(thread);
    if (thread == bell_sched_current())
        bell_sched_leave();
    bell_coroutine_close(&thread->coroutine);
}
