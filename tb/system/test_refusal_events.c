// SPDX-License-Identifier: MIT
/*
 * What the device refuses is told (rtl/README, "What is refused, and how it is told"): with the
 * driver's setting ReportRefusals, hostile stores and refused register accesses become events. Each
 * has the number refused since the last one and the first one's cause and address; their sum is the
 * number of refusals; the driver arms the device again; and a victim on the same node is not held up.
 */
#include "rig.h"

#include "bell_kmd.h"

/* Room for both processes where eight doorbells share a page, and some to spare. */
enum { SLOTS = 24 };
enum { NODE = 0, ENTRIES = 16, BOUND = 60000, ROUNDS = 60, BURST = 9, FLOOD = 1500,
       ANSWER = 60, PACE = 150, MOST = 4000, ALL = 7, KINDS = 3, HOLE = 0x0f000 };

enum kind { REJECTED, UNOWNED, REFUSED };

/* What was refused, in order. */
static struct {
    struct { uint64_t code, addr; } at[MOST];
    unsigned count;
} made[KINDS];

static struct rig victim, own;
static bool victim_is_up, over;
static bool global;
static uint32_t setting;

static void note(enum kind kind, uint64_t code, uint64_t addr)
{
    REQUIRE(made[kind].count < MOST);
    made[kind].at[made[kind].count].code = code;
    made[kind].at[made[kind].count++].addr = addr;
}

/* --- The driver's own count ------------------------------------------------------------------- */

static const struct bell_adapter *adapter;
static DXGKDDI_START_DEVICE *real_start;

static NTSTATUS start(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *dxgk,
                      ULONG *sources, ULONG *children)
{
    adapter = context;
    return real_start(context, info, dxgk, sources, children);
}

static void hook(DRIVER_INITIALIZATION_DATA *table)
{
    real_start = table->DxgkDdiStartDevice;
    table->DxgkDdiStartDevice = start;
}

/* --- What was told ---------------------------------------------------------------------------- */

struct told {
    uint64_t sum;
    unsigned events, armings;
};

static void take(struct told *told, enum kind kind, uint64_t word)
{
    uint64_t count = BELL_FIELD_GET(word, BELL_REPORT_WORD_COUNT);

    told->events++;
    REQUIRE(told->events <= told->armings);
    REQUIRE(count > 0 && told->sum + count <= made[kind].count);
    REQUIRE_EQ(BELL_FIELD_GET(word, BELL_REPORT_WORD_CODE), made[kind].at[told->sum].code);
    REQUIRE_EQ(BELL_FIELD_GET(word, BELL_REPORT_WORD_ADDR), made[kind].at[told->sum].addr);
    told->sum += count;
}

/* Every event since the driver was started, as it read them. */
static void read_events(struct told told[KINDS])
{
    uint64_t cause = 0;

    memset(told, 0, KINDS * sizeof(told[0]));
    for (size_t i = 0; i < belfry_record_count(); i++) {
        const struct belfry_record *record = belfry_record_at(i);

        if (record->kind == BELFRY_MMIO_WRITE && record->value == BELL_REPORT_ARM_OFFSET) {
            REQUIRE_EQ(record->value2, setting);
            for (unsigned kind = 0; kind < KINDS; kind++)
                told[kind].armings += setting >> kind & 1;
        } else if (record->kind == BELFRY_MMIO_READ && record->value == BELL_EVENT0_OFFSET) {
            cause = BELL_FIELD_GET(record->value2, BELL_EVENT0_CAUSE);
            if (!(record->value2 & BELL_EVENT0_VALID_MASK) || cause < BELL_CAUSE_RING_REJECTED ||
                cause > BELL_CAUSE_ACCESS_REFUSED)
                cause = 0;
        } else if (record->kind == BELFRY_MMIO_READ && record->value == BELL_EVENT1_OFFSET &&
                   cause != 0) {
            take(&told[cause - BELL_CAUSE_RING_REJECTED], cause - BELL_CAUSE_RING_REJECTED,
                 record->value2);
        }
    }
}

