// SPDX-License-Identifier: MIT
#include "bell_device_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct bell_device *(*create_fn)(const struct bell_device_config *config,
                                         const struct bell_device_host *host, char *error,
                                         size_t error_size);

static const struct {
    const char *kind;
    create_fn create;
} bell_kinds[] = {
    {"rtl", bell_rtl_create},
    {"model", bell_model_create},
};

__attribute__((format(printf, 3, 4))) static create_fn refuse(char *error, size_t error_size,
                                                              const char *format, ...)
{
    if (error != NULL && error_size > 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(error, error_size, format, args);
        va_end(args);
    }
    return NULL;
}

static create_fn check(const char *kind, const struct bell_device_config *config,
                       const struct bell_device_host *host, char *error, size_t error_size)
{
    if (kind == NULL || config == NULL || host == NULL)
        return refuse(error, error_size, "device: kind, config and host are all needed");
    if (!host->dma_read || !host->dma_write || !host->mmio_done || !host->irq)
        return refuse(error, error_size,
                      "device: host needs dma_read, dma_write, mmio_done and irq");
    if (config->lockstep && !host->differs)
        return refuse(error, error_size, "device: lockstep needs the host's differs");
    if (config->slots < 1 || config->slots > bell_device_max_slots())
        return refuse(error, error_size, "device: %u slots asked for, this build has 1 to %u",
                      config->slots, bell_device_max_slots());
    if (config->dma_latency < 1 || config->dma_latency > BELL_DEVICE_MAX_DMA_LATENCY)
        return refuse(error, error_size, "device: DMA latency of %u clocks, expected 1 to %u",
                      config->dma_latency, BELL_DEVICE_MAX_DMA_LATENCY);
    if (config->waves_to != 0 && config->waves_to < config->waves_from)
        return refuse(error, error_size,
                      "device: wave window ends at cycle %llu, before its start at %llu",
                      (unsigned long long)config->waves_to, (unsigned long long)config->waves_from);
    for (size_t i = 0; i < sizeof(bell_kinds) / sizeof(bell_kinds[0]); i++)
        if (strcmp(kind, bell_kinds[i].kind) == 0)
            return bell_kinds[i].create;
    return refuse(error, error_size, "device: kind '%s' is unknown, expected 'rtl' or 'model'",
                  kind);
}

struct bell_device *bell_device_create(const char *kind, const struct bell_device_config *config,
                                       const struct bell_device_host *host, char *error,
                                       size_t error_size)
{
    create_fn create = check(kind, config, host, error, error_size);
    return create == NULL ? NULL : create(config, host, error, error_size);
}

void bell_device_destroy(struct bell_device *device)
{
    if (device != NULL)
        device->ops->destroy(device);
}

uint32_t bell_device_max_slots(void)
{
    return bell_rtl_max_slots();
}

uint32_t bell_device_num_queues(const struct bell_device *device)
{
    return device->ops->num_queues(device);
}

void bell_device_reset(struct bell_device *device)
{
    device->ops->reset(device);
}

void bell_device_mmio_write(struct bell_device *device, uint64_t addr, uint64_t data,
                            unsigned size, uint64_t tag)
{
    device->ops->mmio_write(device, addr, data, size, tag);
}

void bell_device_mmio_read(struct bell_device *device, uint64_t addr, uint64_t tag)
{
    device->ops->mmio_read(device, addr, tag);
}

uint64_t bell_device_step(struct bell_device *device, uint64_t cycles)
{
    return device->ops->step(device, cycles == 0 ? 1 : cycles);
}

uint64_t bell_device_cycle(const struct bell_device *device)
{
    return device->ops->cycle(device);
}

bool bell_device_idle(const struct bell_device *device)
{
    return device->ops->idle(device);
}

void bell_device_set_idle_skip(struct bell_device *device, bool on)
{
    device->ops->set_idle_skip(device, on);
}

uint64_t bell_device_event_hash(const struct bell_device *device)
{
    return device->ops->event_hash(device);
}

void bell_device_flush_waves(struct bell_device *device)
{
    device->ops->flush_waves(device);
}
