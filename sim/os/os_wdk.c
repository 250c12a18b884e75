/* SPDX-License-Identifier: MIT */
#include "os_power.h"

#include <stdio.h>
#include <string.h>

#define MUTEX_MAGIC 0x7874756du
#define SPIN_MAGIC 0x6e697073u
/** Device clocks in 100 ns, the unit of kernel time-outs. */
#define CLOCKS_PER_TICK (OS_CLOCKS_PER_US / 10u)

/** What is in the opaque bytes of a KMUTEX or KSPIN_LOCK. */
struct kernel_lock {
    struct os_lock lock;
    uint32_t magic;
    uint32_t depth; /**< Further acquisitions by the owner (mutex). */
};
_Static_assert(sizeof(struct kernel_lock) <= sizeof(KMUTEX), "fits the opaque bytes");
_Static_assert(sizeof(struct kernel_lock) <= sizeof(KSPIN_LOCK), "fits the opaque bytes");

static unsigned lock_serial;

void os_wdk_init(void)
{
    lock_serial = 0;
}

KIRQL KeGetCurrentIrql(VOID)
{
    return os_thread_self()->irql;
}

/* --- Locks ----------------------------------------------------------------------------------- */

static void init_lock(void *object, uint32_t magic, const char *kind)
{
    struct kernel_lock *made = object;
    char name[40];

    snprintf(name, sizeof(name), "driver %s %u", kind, ++lock_serial);
    memset(made, 0, sizeof(*made));
    os_lock_init(&made->lock, os_trace_intern(name), OS_RANK_KMD);
    made->magic = magic;
}

static struct kernel_lock *check_lock(void *object, uint32_t magic, const char *who)
{
    struct kernel_lock *lock = object;

    if (lock == NULL || lock->magic != magic) {
        os_violation("WDK-LOCK-01", 0, "%s: the object was not initialised", who);
        os_monitor_give_up("there is no lock to wait for");
    }
    return lock;
}

VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    UNREFERENCED_PARAMETER(Level);
    init_lock(Mutex, MUTEX_MAGIC, "mutex");
}

/** @return false when the lock is still taken after `clocks`. */
static bool wait_free(struct os_lock *lock, uint64_t clocks)
{
    uint64_t deadline = bell_sim_now() + clocks;

    while (lock->owner != NULL && bell_sim_now() < deadline)
        bell_thread_wait(&lock->waiters, deadline - bell_sim_now(), lock->name);
    return lock->owner == NULL;
}

NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                               BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    struct kernel_lock *mutex = check_lock(Object, MUTEX_MAGIC, "KeWaitForSingleObject");

    UNREFERENCED_PARAMETER(WaitReason);
    UNREFERENCED_PARAMETER(WaitMode);
    UNREFERENCED_PARAMETER(Alertable);
    os_require_irql(PASSIVE_LEVEL, "KeWaitForSingleObject", "DB-THR-01");
    if (os_lock_mine(&mutex->lock)) {
        mutex->depth++;
        return STATUS_SUCCESS;
    }
    if (Timeout != NULL) {
        if (Timeout->QuadPart > 0)
            bell_sim_fail("KeWaitForSingleObject: absolute time-out %lld; expected a relative one "
                          "(<= 0)", (long long)Timeout->QuadPart);
        if (!wait_free(&mutex->lock, (uint64_t)-Timeout->QuadPart * CLOCKS_PER_TICK))
            return STATUS_TIMEOUT;
    }
    os_lock_acquire(&mutex->lock);
    return STATUS_SUCCESS;
}

LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    struct kernel_lock *mutex = check_lock(Mutex, MUTEX_MAGIC, "KeReleaseMutex");

    if (Wait)
        bell_sim_fail("KeReleaseMutex: Wait is TRUE; expected FALSE");
    os_require_irql(PASSIVE_LEVEL, "KeReleaseMutex", "DB-THR-01");
    if (mutex->depth > 0 && os_lock_mine(&mutex->lock))
        mutex->depth--;
    else
        os_lock_release(&mutex->lock);
    return 0;
}

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    init_lock(SpinLock, SPIN_MAGIC, "spin lock");
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct kernel_lock *lock = check_lock(SpinLock, SPIN_MAGIC, "KeAcquireSpinLockAtDpcLevel");

    os_require_irql(DISPATCH_LEVEL, "KeAcquireSpinLockAtDpcLevel", "DB-THR-01");
    os_lock_acquire(&lock->lock);
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct kernel_lock *lock = check_lock(SpinLock, SPIN_MAGIC, "KeReleaseSpinLockFromDpcLevel");

    os_require_irql(DISPATCH_LEVEL, "KeReleaseSpinLockFromDpcLevel", "DB-THR-01");
    os_lock_release(&lock->lock);
}

VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    struct os_thread *self = os_thread_self();

    if (self->irql > DISPATCH_LEVEL)
        os_require_irql(DISPATCH_LEVEL, "KeAcquireSpinLock", "DB-THR-01");
    *OldIrql = self->irql;
    self->irql = DISPATCH_LEVEL;
    KeAcquireSpinLockAtDpcLevel(SpinLock);
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    KeReleaseSpinLockFromDpcLevel(SpinLock);
    if (NewIrql > DISPATCH_LEVEL)
        bell_sim_fail("KeReleaseSpinLock: new IRQL %u; expected the one from KeAcquireSpinLock",
                      NewIrql);
    os_thread_self()->irql = NewIrql;
}

/* --- Registers, order, time ------------------------------------------------------------------ */

/** Device address behind a register pointer; fails the run when there is none. */
static uint64_t register_address(const volatile ULONG64 *reg, const char *who)
{
    const char *at = (const char *)(uintptr_t)reg;
    const struct bell_window *window = bell_window_find(at);

    if (window == NULL || window->kind != BELL_WINDOW_MMIO) {
        os_violation("WDK-REG-01", 0, "%s: %p is no mapped device register", who, (const void *)at);
        os_monitor_give_up("there is no register to access");
    }
    return window->target + (uint64_t)(at - window->base);
}

static void require_power(const char *who, uint64_t address)
{
    if (os_power_is_off())
        bell_sim_fail("contract DB-DST-04: %s at 0x%llx in thread %s while the adapter is in D3",
                      who, (unsigned long long)address, os_thread_self()->name);
}

ULONG64 READ_REGISTER_ULONG64(volatile ULONG64 *Register)
{
    uint64_t address = register_address(Register, "READ_REGISTER_ULONG64");

    require_power("READ_REGISTER_ULONG64", address);
    uint64_t value = bell_bus_read(address);
    struct belfry_record *record = os_trace(BELFRY_MMIO_READ, "", 0);

    record->value = address;
    record->value2 = value;
    os_monitor_read(address, value);
    return value;
}

VOID WRITE_REGISTER_ULONG64(volatile ULONG64 *Register, ULONG64 Value)
{
    uint64_t address = register_address(Register, "WRITE_REGISTER_ULONG64");

    require_power("WRITE_REGISTER_ULONG64", address);
    struct belfry_record *record = os_trace(BELFRY_MMIO_WRITE, "", 0);

    record->value = address;
    record->value2 = Value;
    os_monitor_write(address, Value);
    bell_bus_write(address, Value, sizeof(Value));
}

VOID KeMemoryBarrier(VOID)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

VOID KeStallExecutionProcessor(ULONG MicroSeconds)
{
    if (MicroSeconds > 0)
        bell_thread_sleep((uint64_t)MicroSeconds * OS_CLOCKS_PER_US);
}

VOID bell_os_yield(VOID)
{
    bell_thread_point();
}

VOID bell_os_point(const char *name)
{
    bell_thread_named_point(name);
    os_trace(BELFRY_POINT, os_trace_intern(name), 0);
}
