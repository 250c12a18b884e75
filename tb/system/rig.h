/* SPDX-License-Identifier: MIT */
/*
 * Common ground of the system tests: a machine per test, user processes as C functions, and a queue
 * that is driven by hand (raw D3DKMT calls and plain stores), beside the library's own.
 *
 * BELL_DEVICE=rtl|model picks the device; BELL_LOCKSTEP=off: rtl without the model beside it. A check inside user code stops the run; the cmocka side then
 * fails with its text. Do not use cmocka's assert_* inside user code: it runs on another stack.
 */
#ifndef BELL_RIG_H
#define BELL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "belfry/belfry.h"
#include "belfry/observe.h"
#include "bell_formats.h"
#include "bell_regs.h"
#include "bell_umd_internal.h"

/* Checks for user code. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            belfry_fail("%s:%d: expected %s", __FILE__, __LINE__, #condition);                     \
    } while (0)
#define REQUIRE_EQ(left, right)                                                                    \
    do {                                                                                           \
        unsigned long long left_ = (unsigned long long)(left);                                     \
        unsigned long long right_ = (unsigned long long)(right);                                   \
        if (left_ != right_)                                                                       \
            belfry_fail("%s:%d: %s is 0x%llx, expected %s = 0x%llx", __FILE__, __LINE__, #left,    \
                        left_, #right, right_);                                                    \
    } while (0)
#define REQUIRE_OK(call)                                                                           \
    do {                                                                                           \
        NTSTATUS status_ = (call);                                                                 \
        if (!NT_SUCCESS(status_))                                                                  \
            belfry_fail("%s:%d: %s returned 0x%08x", __FILE__, __LINE__, #call,                    \
                        (unsigned)status_);                                                        \
    } while (0)
#define REQUIRE_STATUS(call, wanted) REQUIRE_EQ((uint32_t)(call), (uint32_t)(wanted))

/* BELFRY_CONFIG_DEFAULT with the device, seed and doorbell layout of this test run (BELL_DEVICE,
 * BELL_SEED, BELL_DOORBELLS). */
struct belfry_config rig_config(void);
/* Setups and teardown of tests that need a layout, and run in "page" when the run asks for another:
 * slots and their victims are nothing in "global"; some look at the layout "page" itself, or count on
 * any slot being good for any doorbell. Called with NULL, from main(): for the whole program. */
int rig_on_slots(void **state);
int rig_on_pages(void **state);
int rig_anywhere(void **state);
#define RIG_ON_SLOTS(name) cmocka_unit_test_setup_teardown(name, rig_on_slots, rig_anywhere)
#define RIG_ON_PAGES(name) cmocka_unit_test_setup_teardown(name, rig_on_pages, rig_anywhere)
/* The next machine's driver breaks the contract on purpose: the monitor only warns. With `rules`
 * ("DB-CON-03 DB-SEC-02"), rig_finish_machine() and rig_run() check that it named some of these and
 * no other. Holds until the machine is finished. */
void rig_plant(void);
void rig_breaks(const char *rules);
/* Open a machine, run `body` as the only process; it must return 0 (a fault fails the test too),
 * the ledger must balance and nothing leak. */
void rig_run(const struct belfry_config *config, int (*body)(int argc, char **argv));
/* The same on rig_config() with so many slots. */
void rig_run_on(uint32_t slots, int (*body)(int argc, char **argv));
/* The same in pieces, for several processes. */
void rig_open_machine(const struct belfry_config *config);
void rig_finish_machine(void); /* belfry_run() and the same checks, for each process. */
/* Run and expect BELFRY_FAILED; the text must contain `part`. Closes the machine. */
void rig_finish_failing(const char *part);

/* One user-mode queue, step by step. All fields may be read. */
struct rig {
    struct bell_umd_device *device;
    struct bell_umd_memory ring, control, commands, data;
    uint32_t entries;
    D3DKMT_HANDLE context, queue, progress_handle, doorbell;
    volatile uint64_t *progress;     /* Read-only mapping. */
    uint64_t progress_gpu;
    D3DKMT_CREATE_DOORBELL create;   /* As D3DKMTCreateDoorbell left it. */
    BELL_DOORBELL_PRIVATE blob;
    volatile uint64_t *page;         /* Doorbell VA. */
    volatile uint64_t *second;       /* Secondary doorbell VA, or NULL. */
    volatile uint64_t *status;
    volatile uint64_t *last_queued;
    uint64_t wptr;                   /* Entries appended. */
    uint64_t base;                   /* Fence value before the first entry of this ring. */
};

/* Adapter, device, memory: no queue yet. Fields zero before. */
void rig_open(struct rig *rig, uint32_t entries);
/* A second rig on the same device (shares rig->device; closing it leaves the device open). */
void rig_open_beside(struct rig *rig, const struct rig *first, uint32_t entries);
void rig_make_queue(struct rig *rig, uint32_t node); /* Context and user-mode queue. */
/* User-mode queue in the other's context, which is to be closed later; rig->context stays 0. */
void rig_make_queue_beside(struct rig *rig, const struct rig *first);
NTSTATUS rig_try_doorbell(struct rig *rig);          /* D3DKMTCreateDoorbell with rig->create's inputs. */
void rig_make_doorbell(struct rig *rig);             /* Must succeed. */
/* All of it: open, queue on `node`, doorbell; not connected. */
void rig_make(struct rig *rig, uint32_t entries, uint32_t node);
void rig_close(struct rig *rig);        /* Destroys what there is, in order, and the device. */
void rig_close_beside(struct rig *rig);

