/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bell_step.h"

#define TRAP_FLAG 0x100
#define MAX_OPEN 4u /* A string move between two windows, each met at the end of a page. */

static struct bell_window *open_windows[MAX_OPEN];
static unsigned open_count;

bool bell_step_begin(struct bell_window *window, ucontext_t *machine)
{
    if (open_count == MAX_OPEN)
        return false;
    open_windows[open_count++] = window;
    bell_window_point(window, BELL_WINDOW_MEMORY, window->target, window->writable);
    machine->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
    return true;
}

bool bell_step_active(void)
{
    return open_count != 0;
}

bool bell_step_end(ucontext_t *machine)
{
    if (open_count == 0)
        return false;
    while (open_count != 0) {
        struct bell_window *window = open_windows[--open_count];

        bell_window_point(window, BELL_WINDOW_TRAPPED, window->target, window->writable);
    }
    machine->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    return true;
}
