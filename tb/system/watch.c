/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include "d3dkmddi.h"

enum { AWAIT = 2000000 };
#define CONNECTED_MAX D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD
#define ABORT D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT

/* --- What a rig's doorbell is like now -------------------------------------------------------- */

struct belfry_doorbell_info watch_info(const struct rig *rig)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(rig->doorbell, &info));
    return info;
}

enum belfry_mapping watch_mapping(const struct rig *rig)
{
    return watch_info(rig).mapping;
}

uint32_t watch_slot(const struct rig *rig)
{
    struct belfry_doorbell_info info = watch_info(rig);

    REQUIRE_EQ(info.mapping, BELFRY_MAPPED_SLOT);
    return rig_slot_at(info.bar2);
}

void watch_require(const struct rig *rig, uint64_t status, enum belfry_mapping mapping)
{
    REQUIRE_EQ(*rig->status, status);
    REQUIRE_EQ(watch_mapping(rig), mapping);
}

static bool routes_to(uint64_t owner, const struct rig *rig)
{
    return (owner & BELL_SLOT_OWNER_VALID_MASK) != 0 &&
           BELL_FIELD_GET(owner, BELL_SLOT_OWNER_QUEUE) == rig->blob.queue_token;
}

void watch_require_route(const struct rig *rig, uint32_t slot)
{
    uint64_t owner = rig_slot_owner(slot);

    if (!routes_to(owner, rig))
        belfry_fail("SLOT[%u].OWNER is 0x%llx, expected queue %llu", slot,
                    (unsigned long long)owner, (unsigned long long)rig->blob.queue_token);
}

