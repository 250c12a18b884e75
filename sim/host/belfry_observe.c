/* SPDX-License-Identifier: MIT */
#include "belfry_machine.h"

#include <string.h>

#include "bell_bus_fault.h"
#include "bell_regs.h"
#include "os_internal.h"

/** Clocks that an access made for an observer may take. */
#define ACCESS_TIMEOUT 100000u
/** Times the ledger is read again when rings passed through meanwhile. */
#define LEDGER_TRIES 32u

struct access {
    uint64_t tag; /**< 0 = free. */
    bool done;
    uint64_t data;
    enum bell_resp resp;
    struct bell_waitq waiter;
};

#define MAX_ACCESSES 64u
static struct access accesses[MAX_ACCESSES];
static uint64_t next_tag;

void belfry_observe_init(void)
{
    memset(accesses, 0, sizeof(accesses));
    next_tag = BELFRY_TAG_FIRST;
}

bool belfry_observe_mmio_done(uint64_t tag, uint64_t data, enum bell_resp resp)
{
    if (tag < BELFRY_TAG_FIRST)
        return false;
    for (unsigned i = 0; i < MAX_ACCESSES; i++) {
        struct access *access = &accesses[i];

        if (access->tag != tag)
            continue;
        access->done = true;
        access->data = data;
        access->resp = resp;
        bell_thread_wake_all(&access->waiter);
    }
    return true;
}

static struct access *start(void)
{
    for (unsigned i = 0; i < MAX_ACCESSES; i++)
        if (accesses[i].tag == 0) {
            accesses[i] = (struct access){.tag = next_tag++};
            return &accesses[i];
        }
    bell_sim_fail("observer: more than %u accesses at once", MAX_ACCESSES);
    return NULL;
}

/** Wait for the answer: as a thread, or outside by letting device time pass. */
static void finish(struct access *access, const char *what)
{
    uint64_t deadline = bell_sim_now() + ACCESS_TIMEOUT;

    while (!access->done && bell_sim_now() < deadline) {
        if (bell_thread_self() != NULL)
            bell_thread_wait(&access->waiter, deadline - bell_sim_now(), what);
        else
            bell_bus_step(NULL, 1);
    }
    access->tag = 0;
    if (!access->done) {
        access->resp = BELL_RESP_SLVERR;
        bell_sim_fail("%s: the device did not answer within %u clocks, cycle %llu", what,
                      ACCESS_TIMEOUT, (unsigned long long)bell_sim_now());
    }
}

uint64_t belfry_register(uint64_t offset)
{
    struct access *access = start();

    if (access == NULL)
        return UINT64_MAX;
    bell_device_mmio_read(belfry_machine.device, offset, access->tag);
    finish(access, "belfry_register");
    return access->resp == BELL_RESP_OKAY ? access->data : UINT64_MAX;
}

int belfry_bar2_store(uint64_t offset, uint64_t value, unsigned size)
{
    struct access *access = start();

    if (access == NULL)
        return BELL_RESP_SLVERR;
    bell_device_mmio_write(belfry_machine.device, BELL_DEVICE_BAR2 + offset, value, size,
                           access->tag);
    finish(access, "belfry_bar2_store");
    return (int)access->resp;
}

static void poke(uint64_t offset, uint64_t value)
{
    struct access *access = start();

    if (access == NULL)
        return;
    bell_device_mmio_write(belfry_machine.device, offset, value, sizeof(value), access->tag);
    finish(access, "belfry_engine_limits");
}

void belfry_engine_limits(uint32_t node, uint32_t idle, uint32_t hung, bool long_work)
{
    poke(BELL_IDLE_LIMIT0_OFFSET + 8 * node, idle);
    poke(BELL_HUNG_LIMIT0_OFFSET + 8 * node,
         hung | BELL_FIELD_PUT(BELL_HUNG_LIMIT0_LONG_WORK, long_work));
}

uint64_t belfry_dma_refused(void)
{
    return belfry_machine.dma_refused;
}

