/* SPDX-License-Identifier: MIT */
#include "bell_coroutine.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define BELL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BELL_ASAN 1
#endif
#endif

#ifdef BELL_ASAN
/* Declared here: not every compiler package brings <sanitizer/...>. */
void __sanitizer_start_switch_fiber(void **save_fake, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake, const void **old_bottom, size_t *old_size);
void __asan_unpoison_memory_region(const volatile void *address, size_t size);
#endif

#define CANARY_WORDS 8u
#define CANARY UINT64_C(0xBE11F0E5CA4A417E)

/* The stack that resumes coroutines. There is one simulation thread. */
static struct {
    ucontext_t context;
    void *fake_stack;
    const void *bottom;
    size_t size;
    struct bell_coroutine *starting;
} home;

/* AddressSanitizer must know which stack is live; without it these are nothing. */
static void switch_begin(void **save_fake, const void *bottom, size_t size)
{
#ifdef BELL_ASAN
    __sanitizer_start_switch_fiber(save_fake, bottom, size);
#else
    (void)save_fake;
    (void)bottom;
    (void)size;
#endif
}

static void switch_end(void *fake, const void **old_bottom, size_t *old_size)
{
#ifdef BELL_ASAN
    __sanitizer_finish_switch_fiber(fake, old_bottom, old_size);
#else
    (void)fake;
    (void)old_bottom;
    (void)old_size;
#endif
}

static void canary_set(char *stack)
{
    for (unsigned i = 0; i < CANARY_WORDS; i++)
        ((uint64_t *)(void *)stack)[i] = CANARY;
}

static bool canary_intact(const char *stack)
{
    for (unsigned i = 0; i < CANARY_WORDS; i++) {
        if (((const uint64_t *)(const void *)stack)[i] != CANARY)
            return false;
    }
    return true;
}

static void trampoline(void)
{
    struct bell_coroutine *self = home.starting;

    switch_end(NULL, &home.bottom, &home.size);
    self->entry(self->arg);
    abort(); /* The entry must leave, not return. */
}

bool bell_coroutine_open(struct bell_coroutine *coroutine, void (*entry)(void *arg), void *arg)
{
    char *region = mmap(NULL, BELL_STACK_GUARD_BYTES + BELL_STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (region == MAP_FAILED)
        return false;
    if (mprotect(region, BELL_STACK_GUARD_BYTES, PROT_NONE) != 0 ||
        getcontext(&coroutine->context) != 0) {
        munmap(region, BELL_STACK_GUARD_BYTES + BELL_STACK_BYTES);
        return false;
    }
    coroutine->stack = region + BELL_STACK_GUARD_BYTES;
    coroutine->fake_stack = NULL;
    coroutine->entry = entry;
    coroutine->arg = arg;
    coroutine->context.uc_stack.ss_sp = coroutine->stack;
    coroutine->context.uc_stack.ss_size = BELL_STACK_BYTES;
    coroutine->context.uc_link = NULL;
    makecontext(&coroutine->context, trampoline, 0);
    canary_set(coroutine->stack);
    return true;
}

void bell_coroutine_close(struct bell_coroutine *coroutine)
{
    if (coroutine->stack == NULL)
        return;
#ifdef BELL_ASAN
    __asan_unpoison_memory_region(coroutine->stack, BELL_STACK_BYTES);
#endif
    munmap(coroutine->stack - BELL_STACK_GUARD_BYTES, BELL_STACK_GUARD_BYTES + BELL_STACK_BYTES);
    coroutine->stack = NULL;
}

bool bell_coroutine_resume(struct bell_coroutine *coroutine)
{
    home.starting = coroutine;
    switch_begin(&home.fake_stack, coroutine->stack, BELL_STACK_BYTES);
    if (swapcontext(&home.context, &coroutine->context) != 0)
        abort();
    switch_end(home.fake_stack, NULL, NULL);
    return canary_intact(coroutine->stack);
}

void bell_coroutine_suspend(struct bell_coroutine *coroutine)
{
    int saved_errno = errno;

    switch_begin(&coroutine->fake_stack, home.bottom, home.size);
    if (swapcontext(&coroutine->context, &home.context) != 0)
        abort();
    switch_end(coroutine->fake_stack, &home.bottom, &home.size);
    errno = saved_errno;
}

_Noreturn void bell_coroutine_leave(struct bell_coroutine *coroutine)
{
    (void)coroutine;
    switch_begin(NULL, home.bottom, home.size);
    setcontext(&home.context);
    abort();
}
