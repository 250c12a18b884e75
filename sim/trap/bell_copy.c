/* SPDX-License-Identifier: MIT */
#include "bell_copy.h"

#include "bell_trap.h"

#include <setjmp.h>
#include <string.h>

static sigjmp_buf escape;
static volatile bool guarded;

void bell_copy_faulted(void)
{
    if (guarded)
        siglongjmp(escape, 1);
}

/* Ordinary memory, which may not be there. Not instrumented: the address is a stranger's. */
__attribute__((no_sanitize("address", "undefined"), noinline)) static void
copy_bytes(volatile char *to, const volatile char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = from[i];
}

/* The fault handler runs with an unchanged signal mask, so none needs to be saved. */
static bool copy_guarded(void *to, const void *from, size_t size)
{
    if (sigsetjmp(escape, 0) != 0) {
        guarded = false;
        return false;
    }
    guarded = true;
    copy_bytes(to, from, size);
    guarded = false;
    return true;
}

/* Kernel alias of a user address when it lies in a window that may be used so; else NULL. */
static void *alias_of(const struct bell_window *window, const char *user, bool store)
{
    bool memory = window->kind == BELL_WINDOW_MEMORY || window->kind == BELL_WINDOW_TRAPPED;

    if (!memory || (store && !window->writable))
        return NULL;
    return bell_phys_ptr(window->target + (uint64_t)(user - window->base));
}

static bool copy_piece(char *kernel, char *user, size_t size, bool store)
{
    const struct bell_window *window = bell_window_find(user);
    char *there = user;

    if (window != NULL) {
        there = alias_of(window, user, store);
        if (there == NULL)
            return false;
        memcpy(store ? there : kernel, store ? kernel : there, size);
        return true;
    }
    return store ? copy_guarded(there, kernel, size) : copy_guarded(kernel, there, size);
}

static bool copy_range(char *kernel, uintptr_t user, size_t size, bool store)
{
    if (user + size < user)
        return false;
    for (size_t piece; size != 0; kernel += piece, user += piece, size -= piece) {
        piece = BELL_PAGE - user % BELL_PAGE;
        if (piece > size)
            piece = size;
        if (!copy_piece(kernel, (char *)user, piece, store))
            return false;
    }
    return true;
}

bool bell_copy_from_user(void *to, const void *user, size_t size)
{
    return copy_range(to, (uintptr_t)user, size, false);
}

bool bell_copy_to_user(void *user, const void *from, size_t size)
{
    /* The direction says which side is written: `from` is only read. */
    return copy_range((char *)(uintptr_t)from, (uintptr_t)user, size, true);
}
