/* SPDX-License-Identifier: MIT */
#include "belfry_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bell_bus_fault.h"
#include "os_kmd.h"
#include "os_monitor.h"
#include "os_power.h"

#define DEFAULT_DMA_LATENCY 32u
#define DEFAULT_POST_DELAY_MAX 40u
#define DEFAULT_MEMORY_MIB 256u
#define MAX_MEMORY_MIB 65536u
#define READ_TIMEOUT 100000u

struct belfry_machine belfry_machine;

/* --- The device's host ----------------------------------------------------------------------- */

static enum bell_resp note_refusal(enum bell_resp resp)
{
    belfry_machine.dma_refused += resp != BELL_RESP_OKAY;
    return resp;
}

static enum bell_resp dma_read(void *ctx, uint32_t pasid, uint64_t addr, void *data, size_t size)
{
    (void)ctx;
    if (bell_bus_fault_refuses_dma())
        return note_refusal(BELL_RESP_DECERR);
    return note_refusal(bell_iommu_read(pasid, addr, data, size));
}

static enum bell_resp dma_write(void *ctx, uint32_t pasid, uint64_t addr, const void *data,
                                size_t size)
{
    (void)ctx;
    if (bell_bus_fault_refuses_dma())
        return note_refusal(BELL_RESP_DECERR);
    return note_refusal(bell_iommu_write(pasid, addr, data, size));
}

static void mmio_done(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp)
{
    if (!belfry_observe_mmio_done(tag, data, resp))
        bell_bus_mmio_done(ctx, tag, data, resp);
}

static void irq(void *ctx, bool level)
{
    (void)ctx;
    os_interrupt_line(level);
}

static uint64_t machine_now(void *ctx)
{
    (void)ctx;
    return bell_device_cycle(belfry_machine.device);
}

/* --- Progress -------------------------------------------------------------------------------- */

static struct {
    void (*show)(void);
    uint64_t every, next;
} progress;

void belfry_set_progress(void (*show)(void), uint64_t cycles)
{
    progress.show = show;
    progress.every = cycles == 0 ? 1 : cycles;
    progress.next = 0;
}

uint64_t belfry_sweep(void)
{
    return belfry_machine.config.sweep;
}

static uint64_t machine_step(void *ctx, uint64_t cycles)
{
    uint64_t passed = bell_bus_step(ctx, cycles);

    if (progress.show != NULL && machine_now(NULL) >= progress.next) {
        progress.next = machine_now(NULL) + progress.every;
        progress.show();
    }
    return passed;
}

/* --- Lockstep --------------------------------------------------------------------------------- */

/** What the caller said, or the settings that matter. */
static const char *replay_line(void)
{
    const struct belfry_config *config = &belfry_machine.config;
    static char made[256];

    if (config->replay != NULL)
        return config->replay;
    snprintf(made, sizeof(made), "this program again with device=%s seed=%llu slots=%u%s%s",
             config->device, (unsigned long long)config->seed, config->slots,
             config->kmd != NULL ? " kmd=" : "", config->kmd != NULL ? config->kmd : "");
    return made;
}

static void differs(void *ctx, const char *text)
{
    (void)ctx;
    belfry_machine.differed = true;
    bell_sim_fail("%s\n  replay: %s", text, replay_line());
}

/* --- Building -------------------------------------------------------------------------------- */