uint64_t watch_os_queue(const struct rig *rig)
{
    size_t at = (size_t)-1;
    DXGKARG_CREATEHWQUEUE args;

    do {
        at = rig_expect(at + 1, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue");
    } while (belfry_record_at(at)->object != rig->queue);
    memcpy(&args, belfry_record_at(at)->args, sizeof(args));
    return (uint64_t)(uintptr_t)args.hHwQueue;
}

/* --- Waiting ---------------------------------------------------------------------------------- */

void watch_await_point(const char *name, unsigned threads)
{
    uint64_t end = belfry_now() + AWAIT;

    while (belfry_point_waiting(name) != threads) {
        if (belfry_now() > end)
            belfry_fail("%u threads wait at %s after %u cycles, expected %u",
                        belfry_point_waiting(name), name, (unsigned)AWAIT, threads);
        belfry_sleep(10);
    }
}

void watch_await(const volatile bool *flag, const char *what)
{
    uint64_t end = belfry_now() + AWAIT;

    while (!*flag) {
        if (belfry_now() > end)
            belfry_fail("waited %u cycles for: %s", (unsigned)AWAIT, what);
        belfry_sleep(10);
    }
}

void watch_make(struct rig *const *rigs, unsigned count, uint32_t entries, uint32_t node)
{
    unsigned i;

    rig_make(rigs[0], entries, node);
    for (i = 1; i < count; i++) {
        rig_open_beside(rigs[i], rigs[0], entries);
        rig_make_queue(rigs[i], node);
        rig_make_doorbell(rigs[i]);
    }
}

void watch_close(struct rig *const *rigs, unsigned count)
{
    while (count-- > 1)
        rig_close_beside(rigs[count]);
    rig_close(rigs[0]);
}

void watch_end(struct rig *const *rigs, unsigned count)
{
    watch_replay(rigs, count);
    watch_close(rigs, count);
}

/* --- Sampler ---------------------------------------------------------------------------------- */

/* Did anyone write the rig's status word or re-point its VA since record `from`? */
static bool touched(const struct rig *rig, size_t from)
{
    size_t at;

    for (at = from; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (record->object == rig->doorbell &&
            (record->kind == BELFRY_STATUS || record->kind == BELFRY_MAP))
            return true;
    }
    return false;
}

static void sample_slot(struct watch *watch, const struct rig *rig,
                        const struct belfry_doorbell_info *info)
{
    size_t from = belfry_record_count();
    uint64_t owner = rig_slot_owner(rig_slot_at(info->bar2)); /* Time passes. */

    if (routes_to(owner, rig) || touched(rig, from))
        return;
    watch->swallowed++;
    if (!watch->tolerant)
        belfry_fail("I1: doorbell 0x%x reads status %llu, its slot's OWNER is 0x%llx, expected "
                    "queue %llu", rig->doorbell, (unsigned long long)*rig->status,
                    (unsigned long long)owner, (unsigned long long)rig->blob.queue_token);
}

static void sample_one(struct watch *watch, const struct rig *rig)
{
    struct belfry_doorbell_info info = watch_info(rig);
    uint64_t status = *rig->status;
    unsigned i;

    REQUIRE_EQ(status, info.status);
    REQUIRE(status <= ABORT);
    watch->samples++;
    for (i = 0; info.mapping == BELFRY_MAPPED_SLOT && i < watch->count; i++) {
        struct belfry_doorbell_info other = watch_info(watch->rigs[i]);

        if (watch->rigs[i] != rig && other.mapping == BELFRY_MAPPED_SLOT &&
            other.bar2 == info.bar2)
            belfry_fail("DB-CON-05: doorbells 0x%x and 0x%x map the same slot", rig->doorbell,
                        watch->rigs[i]->doorbell);
    }
    if (status > CONNECTED_MAX)
        return;
    if (info.mapping == BELFRY_MAPPED_SLOT) {
        sample_slot(watch, rig, &info);
        return;
    }
    watch->swallowed++;
    if (!watch->tolerant)
        belfry_fail("I1: doorbell 0x%x reads status %llu and a ring goes to the dummy page",
                    rig->doorbell, (unsigned long long)status);
}

static void sampler(void *arg)
{
    struct watch *watch = arg;
    unsigned i;

    while (!watch->stop) {
        for (i = 0; i < watch->count && !watch->stop; i++) {
            sample_one(watch, watch->rigs[i]);
            belfry_yield();
        }
    }
}

void watch_start(struct watch *watch)
{
    watch->samples = 0;
    watch->swallowed = 0;
    watch->stop = false;
    watch->thread = belfry_thread_start("sampler", sampler, watch);
}

void watch_stop(struct watch *watch)
{
    watch->stop = true;
    belfry_thread_join(watch->thread);
    REQUIRE(watch->samples > 0);
}

/* --- Replay ----------------------------------------------------------------------------------- */

struct seen {
    const struct rig *rig;
    uint64_t os_handle;
    uint64_t status;
    enum belfry_mapping mapping;
    uint32_t slot;
    bool in_callback;
};

static struct {
    struct seen seen[WATCH_MAX];
    unsigned count;
    const struct seen *owner[WATCH_MAX];         /* By slot; as the driver programmed it last. */
    unsigned in_flight[WATCH_MAX][WATCH_MAX];    /* Stores not yet credited: slot, index of seen. */
} replay;

static struct seen *by_doorbell(uint64_t handle)
{
    unsigned i;

    for (i = 0; i < replay.count; i++)
        if (replay.seen[i].rig->doorbell == handle)
            return &replay.seen[i];
    return NULL;
}

static struct seen *by_os_handle(uint64_t handle)
{
    unsigned i;

    for (i = 0; i < replay.count; i++)
        if (replay.seen[i].os_handle == handle)
            return &replay.seen[i];
    return NULL;
}

static struct seen *by_queue(uint64_t hw_queue)
{
    unsigned i;

    for (i = 0; i < replay.count; i++)
        if (replay.seen[i].rig->blob.queue_token == hw_queue)
            return &replay.seen[i];
    return NULL;
}

static void replay_fail(const struct belfry_record *record, const char *what)
{
    belfry_fail("record %llu, cycle %llu: %s (object 0x%llx, values 0x%llx, 0x%llx)",
                (unsigned long long)record->seq, (unsigned long long)record->cycle, what,
                (unsigned long long)record->object, (unsigned long long)record->value,
                (unsigned long long)record->value2);
}

static void require_state(const struct belfry_record *record, const struct seen *seen)
{
    unsigned i;

    if (seen->status <= CONNECTED_MAX && seen->mapping != BELFRY_MAPPED_SLOT)
        replay_fail(record, "status 0 or 1 without a slot behind the VA");
    if (seen->mapping != BELFRY_MAPPED_SLOT)
        return;
    if (replay.owner[seen->slot] != seen)
        replay_fail(record, "the VA maps a slot that the driver did not give to this queue");
    for (i = 0; i < replay.count; i++)
        if (&replay.seen[i] != seen && replay.seen[i].mapping == BELFRY_MAPPED_SLOT &&
            replay.seen[i].slot == seen->slot)
            replay_fail(record, "two doorbells map one slot");
}

static void replay_owner(const struct belfry_record *record)
{
    uint64_t base = BELL_SLOT_OWNER_OFFSET(0);
    uint32_t slot;
    unsigned i;

    if (record->value < base || record->value >= BELL_SLOT_OWNER_OFFSET(WATCH_MAX) ||
        (record->value - base) % BELL_SLOT_STRIDE != 0)
        return;
    slot = (uint32_t)((record->value - base) / BELL_SLOT_STRIDE);
    if (replay.owner[slot] != NULL && replay.owner[slot]->in_callback)
        replay_fail(record, "DB-VIC-03: slot re-routed while the victim's callback is under way");
    for (i = 0; i < replay.count; i++) {
        if (replay.seen[i].mapping == BELFRY_MAPPED_SLOT && replay.seen[i].slot == slot)
            replay_fail(record, "DB-VIC-03: slot re-routed under a doorbell that maps it");
        if (replay.in_flight[slot][i] != 0)
            replay_fail(record, "A-70: slot re-routed before all stores to it were credited");
    }
    replay.owner[slot] = record->value2 & BELL_SLOT_OWNER_VALID_MASK
                             ? by_queue(BELL_FIELD_GET(record->value2, BELL_SLOT_OWNER_QUEUE))
                             : NULL;
}

static void replay_ring(const struct belfry_record *record)
{
    const struct seen *seen = by_queue(record->value2);
    unsigned *in_flight;

    if (record->status > 1 || seen == NULL)
        replay_fail(record, "a ring was neither credited nor coalesced");
    in_flight = &replay.in_flight[record->value][seen - replay.seen];
    if (*in_flight == 0)
        replay_fail(record, "DB-VIC-04: ring credited to a queue that did not make it");
    --*in_flight;
}

static void replay_mapping(const struct belfry_record *record, struct seen *seen)
{
    seen->mapping = (enum belfry_mapping)record->value;
    seen->slot = rig_slot_at(record->value2);
    require_state(record, seen);
}

static void replay_status(const struct belfry_record *record, struct seen *seen)
{
    if (seen->status == ABORT)
        replay_fail(record, "the status left ABORT");
    seen->status = record->value;
    require_state(record, seen);
}

static void replay_one(const struct belfry_record *record)
{
    struct seen *seen = by_doorbell(record->object);
    struct seen *victim = by_os_handle(record->object);

    if (record->kind == BELFRY_MMIO_WRITE)
        replay_owner(record);
    else if (record->kind == BELFRY_RING)
        replay_ring(record);
    else if (victim != NULL && record->kind == BELFRY_CB_ENTER)
        victim->in_callback = true;
    else if (victim != NULL && record->kind == BELFRY_CB_EXIT)
        victim->in_callback = false;
    else if (seen != NULL && record->kind == BELFRY_MAP)
        replay_mapping(record, seen);
    else if (seen != NULL && record->kind == BELFRY_STATUS)
        replay_status(record, seen);
    else if (seen != NULL && record->kind == BELFRY_STORE &&
             seen->mapping == BELFRY_MAPPED_SLOT && strcmp(record->name, "doorbell") == 0)
        replay.in_flight[seen->slot][seen - replay.seen]++;
}

void watch_replay(struct rig *const *rigs, unsigned count)
{
    size_t at;
    unsigned i, slot;

    memset(&replay, 0, sizeof(replay));
    REQUIRE(count <= WATCH_MAX);
    for (i = 0; i < count; i++)
        replay.seen[replay.count++] = (struct seen){
            .rig = rigs[i],
            .os_handle = watch_info(rigs[i]).os_handle,
            .status = D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY,
        };
    for (at = 0; at < belfry_record_count(); at++)
        replay_one(belfry_record_at(at));
    for (i = 0; i < count; i++)
        for (slot = 0; slot < WATCH_MAX; slot++)
            if (replay.in_flight[slot][i] != 0)
                belfry_fail("%u rings of doorbell 0x%x on slot %u were never credited",
                            replay.in_flight[slot][i], rigs[i]->doorbell, slot);
}
