// SPDX-License-Identifier: MIT
// dma: the nodes' one way to memory. Requests are taken one after the other; memory is touched half
// way between request and answer; answers come in order.

#include "bell_model.h"

#include <string.h>

uint32_t bell_model_dma_burst(uint64_t addr, uint64_t left)
{
    const uint64_t page_left = BELL_MODEL_PAGE_BYTES - addr % BELL_MODEL_PAGE_BYTES;
    uint64_t size = left < BELL_MODEL_BURST_BYTES ? left : BELL_MODEL_BURST_BYTES;

    return (uint32_t)(size < page_left ? size : page_left);
}

static struct bell_model_dma_access *request(struct bell_model *model, uint32_t node,
                                             uint32_t pasid, uint64_t addr, uint32_t size)
{
    struct bell_model_dma *dma = &model->dma;
    const uint64_t taken = dma->free_at > model->cycle ? dma->free_at : model->cycle + 1;
    const uint32_t beats = size / sizeof(uint64_t);
    struct bell_model_dma_access *access;

    access = &dma->queue[(dma->first + dma->count) % BELL_MODEL_DMA_ACCESSES];
    dma->count++;
    dma->free_at = taken + beats;
    access->touch_at = taken + model->config.dma_latency / 2;
    access->answer_at = taken + model->config.dma_latency + beats - 1;
    access->addr = addr;
    access->pasid = pasid;
    access->node = node;
    access->size = size;
    return access;
}

void bell_model_dma_read(struct bell_model *model, struct bell_model_node *node,
                         enum bell_model_reader unit, uint32_t pasid, uint64_t addr,
                         uint32_t size)
{
    const struct bell_model_oracle *oracle = model->oracle;

    addr &= BELL_MODEL_ADDR_MASK;
    if (oracle)
        oracle->read(oracle->ctx, bell_model_node_index(model, node), unit, pasid, addr, size);
    else
        request(model, bell_model_node_index(model, node), pasid, addr, size)->write = false;
    node->reading = true;
    node->at = BELL_MODEL_NEVER;
}

void bell_model_dma_write(struct bell_model *model, struct bell_model_node *node,
                          enum bell_model_writer unit, uint32_t pasid, uint64_t addr,
                          const void *data, uint32_t size)
{
    const struct bell_model_oracle *oracle = model->oracle;
    struct bell_model_dma_access *access;

    addr &= BELL_MODEL_ADDR_MASK;
    node->writes++;
    if (oracle) {
        oracle->write(oracle->ctx, bell_model_node_index(model, node), unit, pasid, addr, data,
                      size);
        return;
    }
    access = request(model, bell_model_node_index(model, node), pasid, addr, size);
    access->write = true;
    memcpy(access->data, data, size);
}

void bell_model_dma_log(struct bell_model *model, uint64_t addr, const void *data, uint32_t size)
{
    struct bell_model_dma_access *access =
        request(model, BELL_MODEL_DMA_LOG, 0, addr & BELL_MODEL_ADDR_MASK, size);

    access->write = true;
    memcpy(access->data, data, size);
}

uint64_t bell_model_dma_next(const struct bell_model *model)
{
    const struct bell_model_dma *dma = &model->dma;
    uint64_t next = BELL_MODEL_NEVER;

    if (dma->count)
        next = dma->queue[dma->first].answer_at;
    if (dma->touched < dma->count) {
        const uint64_t touch =
            dma->queue[(dma->first + dma->touched) % BELL_MODEL_DMA_ACCESSES].touch_at;

        next = touch < next ? touch : next;
    }
    return next;
}

static void touch(struct bell_model *model, struct bell_model_dma_access *access)
{
    const struct bell_device_host *host = &model->host;

    if (access->write)
        access->resp =
            host->dma_write(host->ctx, access->pasid, access->addr, access->data, access->size);
    else
        access->resp =
            host->dma_read(host->ctx, access->pasid, access->addr, access->data, access->size);
    model->hash = bell_hash_dma(model->hash,
                                access->write ? BELL_HASH_DMA_WRITE : BELL_HASH_DMA_READ,
                                model->cycle, access->addr, access->pasid, access->resp,
                                access->data, access->size);
}

void bell_model_dma_run(struct bell_model *model)
{
    struct bell_model_dma *dma = &model->dma;

    while (dma->touched < dma->count) {
        struct bell_model_dma_access *access =
            &dma->queue[(dma->first + dma->touched) % BELL_MODEL_DMA_ACCESSES];

        if (access->touch_at > model->cycle)
            break;
        touch(model, access);
        dma->touched++;
    }
    while (dma->count && dma->queue[dma->first].answer_at <= model->cycle) {
        const struct bell_model_dma_access *access = &dma->queue[dma->first];

        dma->first = (dma->first + 1) % BELL_MODEL_DMA_ACCESSES;
        dma->count--;
        dma->touched--;
        if (access->node == BELL_MODEL_DMA_LOG)
            bell_model_log_answer(model, access->resp);
        else
            bell_model_node_answer(model, &model->nodes[access->node], access);
    }
}
