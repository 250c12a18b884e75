/* SPDX-License-Identifier: MIT */
/**
 * @file bell_trap.h
 * @brief Plain loads and stores of user code to trapped windows reach the engine.
 *
 * A SIGSEGV handler (on the coroutine's own stack) decodes the instruction with Zydis. An access to
 * an MMIO window enters the bus as a direct call would; to a TRAPPED window it is done on the alias
 * and reported to the observer. Anything else is the program's fault and goes to `fault`.
 */
#ifndef BELL_TRAP_H
#define BELL_TRAP_H

#include "bell_memory.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bell_trap_access {
    struct bell_window *window;
    uint64_t offset; /**< Bytes from the window's base. */
    uint64_t value;  /**< Stored; or loaded from a TRAPPED window; 0 for a load from MMIO. */
    unsigned size;   /**< 1, 2, 4, 8; 0: an instruction without decoded operands. */
    bool store;
    const void *pc;
};

struct bell_trap_hooks {
    /**
     * Every access, before it is performed. May be NULL. It may hold a scheduling point; when the
     * window was re-pointed meanwhile, the instruction starts again (and is reported again).
     * An exchange is reported as the store that it ends with.
     */
    void (*access)(const struct bell_trap_access *access);
    /**
     * User code touched what it must not: DEAD window, read-only store, wild pointer, or an
     * instruction that cannot be performed (vector, read-modify-write: `reason` says which).
     * Called in the faulting coroutine; must not return (kill the thread). `reason` is valid until
     * the next call. Without it, and outside coroutines, such an access is a foreign fault.
     */
    void (*fault)(const void *address, const void *pc, bool store, const char *reason);
};

/**
 * Install the handler; faults that are not ours go on to the one that was there before. What is
 * performed, for naturally decoded operands of 1, 2, 4, 8 bytes:
 *   mov, movnti                      store of a register or immediate, load
 *   movzx, movsx, movsxd, cmp, test  load
 *   xchg                             TRAPPED only
 *   anything else                    TRAPPED only: executed once with the page open; reported with
 *                                    its direction, size 0 and value 0
 * Each is a scheduling point after the access.
 */
void bell_trap_init(const struct bell_trap_hooks *hooks);
void bell_trap_cleanup(void); /**< Restores the old handler. */

/**
 * Copy between kernel and user memory; false when the user range faults or is not accessible
 * (nothing is reported to `fault` or `access`). The kernel's __try for user pointers. MMIO and DEAD
 * windows are refused. After false the pages before the refused one may have been copied.
 * Not a scheduling point. Needs bell_trap_init().
 */
bool bell_copy_from_user(void *to, const void *user, size_t size);
bool bell_copy_to_user(void *user, const void *from, size_t size);

#ifdef __cplusplus
}
#endif
#endif
