/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bell_trap.h"

#include "bell_copy.h"
#include "bell_decode.h"
#include "bell_step.h"

#include "../bus/bell_bus.h"
#include "../thread/bell_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_IS_STORE 0x02 /* x86 page fault error code. */
#define FAULT_IS_FETCH 0x10
#define REASON_BYTES 256u

static struct bell_trap_hooks hooks;
static struct sigaction old_segv;
static struct sigaction old_trap;
static bool installed;

/* What happened, as the handler sees it. */
struct fault {
    int signal;
    siginfo_t *info;
    ucontext_t *machine;
    const void *address;
    const void *pc;
    bool store;
    struct bell_window *window;
};

/* Not ours: as if we were not there. */
static void pass_on(const struct fault *fault, const struct sigaction *old)
{
    if ((old->sa_flags & SA_SIGINFO) != 0)
        old->sa_sigaction(fault->signal, fault->info, fault->machine);
    else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN)
        old->sa_handler(fault->signal);
    else if (signal(fault->signal, SIG_DFL) != SIG_ERR && fault->signal == SIGTRAP)
        raise(SIGTRAP); /* A SIGSEGV comes again by itself, at its instruction. */
}

/* The program's fault: its owner decides. Without one, the process dies where it stands. */
static void blame(const struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void blame(const struct fault *fault, const char *format, ...)
{
    static char reason[REASON_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    if (bell_thread_self() != NULL && hooks.fault != NULL) {
        hooks.fault(fault->address, fault->pc, fault->store, reason);
        fprintf(stderr, "belfry: internal error: the fault hook returned (%s)\n", reason);
        abort();
    }
    fprintf(stderr, "belfry: %s at %p by %p: %s\n", fault->store ? "store" : "load",
            fault->address, fault->pc, reason);
    pass_on(fault, &old_segv);
}

/* Same window, led elsewhere by someone who ran in between? */
static bool moved(const struct bell_window *window, const struct bell_window *before)
{
    return window->kind != before->kind || window->target != before->target ||
           window->writable != before->writable;
}

static uint64_t alias_load(const char *alias, unsigned size)
{
    uint64_t value = 0; /* x86: the low bytes come first. */

    if (size == 8 && (uintptr_t)alias % 8 == 0)
        return __atomic_load_n((const uint64_t *)(const void *)alias, __ATOMIC_SEQ_CST);
    memcpy(&value, alias, size);
    return value;
}

static void alias_store(char *alias, uint64_t value, unsigned size)
{
    if (size == 8 && (uintptr_t)alias % 8 == 0)
        __atomic_store_n((uint64_t *)(void *)alias, value, __ATOMIC_SEQ_CST);
    else
        memcpy(alias, &value, size);
}

static bool stores(const struct bell_insn *insn)
{
    return insn->kind == BELL_INSN_STORE || insn->kind == BELL_INSN_XCHG;
}

static void perform_memory(const struct bell_insn *insn, mcontext_t *machine,
                           const struct bell_trap_access *access)
{
    char *alias = bell_phys_ptr(access->window->target + access->offset);
    uint64_t old = insn->kind == BELL_INSN_STORE ? 0 : alias_load(alias, insn->size);

    if (stores(insn))
        alias_store(alias, access->value, insn->size);
    bell_insn_loaded(insn, machine, old);
    machine->gregs[REG_RIP] += insn->length;
    bell_thread_point();
}

static void perform_mmio(const struct bell_insn *insn, mcontext_t *machine,
                         const struct bell_trap_access *access)
{
    uint64_t addr = access->window->target + access->offset;
    unsigned lane = addr % 8;
    uint64_t word;

    machine->gregs[REG_RIP] += insn->length;
    if (access->store) {
        bell_bus_write(addr, access->value, access->size);
        return;
    }
    word = bell_bus_read(addr - lane) >> (8 * lane);
    if (access->size < 8)
        word &= (UINT64_C(1) << (8 * access->size)) - 1;
    bell_insn_loaded(insn, machine, word);
}

/* Reasons that can be told before anything is done. */
static const char *refusal(const struct fault *fault, const struct bell_insn *insn,
                           uint64_t offset)
{
    const struct bell_window *window = fault->window;
    bool mmio = window->kind == BELL_WINDOW_MMIO;

    if (mmio && (insn->kind == BELL_INSN_REFUSED || insn->kind == BELL_INSN_XCHG))
        return insn->reason;
    if (!mmio && fault->store && !window->writable)
        return "store to a read-only page";
    if (insn->kind == BELL_INSN_REFUSED)
        return NULL;
    if (bell_insn_address(insn, &fault->machine->uc_mcontext) != (uintptr_t)fault->address ||
        offset + insn->size > window->pages * BELL_PAGE)
        return "access crosses the border of the window";
    if (mmio && insn->kind != BELL_INSN_STORE && offset % 8 + insn->size > 8)
        return "misaligned load from a register page";
    return NULL;
}

static void perform(const struct fault *fault)
{
    const struct bell_window before = *fault->window;
    struct bell_insn insn = *bell_decode(fault->pc); /* Others decode while this one waits. */
    mcontext_t *machine = &fault->machine->uc_mcontext;
    struct bell_trap_access access = {
        .window = fault->window,
        .offset = (uint64_t)((const char *)fault->address - fault->window->base),
        .store = insn.kind == BELL_INSN_REFUSED ? fault->store : stores(&insn),
        .pc = fault->pc,
    };
    const char *reason = refusal(fault, &insn, access.offset);

    if (reason != NULL) {
        blame(fault, "window '%s', object %" PRIu64 ": %s", before.name, before.object, reason);
        return;
    }
    if (insn.kind != BELL_INSN_REFUSED) {
        access.size = insn.size;
        if (access.store)
            access.value = bell_insn_operand(&insn, machine);
        else if (before.kind == BELL_WINDOW_TRAPPED)
            access.value = alias_load(bell_phys_ptr(before.target + access.offset), insn.size);
    }
    if (hooks.access != NULL)
        hooks.access(&access);
    if (moved(fault->window, &before))
        return;
    if (before.kind == BELL_WINDOW_MMIO)
        perform_mmio(&insn, machine, &access);
    else if (insn.kind != BELL_INSN_REFUSED)
        perform_memory(&insn, machine, &access);
    else if (!bell_step_begin(fault->window, fault->machine))
        blame(fault, "%s; it touches too many windows", insn.reason);
}

/* A fault in the middle of a step: one more TRAPPED window of the same instruction, or an error. */
static void step_faulted(const struct fault *fault)
{
    if (fault->window != NULL && fault->window->kind == BELL_WINDOW_TRAPPED &&
        (fault->window->writable || !fault->store) &&
        bell_step_begin(fault->window, fault->machine))
        return;
    bell_step_end(fault->machine);
    blame(fault, "%s", fault->window == NULL ? "no memory there" : "no such access to that page");
}

static void judge(const struct fault *fault)
{
    const struct bell_window *window = fault->window;
    bool inside = bell_thread_self() != NULL && hooks.fault != NULL;

    if (window == NULL && !inside) {
        pass_on(fault, &old_segv);
        return;
    }
    if (window == NULL)
        blame(fault, "no memory there");
    else if ((fault->machine->uc_mcontext.gregs[REG_ERR] & FAULT_IS_FETCH) != 0)
        blame(fault, "jump into the window '%s'", window->name);
    else if (window->kind == BELL_WINDOW_DEAD)
        blame(fault, "window '%s', object %" PRIu64 ": it leads nowhere any more", window->name,
              window->object);
    else if (window->kind == BELL_WINDOW_MEMORY)
        blame(fault, "window '%s', object %" PRIu64 ": store to a read-only page", window->name,
              window->object);
    else
        perform(fault);
}

static struct fault fault_of(int signal_number, siginfo_t *info, void *context)
{
    struct fault fault = {
        .signal = signal_number,
        .info = info,
        .machine = context,
        .address = info->si_addr,
    };
    const mcontext_t *machine = &fault.machine->uc_mcontext;

    fault.pc = (const void *)(uintptr_t)machine->gregs[REG_RIP];
    fault.store = (machine->gregs[REG_ERR] & FAULT_IS_STORE) != 0;
    return fault;
}

static void on_segv(int signal_number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    struct fault fault = fault_of(signal_number, info, context);

    bell_copy_faulted();
    fault.window = bell_window_find(fault.address);
    if (bell_step_active())
        step_faulted(&fault);
    else
        judge(&fault);
    errno = saved_errno;
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    struct fault fault = fault_of(signal_number, info, context);

    if (bell_step_end(fault.machine))
        bell_thread_point();
    else
        pass_on(&fault, &old_trap);
    errno = saved_errno;
}

/* Not on an alternate stack: the handler switches coroutines and so must be on its own. */
static void install(int signal_number, void (*handler)(int, siginfo_t *, void *),
                    struct sigaction *old)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    if (sigaction(signal_number, &action, old) != 0) {
        perror("belfry: sigaction");
        exit(EXIT_FAILURE);
    }
}

void bell_trap_init(const struct bell_trap_hooks *wanted)
{
    bell_trap_cleanup();
    hooks = *wanted;
    bell_decode_reset();
    install(SIGSEGV, on_segv, &old_segv);
    install(SIGTRAP, on_trap, &old_trap);
    installed = true;
}

void bell_trap_cleanup(void)
{
    if (!installed)
        return;
    sigaction(SIGSEGV, &old_segv, NULL);
    sigaction(SIGTRAP, &old_trap, NULL);
    memset(&hooks, 0, sizeof(hooks));
    installed = false;
}