/** @return the driver's number for the layout, or -1. */
static int layout_number(const char *name)
{
    static const char *const names[] = {"page", "packed", "global"};

    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

/** Copy what the caller's version of the struct has; the rest keeps its default. */
static bool take_config(const struct belfry_config *config, char *error, size_t error_size)
{
    struct belfry_config *used = &belfry_machine.config;

    if (config->size < sizeof(config->size) || config->size > sizeof(*config)) {
        snprintf(error, error_size, "configuration: size is %u bytes; expected at most %zu "
                 "(BELFRY_CONFIG_DEFAULT sets it)", config->size, sizeof(*config));
        return false;
    }
    *used = (struct belfry_config)BELFRY_CONFIG_DEFAULT;
    memcpy(used, config, config->size);
    if (used->device == NULL)
        used->device = "rtl";
    if (used->slots == 0)
        used->slots = bell_device_max_slots();
    if (used->dma_latency == 0)
        used->dma_latency = DEFAULT_DMA_LATENCY;
    if (used->post_delay_max == 0)
        used->post_delay_max = DEFAULT_POST_DELAY_MAX;
    if (used->memory_mib == 0)
        used->memory_mib = DEFAULT_MEMORY_MIB;
    if (used->doorbells == NULL)
        used->doorbells = "page";
    if (layout_number(used->doorbells) < 0) {
        snprintf(error, error_size, "configuration: doorbells is \"%s\"; expected \"page\", "
                 "\"packed\" or \"global\"", used->doorbells);
        return false;
    }
    if (used->memory_mib > MAX_MEMORY_MIB) {
        snprintf(error, error_size, "configuration: memory_mib is %u; expected at most %u",
                 used->memory_mib, MAX_MEMORY_MIB);
        return false;
    }
    return true;
}

static bool make_device(char *error, size_t error_size)
{
    const struct belfry_config *config = &belfry_machine.config;
    struct bell_device_config device = {
        .slots = config->slots,
        .dma_latency = config->dma_latency,
        .waves = config->waves,
        .reset_seed = config->seed,
        .lockstep = !config->lockstep_off,
    };
    struct bell_device_host host = {
        .dma_read = dma_read,
        .dma_write = dma_write,
        .mmio_done = mmio_done,
        .irq = irq,
        .event = belfry_observe_event,
        .differs = differs,
    };

    belfry_machine.device = bell_device_create(config->device, &device, &host, error, error_size);
    if (belfry_machine.device == NULL)
        return false;
    bell_device_set_idle_skip(belfry_machine.device, !config->no_idle_skip);
    return true;
}

static void make_engine(void)
{
    const struct belfry_config *config = &belfry_machine.config;
    struct bell_sim_config sim = {
        .seed = config->seed,
        .max_cycles = config->max_cycles,
        .step = machine_step,
        .now = machine_now,
        .idle = bell_bus_idle,
    };
    struct bell_bus_config bus = {
        .delay_min = 1,
        .delay_max = config->post_delay_max,
        .read_timeout = READ_TIMEOUT,
    };
    struct bell_trap_hooks hooks = {
        .access = belfry_observe_access,
        .fault = belfry_user_fault,
    };

    bell_sim_init(&sim);
    bell_bus_init(&bus, belfry_machine.device);
    bell_trap_init(&hooks);
}

static void make_os(void)
{
    const struct belfry_config *config = &belfry_machine.config;

    os_monitor_init(replay_line(), config->monitor_warn);
    memset(&os_adapter, 0, sizeof(os_adapter));
    os_adapter.slots = config->slots;
    os_adapter.memory_bytes = (uint64_t)config->memory_mib << 20;
    os_adapter.disconnect_published = config->disconnect_published;
    os_adapter.destroy_direct = config->destroy_direct;
    os_adapter.suspend_disconnect = config->suspend_disconnect;
    os_adapter.idle_by_driver = config->idle_by_driver;
    os_adapter.ums_disabled = config->ums_disabled;
    os_adapter.native_disabled = config->native_disabled;
    os_adapter.trap_loads = config->trap_loads;
    os_adapter.trace_stores = config->trace_stores;
    os_trace_init();
    os_wdk_init();
    belfry_observe_init();
    belfry_explain_begin();
    os_registry_init();
    os_registry_set("DoorbellLayout", (uint32_t)layout_number(config->doorbells));
    os_registry_set("ReportRefusals", config->report_refusals);
    os_objects_init();
    os_power_init();
    os_interrupt_init();
    os_tdr_init();
}

struct boot {
    char *error;
    size_t error_size;
    bool started;
};

static void boot_thread(void *arg)
{
    struct boot *boot = arg;

    boot->started = NT_SUCCESS(os_adapter_start(boot->error, boot->error_size));
}

static bool run_boot(char *error, size_t error_size)
{
    struct boot boot = {error, error_size, false};

    os_thread_create("boot", OS_CPU_SYSTEM, false, NULL, PASSIVE_LEVEL, boot_thread, &boot);
    if (bell_sim_run() != BELL_SIM_DONE) {
        snprintf(error, error_size, "driver start: %s", bell_sim_failure());
        return false;
    }
    return boot.started;
}

/** Everything goes; nothing is checked. */
static void tear_down(void)
{
    os_objects_cleanup();
    os_interrupt_cleanup();
    os_pool_cleanup();
    bell_trap_cleanup();
    bell_sim_cleanup();
    os_threads_cleanup();
    belfry_processes_cleanup();
    bell_bus_cleanup();
    bell_device_destroy(belfry_machine.device);
    bell_memory_cleanup();
    os_trace_cleanup();
    belfry_trace_drop();
    os_kmd_unload();
    memset(&os_adapter, 0, sizeof(os_adapter));
    memset(&belfry_machine, 0, sizeof(belfry_machine));
    memset(&progress, 0, sizeof(progress));
}

int belfry_open(const struct belfry_config *config, char *error, size_t error_size)
{
    char ignored[1];

    if (error == NULL || error_size == 0) {
        error = ignored;
        error_size = sizeof(ignored);
    }
    error[0] = '\0';
    if (belfry_machine.open) {
        snprintf(error, error_size, "a machine is open already; expected belfry_close() first");
        return -1;
    }
    if (!take_config(config, error, error_size))
        return -1;
    if (belfry_machine.config.trace != NULL &&
        !belfry_trace_open(belfry_machine.config.trace, error, error_size))
        return -1;
    if (!os_kmd_load(belfry_machine.config.kmd, error, error_size)) {
        belfry_trace_drop();
        memset(&belfry_machine, 0, sizeof(belfry_machine));
        return -1;
    }
    bell_memory_init((size_t)belfry_machine.config.memory_mib << 20);
    if (!make_device(error, error_size)) {
        bell_memory_cleanup();
        belfry_trace_drop();
        os_kmd_unload();
        memset(&belfry_machine, 0, sizeof(belfry_machine));
        return -1;
    }
    make_engine();
    make_os();
    if (!run_boot(error, error_size)) {
        tear_down();
        return -1;
    }
    belfry_machine.open = true;
    return 0;
}

/* --- Running and ending ---------------------------------------------------------------------- */

enum belfry_result belfry_run(void)
{
    enum bell_sim_result result;

    if (!belfry_machine.open)
        return BELFRY_FAILED;
    result = bell_sim_run();
    bell_device_flush_waves(belfry_machine.device);
    if (result != BELL_SIM_DONE) {
        belfry_machine.differed = false;
        belfry_explain_run();
    }
    return result == BELL_SIM_DONE ? BELFRY_DONE : BELFRY_FAILED;
}

const char *belfry_failure(void)
{
    return belfry_machine.open ? bell_sim_failure() : "";
}

static int report_objects(void)
{
    static const char *const kinds[] = {"doorbell", "hwqueue", "hwcontext", "allocation",
                                        "kmd-allocation", "device", "mapping", "process"};
    int leaks = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        unsigned live = belfry_live_objects(kinds[i]);

        if (live == 0)
            continue;
        fprintf(stderr, "belfry: leak: %u object%s of kind \"%s\"\n", live, live == 1 ? "" : "s",
                kinds[i]);
        leaks += (int)live;
    }
    return leaks;
}

