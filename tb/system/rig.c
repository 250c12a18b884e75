/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

enum { COMMAND_BYTES = 128, COMMAND_SLOTS = 512, DATA_BYTES = 65536, KERNEL_ENTRIES = 2 };

enum need { NOTHING, SLOTS, PAGES };
static enum need of_program, of_test;

static int need(void **state, enum need what)
{
    if (state == NULL)
        of_program = what;
    else
        of_test = what;
    return 0;
}

int rig_on_slots(void **state)
{
    return need(state, SLOTS);
}

int rig_on_pages(void **state)
{
    return need(state, PAGES);
}

int rig_anywhere(void **state)
{
    return need(state, NOTHING);
}

static bool suits(const char *doorbells)
{
    if (of_test == PAGES || of_program == PAGES)
        return false;
    return (of_test != SLOTS && of_program != SLOTS) || strcmp(doorbells, "global") != 0;
}

struct belfry_config rig_config(void)
{
    struct belfry_config config = BELFRY_CONFIG_DEFAULT;
    const char *device = getenv("BELL_DEVICE");
    const char *seed = getenv("BELL_SEED");
    const char *doorbells = getenv("BELL_DOORBELLS");
    const char *lockstep = getenv("BELL_LOCKSTEP");

    if (device != NULL)
        config.device = device;
    if (seed != NULL)
        config.seed = strtoull(seed, NULL, 0);
    if (doorbells != NULL && suits(doorbells))
        config.doorbells = doorbells;
    config.waves = getenv("BELL_WAVES"); /* FST; of the last machine that the test makes. */
    config.lockstep_off = lockstep != NULL && strcmp(lockstep, "off") == 0;
    return config;
}

static const char *broken_rules; /* By the driver of the next machine; "" = any, NULL = none. */

void rig_breaks(const char *rules)
{
    broken_rules = rules;
}

void rig_plant(void)
{
    rig_breaks("");
}

/* After the machine was closed: the monitor named one of these rules, and no other. */
static void check_breaches(const char *rules)
{
    if (rules == NULL || rules[0] == '\0')
        return;
    assert_true(belfry_violation_count() > 0);
    for (size_t i = 0; i < belfry_violation_count(); i++)
        if (strstr(rules, belfry_violations(i)->id) == NULL)
            fail_msg("expected breaches of %s; %s", rules, belfry_violations(i)->text);
}

void rig_open_machine(const struct belfry_config *config)
{
    struct belfry_config used = *config;
    char error[8192] = "";

    used.monitor_warn |= broken_rules != NULL;
    if (belfry_open(&used, error, sizeof(error)) != 0)
        fail_msg("belfry_open: %s", error);
}

static void check_codes(enum belfry_result result, const char *failure)
{
    if (result != BELFRY_DONE)
        fail_msg("%s", failure);
}

/* By itself, and with code 0. */
static bool every_process_ended_well(void)
{
    size_t at = 0;

    while ((at = belfry_record_find(at, BELFRY_PROCESS, NULL)) != (size_t)-1) {
        const struct belfry_record *record = belfry_record_at(at++);

        if (strcmp(record->name, "fault") == 0 || record->status != 0)
            return false;
    }
    return true;
}

/* `only`: the process whose end is told in the message, or NULL. */
static void finish(const struct belfry_process *only)
{
    enum belfry_result result = belfry_run();
    struct belfry_ledger ledger = {0};
    const char *rules = broken_rules;
    char failure[1024];
    int leaks;

    broken_rules = NULL;
    snprintf(failure, sizeof(failure), "%s", belfry_failure());
    if (result == BELFRY_DONE && only != NULL &&
        (belfry_process_exit(only) != BELFRY_EXIT_NORMAL || belfry_process_code(only) != 0)) {
        snprintf(failure, sizeof(failure), "the process ended with code %d: %s",
                 belfry_process_code(only), belfry_process_fault(only));
        result = BELFRY_FAILED;
    } else if (result == BELFRY_DONE && !every_process_ended_well()) {
        snprintf(failure, sizeof(failure), "a process faulted or returned another code than 0");
        result = BELFRY_FAILED;
    }
    belfry_ledger(&ledger);
    leaks = belfry_close();
    check_codes(result, failure);
    check_breaches(rules);
    assert_true(belfry_ledger_balanced(&ledger));
    assert_int_equal(ledger.owed, 0);
    assert_int_equal(leaks, 0);
}

