/* SPDX-License-Identifier: MIT */
/**
 * @file os_monitor.h
 * @brief Contract monitor: watches what the driver does and names the rule it breaks.
 *
 * Always on. It only looks: it takes no lock, passes no scheduling point, calls no driver. The OS
 * model reports here what crosses its border with the driver (DDIs, callbacks, kernel services,
 * registers); judgement is in sim/os/monitor/. Only os_monitor_device.c knows the device's
 * registers.
 */
#ifndef BELL_OS_MONITOR_H
#define BELL_OS_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "d3dkmddi.h"

struct os_ddi;

/** What the monitor remembers about the DDI that a thread is in; part of struct os_thread. */
struct os_monitor_call {
    uint64_t serial;         /**< Never reused; 0 = outside DDIs. */
    const struct os_ddi *ddi; /**< NULL: a DDI without rules of its own. */
    const char *name;
    uint64_t object;
    uint64_t begun;          /**< Monitor time at enter. */
    const void *args;
    unsigned null_data;      /**< DxgkCbGetHandleData gave NULL. */
    uint32_t stolen_slot;    /**< Routed anew although ... */
    uint32_t stolen_from;    /**< ... this doorbell (D3DKMT handle) has it; 0 = none. */
    bool reported, queued;   /**< DxgkCbNotifyInterrupt, DxgkCbQueueDpc were called. */
    bool dpc_notified;       /**< DxgkCbNotifyDpc was. */
    HANDLE resource;         /**< CreateAllocation: hResource at enter. */
    uint64_t infos;          /**< CreateAllocation: digest of the items at enter. */
    HANDLE given;            /**< Create, OpenNativeFence: the OS's handle at enter. */
    unsigned beyond;         /**< UpdateMonitoredValues: fences that are due for a report ... */
    bool native_reported;    /**< ... and there was one. */
};

/** What it remembers about a doorbell; part of struct os_doorbell. */
struct os_monitor_doorbell {
    bool has_status;
    uint64_t status;       /**< The OS's last word. */
    unsigned connecting;   /**< Threads in its connect DDI ... */
    uint64_t connect_begun; /**< ... since then. */
    unsigned leaving;      /**< Callbacks for it under way. */
    bool destroying;       /**< Its destroy DDI is under way. */
    bool has_offset;
    uint32_t offset;       /**< In-page offset of its first connect. */
};

/* --- Reports (os_monitor.c) ------------------------------------------------------------------ */

/** Sentence of the contract, wording ours. */
struct os_rule {
    const char *id;
    const char *sentence;
    unsigned tier; /**< 0: general rules of kernel mode, not of the DDI contract. */
};
extern const struct os_rule os_rules[];
extern const size_t os_rule_count;

void os_monitor_init(const char *replay, bool warn);
/**
 * The driver broke rule `id`. Stops the run with rule, object (any handle or address; 0 = none),
 * cycle, the calls that led there and the replay line; does not return then in a thread. In warn
 * mode prints that and returns.
 */
