/* SPDX-License-Identifier: MIT */
/**
 * @file bell_coroutine.h
 * @brief One stack and the switch to and from it (ucontext). Knows nothing of scheduling.
 *
 * Each stack has a guard region below it (overflow ends the process with SIGSEGV: no handler can
 * run there) and a canary above the guard, checked after every switch (overflow that stopped short
 * of the guard is named). A switch may happen inside a signal handler that runs on the coroutine's
 * stack; errno and the floating-point control state belong to each coroutine.
 */
#ifndef BELL_COROUTINE_H
#define BELL_COROUTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

/** Usable bytes of each stack; only touched pages cost memory. */
#define BELL_STACK_BYTES (1024u * 1024u)
#define BELL_STACK_GUARD_BYTES (64u * 1024u)

struct bell_coroutine {
    ucontext_t context;
    char *stack;      /* Lowest usable byte (the canary), or NULL without a stack. */
    void *fake_stack; /* AddressSanitizer's second stack. */
    void (*entry)(void *arg);
    void *arg;
};

/** Make a stack; `entry` must end in bell_coroutine_leave(). False when memory is refused. */
bool bell_coroutine_open(struct bell_coroutine *coroutine, void (*entry)(void *arg), void *arg);
/** Release the stack; the coroutine must not be running. Harmless without a stack. */
void bell_coroutine_close(struct bell_coroutine *coroutine);
/** Run it until it suspends or leaves. @return false when its canary was overwritten. */
bool bell_coroutine_resume(struct bell_coroutine *coroutine);
/** Back to the resumer; returns at the next resume. */
void bell_coroutine_suspend(struct bell_coroutine *coroutine);
/** Back to the resumer for good. */
_Noreturn void bell_coroutine_leave(struct bell_coroutine *coroutine);

#endif