void rig_finish_machine(void)
{
    finish(NULL);
}

void rig_finish_failing(const char *part)
{
    enum belfry_result result = belfry_run();
    char failure[8192];

    snprintf(failure, sizeof(failure), "%s", belfry_failure());
    (void)belfry_close();
    assert_int_equal(result, BELFRY_FAILED);
    if (strstr(failure, part) == NULL)
        fail_msg("the failure text \"%s\" does not contain \"%s\"", failure, part);
}

void rig_run(const struct belfry_config *config, int (*body)(int argc, char **argv))
{
    struct belfry_process *process;

    rig_open_machine(config);
    process = belfry_spawn("test", body, 0, NULL);
    assert_non_null(process);
    finish(process);
}

void rig_run_on(uint32_t slots, int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    config.slots = slots;
    rig_run(&config, body);
}

static void open_memory(struct rig *rig, uint32_t entries)
{
    rig->entries = entries;
    REQUIRE_OK(bell_umd_alloc(rig->device, (uint64_t)entries * BELL_ENTRY_BYTES, &rig->ring));
    REQUIRE_OK(bell_umd_alloc(rig->device, BELL_CONTROL_BYTES, &rig->control));
    REQUIRE_OK(bell_umd_alloc(rig->device, COMMAND_BYTES * COMMAND_SLOTS, &rig->commands));
    REQUIRE_OK(bell_umd_alloc(rig->device, DATA_BYTES, &rig->data));
}

void rig_open(struct rig *rig, uint32_t entries)
{
    memset(rig, 0, sizeof(*rig));
    REQUIRE_OK(bell_umd_open((LUID){0}, &rig->device));
    open_memory(rig, entries);
}

void rig_open_beside(struct rig *rig, const struct rig *first, uint32_t entries)
{
    memset(rig, 0, sizeof(*rig));
    rig->device = first->device;
    open_memory(rig, entries);
}

D3DKMT_HANDLE rig_make_context(const struct rig *rig, uint32_t node)
{
    D3DKMT_CREATEHWCONTEXT context = {
        .hDevice = rig->device->device,
        .NodeOrdinal = node,
        .EngineAffinity = 1,
    };

    REQUIRE_OK(D3DKMTCreateHwContext(&context));
    return context.hHwContext;
}

NTSTATUS rig_try_queue(D3DKMT_HANDLE context, bool user_mode, D3DKMT_CREATEHWQUEUE *queue)
{
    *queue = (D3DKMT_CREATEHWQUEUE){.hHwContext = context};
    queue->Flags.UserModeSubmission = user_mode;
    return D3DKMTCreateHwQueue(queue);
}

void rig_destroy_queue(D3DKMT_HANDLE queue)
{
    REQUIRE_OK(D3DKMTDestroyHwQueue(&(D3DKMT_DESTROYHWQUEUE){.hHwQueue = queue}));
}

void rig_destroy_context(D3DKMT_HANDLE context)
{
    REQUIRE_OK(D3DKMTDestroyHwContext(&(D3DKMT_DESTROYHWCONTEXT){.hHwContext = context}));
}

static void make_queue_in(struct rig *rig, D3DKMT_HANDLE context)
{
    D3DKMT_CREATEHWQUEUE queue;

    REQUIRE_OK(rig_try_queue(context, true, &queue));
    rig->queue = queue.hHwQueue;
    rig->progress_handle = queue.hHwQueueProgressFence;
    rig->progress = queue.HwQueueProgressFenceCPUVirtualAddress;
    rig->progress_gpu = queue.HwQueueProgressFenceGPUVirtualAddress;
    rig->create = (D3DKMT_CREATE_DOORBELL){
        .hHwQueue = rig->queue,
        .hRingBuffer = rig->ring.allocation,
        .hRingBufferControl = rig->control.allocation,
        .PrivateDriverDataSize = sizeof(rig->blob),
        .PrivateDriverData = &rig->blob,
    };
}

