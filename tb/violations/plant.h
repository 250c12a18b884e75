/* SPDX-License-Identifier: MIT */
/*
 * A wrong driver on purpose: the shipped one, whole, with one thing changed. Each NAME.c here makes
 * one shared object; NAME begins with the rule that it breaks (DB_CON_10_... breaks DB-CON-10).
 * A change is a replaced entry point, a replaced callback, or a filter on what the driver does with
 * registers and pool.
 */
#ifndef BELL_PLANT_H
#define BELL_PLANT_H

#include <string.h>

#include "bell_kmd_alloc.h"
#include "bell_kmd_doorbell.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_slot.h"
#include "d3dkmddi.h"

struct plant {
    /* Change the table; `real` holds the driver's own. */
    VOID (*table)(DRIVER_INITIALIZATION_DATA *table);
    /* Change what the driver gets as callbacks; `os` holds the OS's own. */
    VOID (*callbacks)(DXGKRNL_INTERFACE *interface);
    /* Instead of a register access of the driver; `offset` is in BAR0. */
    VOID (*write)(UINT32 offset, UINT64 value);
    UINT64 (*read)(UINT32 offset);
    /* Instead of ExFreePoolWithTag. */
    VOID (*release)(PVOID block, ULONG tag);
};
extern const struct plant plant; /* Each NAME.c defines it. */

extern DRIVER_INITIALIZATION_DATA real;
extern DXGKRNL_INTERFACE os;
extern struct bell_adapter *adapter; /* From StartDevice on. */
/* Inside which doorbell or context DDI the driver is, by its name in the table, or "". */
extern const char *inside;

/* The access, pool function itself. */
VOID plant_write(UINT32 offset, UINT64 value);
UINT64 plant_read(UINT32 offset);
VOID plant_release(PVOID block, ULONG tag);

static inline bool is_inside(const char *ddi)
{
    return strcmp(inside, ddi) == 0;
}

static inline bool is_slot_owner(UINT32 offset)
{
    return offset >= BELL_SLOT_OWNER_OFFSET(0) && offset < BELL_SLOT_OWNER_OFFSET(BELL_SLOT_MAX) &&
           (offset - BELL_SLOT_OWNER_OFFSET(0)) % BELL_SLOT_STRIDE == 0;
}

static inline bool is_slot_drain(UINT32 offset)
{
    return offset >= BELL_SLOT_DRAIN_OFFSET(0) && offset < BELL_SLOT_DRAIN_OFFSET(BELL_SLOT_MAX) &&
           (offset - BELL_SLOT_DRAIN_OFFSET(0)) % BELL_SLOT_STRIDE == 0;
}

/* Byte in its block of registers, of a queue register; UINT32_MAX for others. */
static inline UINT32 queue_register(UINT32 offset)
{
    if (offset < BELL_QUEUE_BASE_OFFSET(0) || offset >= BELL_QUEUE_BASE_OFFSET(BELL_QUEUE_MAX))
        return UINT32_MAX;
    return (offset - BELL_QUEUE_BASE_OFFSET(0)) % BELL_QUEUE_STRIDE;
}

static inline bool is_command(UINT32 offset, UINT64 value, enum bell_queue_cmd command)
{
    return queue_register(offset) == BELL_QUEUE_CMD_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0) &&
           BELL_FIELD_GET(value, BELL_QUEUE_CMD_OP) == (UINT64)command;
}

#define PLANT_DDI(name, function)                                                                  \
    static VOID change_table(DRIVER_INITIALIZATION_DATA *table)                                    \
    {                                                                                              \
        table->DxgkDdi##name = function;                                                           \
    }                                                                                              \
    const struct plant plant = {.table = change_table}
#define PLANT_CALLBACK(name, function)                                                             \
    static VOID change_callbacks(DXGKRNL_INTERFACE *interface)                                     \
    {                                                                                              \
        interface->DxgkCb##name = function;                                                        \
    }                                                                                              \
    const struct plant plant = {.callbacks = change_callbacks}
#define PLANT_WRITE(function) const struct plant plant = {.write = function}
#define PLANT_READ(function) const struct plant plant = {.read = function}
#define PLANT_RELEASE(function) const struct plant plant = {.release = function}

#endif