static void read_ledger(struct belfry_ledger *ledger)
{
    ledger->accepted = belfry_register(BELL_LEDGER_ACCEPTED_OFFSET);
    ledger->sampled = belfry_register(BELL_LEDGER_SAMPLED_OFFSET);
    ledger->coalesced = belfry_register(BELL_LEDGER_COALESCED_OFFSET);
    ledger->unowned = belfry_register(BELL_LEDGER_UNOWNED_OFFSET);
    ledger->rejected = belfry_register(BELL_LEDGER_REJECTED_OFFSET);
    ledger->owed = belfry_register(BELL_LEDGER_OWED_OFFSET);
}

void belfry_ledger(struct belfry_ledger *ledger)
{
    struct belfry_ledger before;

    read_ledger(ledger);
    for (unsigned i = 0; i < LEDGER_TRIES; i++) {
        before = *ledger;
        read_ledger(ledger);
        if (memcmp(&before, ledger, sizeof(before)) == 0)
            return;
    }
}

bool belfry_ledger_balanced(const struct belfry_ledger *ledger)
{
    return ledger->accepted == ledger->sampled + ledger->coalesced + ledger->unowned +
                                   ledger->rejected + ledger->owed;
}

uint64_t belfry_event_hash(void)
{
    return os_trace_hash(bell_device_event_hash(belfry_machine.device));
}

/* --- What the device and user code do -------------------------------------------------------- */

static enum belfry_record_kind kind_of(enum bell_device_event_kind kind)
{
    switch (kind) {
    case BELL_DEV_RING:
        return BELFRY_RING;
    case BELL_DEV_SAMPLE:
        return BELFRY_SAMPLE;
    case BELL_DEV_START:
        return BELFRY_START;
    case BELL_DEV_DONE:
        return BELFRY_FINISH;
    default:
        return BELFRY_IRQ;
    }
}

void belfry_observe_event(void *ctx, const struct bell_device_event *event)
{
    struct belfry_record *record = os_trace_hardware(kind_of(event->kind), "", event->cycle);

    (void)ctx;
    record->value2 = event->queue;
    record->value3 = event->node;
    switch (event->kind) {
    case BELL_DEV_RING:
        record->value = event->slot;
        record->status = event->bucket;
        record->value3 = event->cause;
        break;
    case BELL_DEV_START:
    case BELL_DEV_DONE:
        record->value = event->rptr;
        break;
    case BELL_DEV_IRQ:
        record->value = event->value;
        record->value2 = 0;
        record->value3 = 0;
        break;
    case BELL_DEV_SAMPLE:
        break;
    }
}

void belfry_observe_access(const struct bell_trap_access *access)
{
    struct belfry_record *record = os_trace(access->store ? BELFRY_STORE : BELFRY_LOAD,
                                            access->window->name, access->window->object);

    record->value = access->offset;
    record->value2 = access->value;
    record->value3 = access->size;
}

void belfry_point_hold(const char *name)
{
    bell_point_hold(name);
}

void belfry_point_release(const char *name)
{
    bell_point_release(name);
}

unsigned belfry_point_waiting(const char *name)
{
    return bell_point_waiting(name);
}

/* --- Faults of the bus ------------------------------------------------------------------------ */

_Static_assert((int)BELFRY_RING_DUPLICATE == (int)BELL_BUS_DUPLICATE &&
                   (int)BELFRY_RING_DROP == (int)BELL_BUS_DROP &&
                   (int)BELFRY_RING_TEAR == (int)BELL_BUS_TEAR &&
                   (int)BELFRY_RING_MERGE == (int)BELL_BUS_MERGE &&
                   (int)BELFRY_BUS_ERROR == (int)BELL_BUS_ERROR &&
                   (int)BELFRY_BUS_REMOVED == (int)BELL_BUS_REMOVED &&
                   (int)BELFRY_DMA_REFUSED == (int)BELL_BUS_NO_DMA,
               "the public faults are the bridge's");

void belfry_bus_fault(enum belfry_bus_fault fault, uint32_t one_in)
{
    bell_bus_fault_set((enum bell_bus_fault)fault, one_in);
}

uint64_t belfry_bus_fault_count(void)
{
    return bell_bus_fault_count();
}