/* All is told that shall be, nothing else, and the next would be. */
static void require_told(void)
{
    struct belfry_ledger ledger;
    struct told told[KINDS];

    rig_settle(5000);
    belfry_ledger(&ledger);
    REQUIRE(belfry_ledger_balanced(&ledger));
    REQUIRE_EQ(ledger.rejected, made[REJECTED].count);
    REQUIRE_EQ(ledger.unowned, made[UNOWNED].count);
    REQUIRE_EQ(belfry_register(BELL_ACCESSES_REFUSED_OFFSET), made[REFUSED].count);
    REQUIRE_EQ(belfry_register(BELL_SATURATED_OFFSET), 0);
    REQUIRE_EQ(belfry_register(BELL_REPORT_ARM_OFFSET), setting);
    read_events(told);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        REQUIRE_EQ(told[kind].sum, setting >> kind & 1 ? made[kind].count : 0);
        REQUIRE_EQ(adapter->refusals[kind].count, told[kind].sum);
    }
}

/* --- The victim ------------------------------------------------------------------------------- */

static int victim_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&victim, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&victim));
    victim_is_up = true;
    for (uint64_t n = 1; !over; n++) {
        rig_submit(&victim, 0, n * 7, 30);
        rig_wait(&victim, n, BOUND);
        REQUIRE_EQ(victim.data.cpu[0], n * 7);
        belfry_sleep(PACE);
    }
    REQUIRE_EQ(rig_queue_state(victim.blob.queue_token) & BELL_QUEUE_STATE_FAULTED_MASK, 0);
    rig_close(&victim);
    return 0;
}

/* --- Attacks: `own` is connected, the victim too, and no slot changes its owner ------------------ */

static uint64_t own_place(void)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(own.doorbell, &info));
    REQUIRE_EQ(info.mapping, BELFRY_MAPPED_SLOT);
    return info.bar2;
}

static void narrow(void)
{
    *(volatile uint32_t *)(volatile void *)own.page = 1;
    note(REJECTED, BELL_REJECT_NARROW, own_place());
}

static void misplaced(void)
{
    uint64_t offset = 8 * (1 + belfry_random(16));

    own.page[offset / 8] = rig_ring_value(&own);
    note(REJECTED, BELL_REJECT_OFFSET, own_place() + offset);
}

/* Of the global layout: the one of the queue next door, and none at all. */
static void foreign(void)
{
    *own.page = victim.blob.queue_token;
    note(REJECTED, BELL_REJECT_FOREIGN_TOKEN, own_place());
}

static void senseless(void)
{
    *own.page = UINT64_MAX - belfry_random(1000);
    note(REJECTED, BELL_REJECT_BAD_TOKEN, own_place());
}

/* Past the bridge, as a faulty switch would do it: beyond the doorbells, and to one that is free. */
static void stray(uint64_t at, uint64_t code)
{
    uint64_t began = belfry_now();

    REQUIRE_EQ(belfry_bar2_store(at, 1, 8), code == 0 ? 0 : 2);
    REQUIRE(belfry_now() - began < ANSWER);
    note(code == 0 ? UNOWNED : REJECTED, code, at);
}

static void beyond(void)
{
    stray((SLOTS + belfry_random(SLOTS)) * BELL_DOORBELL_BYTES, BELL_REJECT_NO_SLOT);
}

static void unowned(void)
{
    uint32_t slot = SLOTS;

    while (slot-- > 0)
        if (!(rig_slot_owner(slot) & BELL_SLOT_OWNER_VALID_MASK))
            break;
    REQUIRE(slot < SLOTS);
    stray(own_place() >= BELL_PACKED_FIRST
              ? BELL_PACKED_FIRST + slot * BELL_PACKED_BYTES
              : slot * BELL_DOORBELL_BYTES, 0);
}

static void refused(void)
{
    static const uint64_t places[] = { HOLE, BELL_EVENT_POP_OFFSET, BELL_SLOT_OWNER_OFFSET(SLOTS) };
    uint64_t at = places[belfry_random(global ? 2 : 3)];

    REQUIRE_EQ(belfry_register(at), UINT64_MAX);
    note(REFUSED, 0, at);
}

/* By the processor, whose stores are posted, or past it: one at a time, or the order is not known. */
static const struct attack {
    void (*strike)(void);
    bool posted, on_slots, on_tokens;
} attacks[] = {
    { narrow, true, true, true },     { misplaced, true, true, true },
    { foreign, true, false, true },   { senseless, true, false, true },
    { beyond, false, true, true },    { unowned, false, true, false },
    { refused, false, true, true },
};

static void burst(const struct attack *attack, unsigned count)
{
    if (global ? !attack->on_tokens : !attack->on_slots)
        return;
    for (unsigned i = 0; i < count; i++)
        attack->strike();
    if (attack->posted)
        rig_settle(100);
}

static void begin_attack(void)
{
    while (!victim_is_up)
        belfry_sleep(100);
    rig_make(&own, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&own));
    rig_settle(3000);
    require_told(); /* Nothing was refused so far. */
    REQUIRE_EQ(made[REJECTED].count + made[UNOWNED].count + made[REFUSED].count, 0);
}