void rig_make_queue(struct rig *rig, uint32_t node)
{
    rig->context = rig_make_context(rig, node);
    make_queue_in(rig, rig->context);
}

void rig_make_queue_beside(struct rig *rig, const struct rig *first)
{
    make_queue_in(rig, first->context);
}

NTSTATUS rig_try_doorbell(struct rig *rig)
{
    NTSTATUS status = D3DKMTCreateDoorbell(&rig->create);

    if (!NT_SUCCESS(status))
        return status;
    rig->doorbell = rig->create.hDoorbell;
    rig->page = rig->create.DoorbellCPUVirtualAddress;
    rig->second = rig->create.DoorbellSecondaryCPUVirtualAddress;
    rig->status = rig->create.DoorbellStatusCPUVirtualAddress;
    rig->last_queued = rig->create.HwQueueProgressFenceLastQueuedValueCPUVirtualAddress;
    return status;
}

void rig_make_doorbell(struct rig *rig)
{
    REQUIRE_OK(rig_try_doorbell(rig));
}

void rig_make(struct rig *rig, uint32_t entries, uint32_t node)
{
    rig_open(rig, entries);
    rig_make_queue(rig, node);
    rig_make_doorbell(rig);
}

void rig_close_beside(struct rig *rig)
{
    if (rig->doorbell != 0)
        REQUIRE_OK(rig_destroy_doorbell(rig));
    if (rig->queue != 0)
        rig_destroy_queue(rig->queue);
    if (rig->context != 0)
        rig_destroy_context(rig->context);
    bell_umd_free(rig->device, &rig->data);
    bell_umd_free(rig->device, &rig->commands);
    bell_umd_free(rig->device, &rig->control);
    bell_umd_free(rig->device, &rig->ring);
}

void rig_close(struct rig *rig)
{
    rig_close_beside(rig);
    bell_umd_close(rig->device);
}

NTSTATUS rig_connect(struct rig *rig)
{
    return D3DKMTConnectDoorbell(&(D3DKMT_CONNECT_DOORBELL){.hDoorbell = rig->doorbell});
}

NTSTATUS rig_destroy_doorbell(struct rig *rig)
{
    NTSTATUS status =
        D3DKMTDestroyDoorbell(&(D3DKMT_DESTROY_DOORBELL){.hDoorbell = rig->doorbell});

    rig->doorbell = 0;
    return status;
}

void rig_append_work(struct rig *rig, uint32_t word, uint64_t value, uint64_t clocks)
{
    uint64_t offset = rig->wptr % COMMAND_SLOTS * COMMAND_BYTES;
    volatile uint64_t *entry = rig->ring.cpu + rig->wptr % rig->entries * (BELL_ENTRY_BYTES / 8);
    struct bell_umd_commands list;
    uint32_t bytes;

    REQUIRE_OK(bell_umd_commands_begin(&list, &rig->commands, offset, COMMAND_BYTES));
    if (clocks != 0)
        bell_umd_cmd_work(&list, clocks);
    bell_umd_cmd_write64(&list, rig->data.gpu + 8 * (uint64_t)word, value);
    bytes = bell_umd_commands_end(&list, rig->progress_gpu, rig->base + rig->wptr + 1, false);
    if (rig->last_queued != NULL)
        *rig->last_queued = rig->base + rig->wptr + 1;
    entry[1] = bytes;
    entry[0] = list.gpu | rig->wptr << BELL_ENTRY_WORD0_TAG_SHIFT;
    rig->wptr++;
    rig->control.cpu[0] = rig->wptr;
}