static void stop_thread(void *arg)
{
    (void)arg;
    os_adapter_stop();
}

/** Stop the driver, then count what is left. */
static int check_leaks(void)
{
    int leaks;

    os_thread_create("stop", OS_CPU_SYSTEM, false, NULL, PASSIVE_LEVEL, stop_thread, NULL);
    if (bell_sim_run() != BELL_SIM_DONE) {
        fprintf(stderr, "belfry: driver stop: %s\n", bell_sim_failure());
        return 1;
    }
    os_monitor_leaks();
    if (bell_sim_failure()[0] != '\0')
        fprintf(stderr, "belfry: driver stop: %s\n", bell_sim_failure());
    leaks = report_objects() + (int)os_pool_report();
    if (os_adapter.mapped > 0)
        fprintf(stderr, "belfry: leak: %u mapping%s of DxgkCbMapMemory\n", os_adapter.mapped,
                os_adapter.mapped == 1 ? "" : "s");
    if (leaks == 0 && bell_phys_pages_used() > 0) {
        fprintf(stderr, "belfry: leak: %zu pages of memory\n", bell_phys_pages_used());
        leaks++;
    }
    return leaks + (int)os_adapter.mapped;
}

int belfry_close(void)
{
    int leaks = 0;

    if (!belfry_machine.open)
        return 0;
    if (bell_sim_failure()[0] == '\0')
        leaks = check_leaks();
    if (belfry_machine.differed) {
        fprintf(stderr, "belfry: %s\n", bell_sim_failure());
        leaks++;
    }
    if (belfry_machine.config.trace != NULL && !belfry_trace_write())
        leaks++;
    tear_down();
    return leaks;
}