static void end_attack(void)
{
    require_told();
    rig_submit(&own, 0, 1, 0); /* After all that its doorbell still rings. */
    rig_wait(&own, 1, BOUND);
    over = true;
    rig_close(&own);
}

static int attacks_all(int argc, char **argv)
{
    (void)argc, (void)argv;
    begin_attack();
    for (unsigned i = 0; i < ROUNDS; i++)
        burst(&attacks[belfry_random(sizeof(attacks) / sizeof(attacks[0]))],
              1 + (unsigned)belfry_random(BURST));
    for (unsigned i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
        burst(&attacks[i], 1);
    REQUIRE(made[REJECTED].count > ROUNDS / 2 && made[REFUSED].count > 0);
    REQUIRE(global || made[UNOWNED].count > 0);
    end_attack();
    return 0;
}

static int floods(int argc, char **argv)
{
    struct told told[KINDS];

    (void)argc, (void)argv;
    begin_attack();
    burst(&attacks[0], FLOOD);
    for (unsigned i = 2; i < sizeof(attacks) / sizeof(attacks[0]); i++)
        burst(&attacks[i], FLOOD / 10);
    require_told();
    read_events(told);
    REQUIRE(told[REJECTED].events > 1 && told[REJECTED].events < made[REJECTED].count / 4);
    end_attack();
    return 0;
}

/* D3 takes the arming with it, D0 brings it back. */
static int sleeps(int argc, char **argv)
{
    struct told told[KINDS];

    (void)argc, (void)argv;
    begin_attack();
    over = true;
    burst(&attacks[0], BURST);
    burst(&attacks[6], BURST);
    require_told();
    while (belfry_live_objects("doorbell") > 1)
        belfry_sleep(100);
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(true));
    belfry_os_power_up();
    REQUIRE_OK(rig_connect(&own));
    REQUIRE_EQ(belfry_register(BELL_REPORT_ARM_OFFSET), setting);
    REQUIRE_EQ(belfry_register(BELL_ACCESSES_REFUSED_OFFSET), 0);
    burst(&attacks[0], BURST);
    burst(&attacks[6], BURST);
    rig_settle(5000);
    read_events(told);
    for (unsigned kind = 0; kind < KINDS; kind++)
        REQUIRE_EQ(told[kind].sum, made[kind].count);
    rig_close(&own);
    return 0;
}

/* --- Runs ------------------------------------------------------------------------------------- */

static void beside(int (*attack)(int argc, char **argv), const char *doorbells, uint32_t bits)
{
    struct belfry_config config = rig_config();

    memset(made, 0, sizeof(made));
    victim_is_up = over = false;
    global = strcmp(doorbells, "global") == 0;
    config.doorbells = doorbells;
    config.slots = SLOTS;
    config.report_refusals = setting = bits;
    belfry_hook_driver(hook);
    rig_open_machine(&config);
    belfry_hook_driver(NULL);
    belfry_spawn("victim", victim_body, 0, NULL);
    belfry_spawn("attacker", attack, 0, NULL);
    rig_finish_machine();
}

static void everywhere(int (*attack)(int argc, char **argv), uint32_t bits)
{
    beside(attack, "page", bits);
    beside(attack, "packed", bits);
    beside(attack, "global", bits);
}

static void each_refusal_is_told_once(void **state)
{
    (void)state;
    everywhere(attacks_all, ALL);
}

/* Those of kinds that are not armed are counted, in silence. */
static void refusals_of_other_kinds_are_silent(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < ALL; bits++)
        beside(attacks_all, "page", bits);
    everywhere(attacks_all, BELL_REPORT_ARM_REFUSED_MASK);
}

static void a_flood_of_refusals_is_few_events(void **state)
{
    (void)state;
    everywhere(floods, ALL);
}

static void refusals_are_told_again_after_d3(void **state)
{
    (void)state;
    everywhere(sleeps, ALL);
}

static int clean(void **state)
{
    (void)state;
    (void)belfry_close(); /* A failed check leaves it open. */
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clean)
    const struct CMUnitTest tests[] = {
        TEST(each_refusal_is_told_once),
        TEST(refusals_of_other_kinds_are_silent),
        TEST(a_flood_of_refusals_is_few_events),
        TEST(refusals_are_told_again_after_d3),
    };

    return cmocka_run_group_tests_name("refusal_events", tests, NULL, NULL);
}