void os_violation(const char *id, uint64_t object, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** After a violation that leaves no way on, also in warn mode. */
void os_monitor_give_up(const char *what);

/* --- DDIs (os_monitor_ddi.c) ----------------------------------------------------------------- */

void os_monitor_ddi_enter(const char *name, uint64_t object, const void *args);
void os_monitor_ddi_exit(const char *name, uint64_t object, const void *args, NTSTATUS status);
/** Requirement that says at which IRQL the DDI runs. */
const char *os_monitor_irql_rule(const char *ddi);
/** After the driver has stopped: what it left behind. */
void os_monitor_leaks(void);
/** Two locks of the driver, the second wanted while the first is held. */
void os_monitor_lock(const char *held, const char *wanted);
void os_monitor_locks_init(void);

/* --- Callbacks (os_monitor_ddi.c, os_monitor_interrupt.c) ------------------------------------ */

void os_monitor_disconnect_enter(const DXGKARGCB_DISCONNECTDOORBELL *args);
void os_monitor_disconnect_exit(const DXGKARGCB_DISCONNECTDOORBELL *args, NTSTATUS status);
void os_monitor_handle_data(const DXGKARGCB_GETHANDLEDATA *args, const void *found);
void os_monitor_feature(DXGK_FEATURE_ID feature, bool enabled);
void os_monitor_interrupt(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data);
void os_monitor_queue_dpc(void);
void os_monitor_notify_dpc(void);
/** A routine of DxgkCbSynchronizeExecution returned. */
void os_monitor_synchronized(void);

/* --- Registers (os_monitor_device.c) --------------------------------------------------------- */

void os_monitor_write(uint64_t address, uint64_t value);
void os_monitor_read(uint64_t address, uint64_t value);

/* --- Discovery and allocations (os_monitor_caps.c, os_monitor_alloc.c) ----------------------- */

/** Answer to the caps query. @return false: it is not fit for user-mode submission. */
bool os_monitor_caps(const DXGK_USERMODESUBMISSION_CAPS *caps);
/** The driver advertises native fences: may it? `caps`: its answer to query type 37, NULL: none.
 *  @return false: the adapter does not start (NF-CAP-01). */
bool os_monitor_native_caps(const DXGK_NATIVE_FENCE_CAPS *caps);
/** Nodes and caps are known. */
void os_monitor_discovered(void);
/** Bytes behind an output buffer, to see writes past its end. */
#define OS_CANARY_BYTES 64u
void os_monitor_canary_set(void *end);
void os_monitor_canary_check(const void *end, const char *id, const char *ddi, unsigned size);
/** AL-CRE-07, -08, -13, -14. @return false: the OS fails the call. */
bool os_monitor_alloc_info(const DXGK_ALLOCATIONINFO *info, unsigned segments, uint64_t object);

/* --- Memory (os_monitor_alloc.c) ------------------------------------------------------------- */

/** The driver frees a block that starts here. */
void os_monitor_free(const void *block);

/* --- Between the monitor's own files --------------------------------------------------------- */

struct os_doorbell;
struct os_queue;
struct os_context;
struct os_thread;
struct os_object;

/** One DDI: which rules guard it. */
struct os_ddi {
    const char *name;
    const char *irql;   /**< Requirement for its IRQL. */
    const char *must;   /**< Requirement for success, or NULL: it may fail. */
    const char *leak;   /**< Requirement broken by memory that it leaves behind. */
    void (*enter)(struct os_monitor_call *call);
    void (*exit)(struct os_monitor_call *call, NTSTATUS status);
};

/** Rises with every event that the monitor sees. */
uint64_t os_monitor_tick(void);
uint64_t os_monitor_time(void);
struct os_monitor_call *os_monitor_call(void); /**< Of the present thread. */
bool os_monitor_in(const char *ddi);           /**< Is the present thread in this DDI? */

/* os_monitor_doorbell.c */
void os_doorbell_create_exit(struct os_monitor_call *call, NTSTATUS status);
void os_doorbell_connect_enter(struct os_monitor_call *call);
void os_doorbell_connect_exit(struct os_monitor_call *call, NTSTATUS status);
void os_doorbell_disconnect_enter(struct os_monitor_call *call);
void os_doorbell_disconnect_exit(struct os_monitor_call *call, NTSTATUS status);
void os_doorbell_destroy_enter(struct os_monitor_call *call);
void os_doorbell_destroy_exit(struct os_monitor_call *call, NTSTATUS status);
/** Every DDI and callback ends here: status words are as the OS left them (DB-STA-03). */
void os_monitor_status_words(void);

/* os_monitor_queue.c */
void os_queue_create_exit(struct os_monitor_call *call, NTSTATUS status);
void os_context_create_exit(struct os_monitor_call *call, NTSTATUS status);
void os_context_suspend_exit(struct os_monitor_call *call, NTSTATUS status);
void os_context_resume_exit(struct os_monitor_call *call, NTSTATUS status);
void os_device_create_exit(struct os_monitor_call *call, NTSTATUS status);
void os_monitor_suspended(HANDLE context, uint64_t fence);
/** The driver has freed what is behind this handle; the value may come again. */
void os_monitor_handle_gone(const void *handle);
/** Object whose handle this is, or NULL. */
const struct os_object *os_monitor_owner(const void *handle);
/** Is there still a pool block at the handle, after its destroy DDI? */
bool os_monitor_not_freed(const void *handle);
/** A handle that the driver gave out: not NULL, not the OS's own, not another one's. */
void os_monitor_new_handle(const char *id, uint64_t object, HANDLE given, const char *what);

/* os_monitor_reset.c */
void os_monitor_reset_init(void);
void os_monitor_gates(uint32_t closed); /**< The nodes that are stopped now. */
void os_engine_reset_exit(struct os_monitor_call *call, NTSTATUS status);
void os_engine_resume_enter(struct os_monitor_call *call);
void os_engine_resume_exit(struct os_monitor_call *call, NTSTATUS status);
void os_packet_reset_enter(struct os_monitor_call *call);
void os_packet_reset_exit(struct os_monitor_call *call, NTSTATUS status);
/** This hardware queue is on the run list: may it be? */
void os_monitor_invalidated(unsigned hw);

/* os_monitor_sched.c */
void os_sched_properties_exit(struct os_monitor_call *call, NTSTATUS status);
void os_sched_update_exit(struct os_monitor_call *call, NTSTATUS status);
void os_sched_switch_exit(struct os_monitor_call *call, NTSTATUS status);
void os_monitor_switched(UINT node, uint64_t fence);

/* os_monitor_native.c */
void os_monitor_native_init(void);
void os_native_create_enter(struct os_monitor_call *call);
void os_native_create_exit(struct os_monitor_call *call, NTSTATUS status);
void os_native_open_enter(struct os_monitor_call *call);
void os_native_open_exit(struct os_monitor_call *call, NTSTATUS status);
void os_native_close_exit(struct os_monitor_call *call, NTSTATUS status);
void os_native_destroy_exit(struct os_monitor_call *call, NTSTATUS status);
void os_native_monitored_enter(struct os_monitor_call *call);
void os_native_monitored_exit(struct os_monitor_call *call, NTSTATUS status);
void os_native_current_exit(struct os_monitor_call *call, NTSTATUS status);
/** The driver took an event that a fence of this queue (D3DKMT handle) was signaled. */
void os_monitor_native_popped(uint32_t queue, uint64_t address);
void os_monitor_native_signaled(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data);
void os_monitor_native_owed(void); /**< At the end of the interrupt routine. */

/* os_monitor_alloc.c */
void os_alloc_create_enter(struct os_monitor_call *call);
void os_alloc_create_exit(struct os_monitor_call *call, NTSTATUS status);
void os_alloc_destroy_exit(struct os_monitor_call *call, NTSTATUS status);
void os_alloc_open_exit(struct os_monitor_call *call, NTSTATUS status);
void os_alloc_close_exit(struct os_monitor_call *call, NTSTATUS status);
void os_alloc_page_exit(struct os_monitor_call *call, NTSTATUS status);

/* os_monitor_interrupt.c */
void os_monitor_interrupt_init(void);
void os_interrupt_exit(struct os_monitor_call *call, NTSTATUS status);
void os_dpc_exit(struct os_monitor_call *call, NTSTATUS status);
void os_monitor_event_seen(uint64_t word0);
void os_monitor_event_data(uint64_t word1);
void os_monitor_event_popped(void);

/* os_monitor_caps.c */
void os_monitor_caps_init(void);

/* os_monitor_device.c: what the registers say, as far as the driver wrote them. */
#define OS_NO_SLOT UINT32_MAX
void os_monitor_device_init(void);
/** D3 loses every register (DB-DST-04); after it, until D0, no rule asks for register accesses. */
void os_monitor_device_power(bool on);
bool os_device_off(void);
uint32_t os_device_gates(void); /**< Nodes whose gate is closed. */
bool os_device_gone(void); /**< A register read all ones. */
/** Hardware queue that was opened for this queue (D3DKMT handle), or -1. */
int os_device_queue_of(uint32_t queue);
int os_device_last_queue_of(uint32_t queue); /**< The same; it may be closed by now. */
bool os_device_listed(int hw);           /**< On the run list. */
unsigned os_device_level(unsigned hw);   /**< As the driver wrote it. */
unsigned os_device_realtime_level(unsigned level); /**< Hardware's number of a real-time level. */
uint64_t os_device_woken(uint32_t offset); /**< Time of the last wake-up of waits for such fences. */
uint64_t os_device_kicked(int hw);       /**< Time of the last KICK. */
uint64_t os_device_added(int hw);        /**< Time of the last ADD. */
uint32_t os_device_queue(unsigned hw);   /**< D3DKMT handle of its queue, 0 = closed. */
unsigned os_device_queues(void);         /**< Numbers to look at. */
uint32_t os_device_slot_to(int hw);      /**< Slot routed to it, or OS_NO_SLOT. */
uint32_t os_device_slot_at(uint64_t bar2); /**< Slot of a doorbell page, or OS_NO_SLOT. */
bool os_device_routes(uint32_t slot, int hw);
uint64_t os_device_routed(uint32_t slot);
uint64_t os_device_drain_tried(uint32_t slot);
/** The slot is granted to a doorbell (D3DKMT handle); 0 = to none. */
uint32_t os_device_grantee(uint32_t slot);
uint32_t os_device_granted(uint32_t doorbell); /**< Its slot, or OS_NO_SLOT. */
void os_device_grant(uint32_t slot, uint32_t doorbell);
/** The callback for this doorbell returned: its slot must be drained before it is routed anew. */
void os_device_victimized(uint32_t doorbell);
void os_device_forget_grants(void);

#endif
