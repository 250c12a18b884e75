/* SPDX-License-Identifier: MIT */
#include "bell_umd_internal.h"

enum { OWN_PACKETS = 2, PACKET_WORDS = BELL_PACKET_BYTES / 8 };

NTSTATUS bell_umd_commands_begin(struct bell_umd_commands *commands,
                                 const struct bell_umd_memory *memory, UINT64 offset, UINT64 bytes)
{
    *commands = (struct bell_umd_commands){0};
    if (offset % BELL_PACKET_BYTES != 0 || bytes / BELL_PACKET_BYTES < OWN_PACKETS ||
        offset > memory->bytes || bytes > memory->bytes - offset ||
        bytes / BELL_PACKET_BYTES > UINT32_MAX / BELL_PACKET_BYTES)
        return STATUS_INVALID_PARAMETER;
    commands->cpu = memory->cpu + offset / 8;
    commands->gpu = memory->gpu + offset;
    commands->capacity = (UINT32)(bytes / BELL_PACKET_BYTES) - OWN_PACKETS;
    return STATUS_SUCCESS;
}

static void store_packet(volatile UINT64 *to, enum bell_op op, UINT64 arg1, UINT64 arg2,
                         UINT64 arg3)
{
    to[BELL_PACKET_HEAD_OFFSET / 8] = op;
    to[BELL_PACKET_ARG1_OFFSET / 8] = arg1;
    to[BELL_PACKET_ARG2_OFFSET / 8] = arg2;
    to[BELL_PACKET_ARG3_OFFSET / 8] = arg3;
}

static volatile UINT64 *append(struct bell_umd_commands *commands, enum bell_op op, UINT64 arg1,
                               UINT64 arg2, UINT64 arg3)
{
    volatile UINT64 *to = commands->cpu + (UINT64)commands->used * PACKET_WORDS;

    if (commands->used >= commands->capacity) {
        commands->overflow = true;
        return NULL;
    }
    store_packet(to, op, arg1, arg2, arg3);
    commands->used++;
    return to;
}

/* What the fence logs call it. */
static void name_fence(volatile UINT64 *packet, const struct bell_umd_fence *fence)
{
    if (packet != NULL)
        packet[BELL_PACKET_HEAD_OFFSET / 8] |=
            (UINT64)fence->handle << BELL_PACKET_HEAD_FENCE_SHIFT;
}

void bell_umd_cmd_nop(struct bell_umd_commands *commands)
{
    (void)append(commands, BELL_OP_NOP, 0, 0, 0);
}

void bell_umd_cmd_work(struct bell_umd_commands *commands, UINT64 clocks)
{
    (void)append(commands, BELL_OP_WORK, clocks, 0, 0);
}

void bell_umd_cmd_fill(struct bell_umd_commands *commands, UINT64 to, UINT64 bytes, UINT64 pattern)
{
    (void)append(commands, BELL_OP_FILL, to, bytes, pattern);
}

void bell_umd_cmd_copy(struct bell_umd_commands *commands, UINT64 to, UINT64 from, UINT64 bytes)
{
    (void)append(commands, BELL_OP_COPY, to, bytes, from);
}

void bell_umd_cmd_write64(struct bell_umd_commands *commands, UINT64 to, UINT64 value)
{
    (void)append(commands, BELL_OP_WRITE64, to, value, 0);
}

void bell_umd_cmd_irq(struct bell_umd_commands *commands, UINT64 data)
{
    (void)append(commands, BELL_OP_IRQ, data, 0, 0);
}

void bell_umd_cmd_fault(struct bell_umd_commands *commands)
{
    (void)append(commands, BELL_OP_FAULT, 0, 0, 0);
}

void bell_umd_cmd_hang(struct bell_umd_commands *commands)
{
    (void)append(commands, BELL_OP_HANG, 0, 0, 0);
}

void bell_umd_cmd_fence_signal(struct bell_umd_commands *commands,
                               const struct bell_umd_fence *fence, UINT64 value)
{
    name_fence(append(commands, BELL_OP_SIGNAL, fence->current_gpu, value, fence->monitored_gpu),
               fence);
}

void bell_umd_cmd_fence_wait(struct bell_umd_commands *commands,
                             const struct bell_umd_fence *fence, UINT64 value)
{
    name_fence(append(commands, BELL_OP_WAIT, fence->current_gpu, value, 0), fence);
}

UINT32 bell_umd_commands_end(struct bell_umd_commands *commands, UINT64 fence_gpu, UINT64 value,
                             bool interrupt)
{
    volatile UINT64 *to = commands->cpu + (UINT64)commands->used * PACKET_WORDS;
    UINT32 packets = commands->used + 1;

    store_packet(to, BELL_OP_FENCE, fence_gpu, value, 0);
    if (interrupt) {
        store_packet(to + PACKET_WORDS, BELL_OP_IRQ, value, 0, 0);
        packets++;
    }
    return packets * BELL_PACKET_BYTES;
}
