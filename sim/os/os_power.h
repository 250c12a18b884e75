/* SPDX-License-Identifier: MIT */
/**
 * @file os_power.h
 * @brief Power states of the adapter (D) and of its engines (F), and timeout recovery.
 *
 *   D0 -> going down -> committed -> D3 -> going up -> D0        F0 -> going down -> F1 -> F0
 *
 * A connect, a resume or a kernel submission that meets "going down" cancels it; from
 * "committed" on it waits and then brings the adapter back, one of many (DB-DST-05). States are
 * under a lock of rank OS_RANK_POWER, taken inside a transition lock, never held over a descent;
 * only the gate of an engine is decided and done under it.
 */
#ifndef BELL_OS_POWER_H
#define BELL_OS_POWER_H

#include "os_objects.h"

void os_power_init(void);

/* --- The driver to oneself ------------------------------------------------------------------- */

/** Around a DDI that must not meet others (power, reset): waits until every thread has left. */
void os_power_alone(uint64_t patience, const char *who);
void os_power_together(void);
/** By os_driver_enter() and os_driver_leave(). */
void os_power_enter_driver(void);
bool os_power_try_enter_driver(void); /**< Where nobody may wait. */
void os_power_leave_driver(void);
/** In D3: the driver must touch no register. */
bool os_power_is_off(void);

/* --- States (os_power.c) --------------------------------------------------------------------- */

/**
 * D0 -> D3 (DB-DST-01).
 * @param evict  Move all resident memory away and unmap it from the device (DB-RES-05).
 * @retval STATUS_SUCCESS        In D3, also when it was before.
 * @retval STATUS_CANCELLED      A connect or a resume came between; contexts run again.
 * @retval STATUS_NOT_SUPPORTED  The driver has no DxgkDdiSetPowerState.
 */
NTSTATUS os_power_down(bool evict);
/**
 * Make engine `node` able to work: cancel descents, or go to D0 and F0. May be called with a
 * transition lock held.
 * @return true: this caller brought the adapter back and owes os_power_resume_all().
 */
bool os_power_up(UINT node);
/** ResumeContext for all that nobody else holds suspended (DB-DST-02). */
void os_power_resume_all(void);
/** Both. Without locks of rank above OS_RANK_TRANSITION. */
void os_power_wake(UINT node);
/** F0 -> F1 (DB-FST-02). STATUS_CANCELLED: work or a connect came between. */
NTSTATUS os_power_idle(UINT node);
void os_power_idle_later(UINT node); /**< By the worker. */
bool os_power_runs(UINT node); /**< D0 and F0. */
/**
 * An engine is about to be reset: cancels its descent to F1 and forbids another, until the end. A
 * descent of the adapter goes on; it may be what found the hang.
 * @return false: the engine is without power; there is nothing to reset.
 */
bool os_power_begin_reset(UINT node);
void os_power_end_reset(UINT node);
unsigned os_power_d(void);     /**< 0 or 3; on the way: 0. */
unsigned os_power_f(UINT node);
/** Before StopDevice. */
void os_power_stop(void);
/** Engine state changes and timeouts (HUNG): note at DIRQL, queue work in the DPC. */
void os_power_interrupt(UINT node, UINT engine, DXGK_ENGINE_STATE state);
void os_power_dpc(void);
/** Disconnect every doorbell of a node (OS_ALL_NODES: of all). */
#define OS_ALL_NODES UINT32_MAX
void os_power_disconnect(UINT node);

/* --- Idle engines (os_idle.c) ---------------------------------------------------------------- */

/** The driver has started: engines go to F1 at the TDR cadence (DB-FST-01). */
void os_idle_start(void);
void os_idle_stop(void);
/** A sign of life of an engine that its fences do not show. */
void os_idle_touch(UINT node);
uint64_t os_idle_time(void);   /**< Clocks without a sign of life that send an engine to F1. */
bool os_idle_is_armed(void);   /**< Some engine could go. */
void os_idle_look(void);       /**< By the watching thread of os_tdr.c. */

/* --- Memory (os_power_page.c) ---------------------------------------------------------------- */

/** Move what is resident to other pages that the device cannot reach; and back, to yet others. */
void os_power_page_out(void);
void os_power_page_in(void);

/* --- Full reset (os_reset.c) ----------------------------------------------------------------- */

/**
 * Every device is lost, the hardware reset, the driver restarted; or, when the driver cannot, the
 * adapter is lost (os_adapter.lost). Takes transition locks.
 */
void os_reset_adapter(const char *why);
/** The same inside os_power_alone(), when no doorbell is connected. Takes leaf locks only. */
void os_reset_alone(const char *why);
/** All devices, as os_device_lose(). */
void os_devices_lose(void);
/** Of os_power.c: the function's hardware reset; and what it means for the engines, F0. */
void os_power_reset_function(void);
void os_power_restarted(void);

/* --- Timeouts (os_tdr.c) --------------------------------------------------------------------- */

/** Clocks; the scaled TdrDelay and friends. */
struct os_tdr {
    uint64_t delay;      /**< TdrDelay, 2 s: no progress that long is a suspicion. */
    uint64_t ddi_delay;  /**< TdrDdiDelay, 5 s: for threads to leave the driver. */
    uint64_t limit_time; /**< TdrLimitTime, 60 s: */
    unsigned limit;      /**< TdrLimitCount, 5: more resets within it are fatal. */
    uint64_t idle;       /**< See os_idle_time(); 0: as delay. */
};
extern struct os_tdr os_tdr;
void os_tdr_init(void); /**< Default values; the watching thread. */
/** There may be work to watch now. */
void os_tdr_arm(void);
void os_tdr_changed(void); /**< Values of os_tdr. */
/** Reset an engine (DB-TDR-06): devices of invalidated contexts are lost, the others go on. */
void os_tdr_reset(UINT node, const char *why);

#endif
