/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>
#include <string.h>

/* Handle: 01 | process 10 bits | slot 12 bits | generation 8 bits. */
enum { GENERATION_BITS = 8, SLOT_BITS = 12, PROCESS_BITS = 10 };
#define HANDLE_TAG 0x40000000u
#define HANDLE_TAG_MASK 0xC0000000u
#define MAX_SLOTS (1u << SLOT_BITS)
#define FIRST_SLOTS 64u
#define NO_SLOT 0xFFFFu
/* Non-canonical on x86-64: a driver that dereferences an OS handle faults. */
#define TOKEN_TAG 0x0BE1000000000000ull

struct os_objects os_objects;

static D3DKMT_HANDLE make_handle(const struct os_process *process, uint32_t slot)
{
    return HANDLE_TAG | (process->id << (SLOT_BITS + GENERATION_BITS)) | (slot << GENERATION_BITS) |
           process->slots[slot].generation;
}

static void push_free(struct os_process *process, uint32_t slot)
{
    process->slots[slot].next = NO_SLOT;
    if (process->free_head == NO_SLOT)
        process->free_head = slot;
    else
        process->slots[process->free_tail].next = (uint16_t)slot;
    process->free_tail = slot;
}

static bool grow(struct os_process *process)
{
    uint32_t old = process->slot_count;
    uint32_t count = old ? old * 2 : FIRST_SLOTS;
    struct os_handle_slot *slots;

    if (old == MAX_SLOTS)
        return false;
    slots = realloc(process->slots, count * sizeof(*slots));
    if (!slots)
        return false;
    if (!old)
        process->free_head = NO_SLOT;
    memset(slots + old, 0, (count - old) * sizeof(*slots));
    process->slots = slots;
    process->slot_count = count;
    for (uint32_t i = old; i < count; i++) {
        slots[i].generation = 1;
        push_free(process, i);
    }
    return true;
}

static bool take_slot(struct os_process *process, struct os_object *object)
{
    uint32_t slot;

    if ((!process->slot_count || process->free_head == NO_SLOT) && !grow(process))
        return false;
    slot = process->free_head;
    process->free_head = process->slots[slot].next;
    process->slots[slot].object = object;
    object->name = make_handle(process, slot);
    return true;
}

static struct os_object *resolve(D3DKMT_HANDLE handle)
{
    struct os_process *process;
    uint32_t slot = (handle >> GENERATION_BITS) & (MAX_SLOTS - 1);

    if ((handle & HANDLE_TAG_MASK) != HANDLE_TAG)
        return NULL;
    process = os_process_by_id((handle >> (SLOT_BITS + GENERATION_BITS)) &
                               ((1u << PROCESS_BITS) - 1));
    if (!process || slot >= process->slot_count || !process->slots[slot].object ||
        process->slots[slot].object->name != handle)
        return NULL;
    return process->slots[slot].object;
}

bool os_object_init(struct os_object *object, enum os_kind kind, struct os_process *process,
                    struct os_object *parent, void (*release)(struct os_object *object))
{
    bool ok;

    os_lock_acquire(&os_objects.handles);
    ok = take_slot(process, object);
    if (ok) {
        object->kind = kind;
        object->process = process;
        process->objects++;
        object->parent = parent;
        object->refs = 1;
        object->release = release;
        object->prev = os_objects.last;
        *(os_objects.last ? &os_objects.last->next : &os_objects.first) = object;
        os_objects.last = object;
        if (parent)
            parent->refs++;
    }
    os_lock_release(&os_objects.handles);
    return ok;
}

void os_object_publish(struct os_object *object)
{
    os_lock_acquire(&os_objects.handles);
    object->open = true;
    os_lock_release(&os_objects.handles);
}

void os_object_ref(struct os_object *object)
{
    object->refs++;
}

static void unlink_object(struct os_object *object)
{
    *(object->prev ? &object->prev->next : &os_objects.first) = object->next;
    *(object->next ? &object->next->prev : &os_objects.last) = object->prev;
}

void os_object_unref(void *any)
{
    struct os_object *object = any;

    while (object && --object->refs == 0) {
        struct os_object *parent = object->parent;
        struct os_process *process = object->process;

        os_object_retire(object);
        unlink_object(object);
        object->release(object);
        process->objects--;
        object = parent;
    }
}

bool os_object_close(struct os_object *object)
{
    bool was_open;

    os_lock_acquire(&os_objects.handles);
    was_open = object->open;
    object->open = false;
    os_lock_release(&os_objects.handles);
    return was_open;
}

void os_object_retire(struct os_object *object)
{
    uint32_t slot = (object->name >> GENERATION_BITS) & (MAX_SLOTS - 1);
    struct os_handle_slot *entry = &object->process->slots[slot];

    if (object->retired)
        return;
    object->open = false;
    object->retired = true;
    entry->object = NULL;
    entry->generation++;
    if (entry->generation == 0)
        entry->generation = 1;
    push_free(object->process, slot);
}

void os_object_finish(struct os_object *object)
{
    os_object_retire(object);
    object->gone = true;
    os_object_unref(object);
}

void os_object_drop_all(void)
{
    /* A release lets go of other objects: pinned, each is freed once, here. */
    for (struct os_object *object = os_objects.first; object; object = object->next)
        object->refs++;
    while (os_objects.first) {
        struct os_object *object = os_objects.first;

        os_objects.first = object->next;
        object->release(object);
    }
    os_objects.last = NULL;
}

void *os_object_lookup(struct os_process *process, D3DKMT_HANDLE handle, enum os_kind kind)
{
    struct os_object *object;

    os_lock_acquire(&os_objects.handles);
    object = resolve(handle);
    if (object && (!object->open || object->kind != kind || object->process != process))
        object = NULL;
    if (object)
        object->refs++;
    os_lock_release(&os_objects.handles);
    return object;
}

void *os_object_peek(D3DKMT_HANDLE handle, enum os_kind kind)
{
    struct os_object *object = resolve(handle);

    return object && object->kind == kind ? object : NULL;
}

void *os_object_next(const void *after, enum os_kind kind, const struct os_process *process,
                     const void *parent)
{
    const struct os_object *last = after;
    struct os_object *object = last ? last->next : os_objects.first;

    while (object && (object->kind != kind || object->gone ||
                      (process && object->process != process) ||
                      (parent && object->parent != parent)))
        object = object->next;
    return object;
}

HANDLE os_object_token(const struct os_object *object)
{
    return (HANDLE)(uintptr_t)(TOKEN_TAG | object->name);
}

void *os_object_from_token(HANDLE token, enum os_kind kind)
{
    uint64_t value = (uint64_t)(uintptr_t)token;

    if ((value & ~0xFFFFFFFFull) != TOKEN_TAG)
        return NULL;
    return os_object_peek((D3DKMT_HANDLE)value, kind);
}