/* A context or queue beside the rig's own. The caller destroys both, queues first. */
D3DKMT_HANDLE rig_make_context(const struct rig *rig, uint32_t node);
NTSTATUS rig_try_queue(D3DKMT_HANDLE context, bool user_mode, D3DKMT_CREATEHWQUEUE *queue);
void rig_destroy_queue(D3DKMT_HANDLE queue);
void rig_destroy_context(D3DKMT_HANDLE context);

NTSTATUS rig_connect(struct rig *rig);  /* D3DKMTConnectDoorbell. */
NTSTATUS rig_destroy_doorbell(struct rig *rig);

/*
 * Append one command buffer that writes `value` to data word `word` and then the progress fence
 * (value = base + count appended). Publishes LQV, entry and WPTR; does not ring.
 */
void rig_append(struct rig *rig, uint32_t word, uint64_t value);
/* The same with a WORK packet of `clocks` before it. */
void rig_append_work(struct rig *rig, uint32_t word, uint64_t value, uint64_t clocks);
void rig_ring(struct rig *rig);         /* One plain 64-bit store: wptr, global layout: the token. */
uint64_t rig_ring_value(const struct rig *rig); /* What it stores. */
/* All a program does: append, ring, and when the status reads RETRY connect and ring again. */
void rig_submit(struct rig *rig, uint32_t word, uint64_t value, uint64_t clocks);
uint64_t rig_rptr(const struct rig *rig);
/* Wait until the progress fence reaches `value`; fails the run after `cycles`. */
void rig_wait(struct rig *rig, uint64_t value, uint64_t cycles);
/* Wait until nothing happens any more for `cycles` (settle the machine). */
void rig_settle(uint64_t cycles);

/* A kernel-mode queue in a context of its maker. `memory` is a rig without a queue of its own. */
struct rig_kernel {
    struct rig memory;
    D3DKMT_CREATEHWQUEUE queue;  /* As D3DKMTCreateHwQueue left it. */
    volatile uint64_t *progress; /* Read-only mapping. */
    uint64_t built;              /* Buffers begun. */
    uint64_t last;               /* Fence value of the last submission. */
};

void rig_kernel_open(struct rig_kernel *kernel, const struct rig *beside, D3DKMT_HANDLE context);
void rig_kernel_close(struct rig_kernel *kernel);
/* Begin a buffer: room for two packets. */
void rig_kernel_begin(struct rig_kernel *kernel, struct bell_umd_commands *list);
/* Submit it, to `queue`, which may be a wrong one. */
NTSTATUS rig_kernel_try(struct rig_kernel *kernel, struct bell_umd_commands *list,
                        D3DKMT_HANDLE queue, uint64_t value);
/* Both, as rig_append_work(); fence values 1, 2, 3 .. */
void rig_kernel_submit(struct rig_kernel *kernel, uint32_t word, uint64_t value, uint64_t clocks);
/* Wait for the last submission; fails the run after `cycles`. */
void rig_kernel_wait(const struct rig_kernel *kernel, uint64_t cycles);

/* Wait until a thread stands at the delay point, or fail the run after `cycles`. */
void rig_wait_point(const char *name, uint64_t cycles);

/* Number of records of a kind/name after `from`. */
size_t rig_count(size_t from, enum belfry_record_kind kind, const char *name);
/* Record index, or fail the run when there is none. */
size_t rig_expect(size_t from, enum belfry_record_kind kind, const char *name);

/* Slots of the hardware that have an owner now. */
unsigned rig_owned_slots(uint32_t slots);
/* Registers of hardware queue q and slot s. */
uint64_t rig_queue_state(uint64_t hw_queue);
uint64_t rig_slot_owner(uint32_t slot);
/* The slot at a BAR2 byte address, in layouts page and packed. */
uint32_t rig_slot_at(uint64_t bar2);

/* A queue of the library (bell_umd.h) with memory for its buffers: the UMD itself is under test. */
enum { RIG_LIBRARY_BUFFERS = 256, RIG_LIBRARY_BUFFER_BYTES = 256 };
struct rig_library {
    struct bell_umd_device *device;
    struct bell_umd_memory commands, data;
    struct bell_umd_queue *queue;
};
void rig_library_open(struct rig_library *library, uint32_t entries, uint32_t node);
/* On the same device; closing it leaves the device open. */
void rig_library_open_beside(struct rig_library *library, const struct rig_library *first,
                             uint32_t entries, uint32_t node);
void rig_library_close_beside(struct rig_library *library);
void rig_library_close(struct rig_library *library);
/*
 * Submit buffer number `buffer` (its last use must be complete): `clocks` of work if not 0, then
 * `value` to data word `word`. Returns what bell_umd_submit() does.
 */
NTSTATUS rig_library_submit(struct rig_library *library, uint32_t buffer, uint32_t word,
                            uint64_t value, uint64_t clocks, UINT64 *fence);

#endif