void rig_append(struct rig *rig, uint32_t word, uint64_t value)
{
    rig_append_work(rig, word, value, 0);
}

uint64_t rig_ring_value(const struct rig *rig)
{
    return bell_umd_caps(rig->device)->doorbell_layout == BELL_DOORBELLS_GLOBAL
               ? rig->blob.queue_token : rig->wptr;
}

void rig_ring(struct rig *rig)
{
    *rig->page = rig_ring_value(rig);
}

void rig_submit(struct rig *rig, uint32_t word, uint64_t value, uint64_t clocks)
{
    rig_append_work(rig, word, value, clocks);
    rig_ring(rig);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (*rig->status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY) {
        REQUIRE_OK(rig_connect(rig));
        rig_ring(rig);
    }
}

uint64_t rig_rptr(const struct rig *rig)
{
    return rig->control.cpu[1];
}

void rig_wait(struct rig *rig, uint64_t value, uint64_t cycles)
{
    uint64_t end = belfry_now() + cycles;

    while (*rig->progress < value) {
        if (belfry_now() > end)
            belfry_fail("progress fence is %llu after %llu cycles, expected %llu (state 0x%llx)",
                        (unsigned long long)*rig->progress, (unsigned long long)cycles,
                        (unsigned long long)value,
                        (unsigned long long)rig_queue_state(rig->blob.queue_token));
        belfry_sleep(16);
    }
}

void rig_settle(uint64_t cycles)
{
    belfry_sleep(cycles);
}

void rig_kernel_open(struct rig_kernel *kernel, const struct rig *beside, D3DKMT_HANDLE context)
{
    memset(kernel, 0, sizeof(*kernel));
    rig_open_beside(&kernel->memory, beside, KERNEL_ENTRIES);
    REQUIRE_OK(rig_try_queue(context, false, &kernel->queue));
    kernel->progress = kernel->queue.HwQueueProgressFenceCPUVirtualAddress;
}

void rig_kernel_close(struct rig_kernel *kernel)
{
    rig_destroy_queue(kernel->queue.hHwQueue);
    rig_close_beside(&kernel->memory);
}

void rig_kernel_begin(struct rig_kernel *kernel, struct bell_umd_commands *list)
{
    REQUIRE_OK(bell_umd_commands_begin(list, &kernel->memory.commands,
                                       kernel->built++ % COMMAND_SLOTS * COMMAND_BYTES,
                                       COMMAND_BYTES));
}

NTSTATUS rig_kernel_try(struct rig_kernel *kernel, struct bell_umd_commands *list,
                           D3DKMT_HANDLE queue, uint64_t value)
{
    D3DKMT_SUBMITCOMMANDTOHWQUEUE submit = {
        .hHwQueue = queue,
        .HwQueueProgressFenceId = value,
        .CommandBuffer = list->gpu,
        .CommandLength =
            bell_umd_commands_end(list, kernel->queue.HwQueueProgressFenceGPUVirtualAddress, value,
                                  true),
    };
    NTSTATUS status = D3DKMTSubmitCommandToHwQueue(&submit);

    if (NT_SUCCESS(status))
        kernel->last = value;
    return status;
}

void rig_kernel_submit(struct rig_kernel *kernel, uint32_t word, uint64_t value, uint64_t clocks)
{
    struct bell_umd_commands list;

    rig_kernel_begin(kernel, &list);
    bell_umd_cmd_work(&list, clocks);
    bell_umd_cmd_write64(&list, kernel->memory.data.gpu + 8 * (uint64_t)word, value);
    REQUIRE_OK(rig_kernel_try(kernel, &list, kernel->queue.hHwQueue, kernel->last + 1));
}

void rig_kernel_wait(const struct rig_kernel *kernel, uint64_t cycles)
{
    uint64_t end = belfry_now() + cycles;

    while (*kernel->progress < kernel->last) {
        if (belfry_now() > end)
            belfry_fail("kernel-mode fence is %llu after %llu cycles, expected %llu",
                        (unsigned long long)*kernel->progress, (unsigned long long)cycles,
                        (unsigned long long)kernel->last);
        belfry_sleep(16);
    }
}

