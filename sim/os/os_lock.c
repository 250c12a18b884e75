/* SPDX-License-Identifier: MIT */
#include "os_internal.h"

#include <stdio.h>
#include <string.h>

#define OS_MAX_HELD (sizeof(((struct os_thread *)0)->locks) / sizeof(struct os_lock *))

/** Owner of locks taken outside coroutines; never dereferenced. */
static struct bell_thread *current_owner(void)
{
    static char outside;
    struct bell_thread *self = bell_thread_self();

    return self != NULL ? self : (struct bell_thread *)(void *)&outside;
}

void os_lock_init(struct os_lock *lock, const char *name, enum os_rank rank)
{
    memset(lock, 0, sizeof(*lock));
    lock->name = name;
    lock->rank = rank;
}

bool os_lock_mine(const struct os_lock *lock)
{
    return lock->owner == current_owner();
}

/** A driver may nest locks of its own; everything else only takes a greater rank. */
static bool may_nest(enum os_rank held, enum os_rank wanted)
{
    return held < wanted || (held == OS_RANK_KMD && wanted == OS_RANK_KMD);
}

static void check_order(const struct os_thread *self, const struct os_lock *lock)
{
    for (unsigned i = 0; i < self->held; i++) {
        const struct os_lock *held = self->locks[i];

        if (held == lock) {
            os_violation("DB-THR-03", 0, "thread %s acquires \"%s\" which it already holds",
                         self->name, lock->name);
            os_monitor_give_up("the thread would wait for itself");
        }
        if (!may_nest(held->rank, lock->rank))
            os_violation("DB-THR-03", 0, "lock order: thread %s acquires \"%s\" (rank %d) while it "
                         "holds \"%s\" (rank %d); expected a greater rank", self->name, lock->name,
                         (int)lock->rank, held->name, (int)held->rank);
        if (held->rank == OS_RANK_KMD && lock->rank == OS_RANK_KMD)
            os_monitor_lock(held->name, lock->name);
    }
    if (self->held == OS_MAX_HELD)
        bell_sim_fail("lock order: thread %s holds %u locks and acquires \"%s\"; expected at most "
                      "%u", self->name, self->held, lock->name, (unsigned)OS_MAX_HELD);
}

static const char *owner_name(const struct os_lock *lock)
{
    return lock->owner == current_owner() || bell_thread_self() == NULL
               ? "the caller"
               : bell_thread_name(lock->owner);
}

static void wait_for(struct os_lock *lock, const struct os_thread *self)
{
    uint64_t start = bell_sim_now();
    char what[160];

    while (lock->owner != NULL) {
        snprintf(what, sizeof(what), "lock \"%s\" held by %s", lock->name, owner_name(lock));
        if (!bell_thread_wait(&lock->waiters, OS_LOCK_TIMEOUT, what) && lock->owner != NULL)
            bell_sim_fail("lock \"%s\": thread %s waited %llu clocks, owner is %s", lock->name,
                          self->name, (unsigned long long)(bell_sim_now() - start),
                          owner_name(lock));
    }
}

void os_lock_acquire(struct os_lock *lock)
{
    struct os_thread *self = os_thread_self();

    check_order(self, lock);
    if (lock->owner != NULL)
        wait_for(lock, self);
    lock->owner = current_owner();
    self->locks[self->held++] = lock;
}

void os_lock_release(struct os_lock *lock)
{
    struct os_thread *self = os_thread_self();
    unsigned at = 0;

    if (!os_lock_mine(lock)) {
        os_violation("WDK-LOCK-01", 0, "lock \"%s\" is released by thread %s, which does not hold "
                     "it", lock->name, self->name);
        return;
    }
    while (at < self->held && self->locks[at] != lock)
        at++;
    for (self->held--; at < self->held; at++)
        self->locks[at] = self->locks[at + 1];
    lock->owner = NULL;
    bell_thread_wake_one(&lock->waiters);
}