void rig_wait_point(const char *name, uint64_t cycles)
{
    uint64_t end = belfry_now() + cycles;

    while (belfry_point_waiting(name) == 0) {
        if (belfry_now() > end)
            belfry_fail("no thread reached the delay point %s within %llu cycles", name,
                        (unsigned long long)cycles);
        belfry_sleep(1);
    }
}

size_t rig_count(size_t from, enum belfry_record_kind kind, const char *name)
{
    size_t count = 0, at = from;

    while ((at = belfry_record_find(at, kind, name)) != (size_t)-1) {
        count++;
        at++;
    }
    return count;
}

size_t rig_expect(size_t from, enum belfry_record_kind kind, const char *name)
{
    size_t at = belfry_record_find(from, kind, name);

    if (at == (size_t)-1)
        belfry_fail("no %s was recorded", name != NULL ? name : "such record");
    return at;
}

uint64_t rig_queue_state(uint64_t hw_queue)
{
    return belfry_register(BELL_QUEUE_STATE_OFFSET(hw_queue));
}

uint64_t rig_slot_owner(uint32_t slot)
{
    return belfry_register(BELL_SLOT_OWNER_OFFSET(slot));
}

uint32_t rig_slot_at(uint64_t bar2)
{
    return (uint32_t)(bar2 < BELL_PACKED_FIRST ? bar2 / BELL_DOORBELL_BYTES
                                               : (bar2 - BELL_PACKED_FIRST) / BELL_PACKED_BYTES);
}

unsigned rig_owned_slots(uint32_t slots)
{
    unsigned owned = 0;
    uint32_t slot;

    for (slot = 0; slot < slots; slot++)
        if (rig_slot_owner(slot) & BELL_SLOT_OWNER_VALID_MASK)
            owned++;
    return owned;
}

static void open_library(struct rig_library *library, uint32_t entries, uint32_t node)
{
    struct bell_umd_queue_desc desc = {.node = node, .ring_entries = entries};

    REQUIRE_OK(bell_umd_alloc(library->device, RIG_LIBRARY_BUFFERS * RIG_LIBRARY_BUFFER_BYTES,
                              &library->commands));
    REQUIRE_OK(bell_umd_alloc(library->device, DATA_BYTES, &library->data));
    REQUIRE_OK(bell_umd_queue_create(library->device, &desc, &library->queue));
}

void rig_library_open(struct rig_library *library, uint32_t entries, uint32_t node)
{
    memset(library, 0, sizeof(*library));
    REQUIRE_OK(bell_umd_open((LUID){0}, &library->device));
    open_library(library, entries, node);
}

void rig_library_open_beside(struct rig_library *library, const struct rig_library *first,
                             uint32_t entries, uint32_t node)
{
    memset(library, 0, sizeof(*library));
    library->device = first->device;
    open_library(library, entries, node);
}

void rig_library_close_beside(struct rig_library *library)
{
    bell_umd_queue_destroy(library->queue);
    bell_umd_free(library->device, &library->data);
    bell_umd_free(library->device, &library->commands);
}

void rig_library_close(struct rig_library *library)
{
    rig_library_close_beside(library);
    bell_umd_close(library->device);
}

NTSTATUS rig_library_submit(struct rig_library *library, uint32_t buffer, uint32_t word,
                            uint64_t value, uint64_t clocks, UINT64 *fence)
{
    struct bell_umd_commands list;

    REQUIRE_OK(bell_umd_commands_begin(&list, &library->commands,
                                       (uint64_t)buffer * RIG_LIBRARY_BUFFER_BYTES,
                                       RIG_LIBRARY_BUFFER_BYTES));
    if (clocks != 0)
        bell_umd_cmd_work(&list, clocks);
    bell_umd_cmd_write64(&list, library->data.gpu + 8 * (uint64_t)word, value);
    return bell_umd_submit(library->queue, &list, fence);
}
