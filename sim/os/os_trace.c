/* SPDX-License-Identifier: MIT */
#include "os_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bell_device_hash.h"

/** Records live in chunks: their addresses never change. */
#define CHUNK_RECORDS 4096u

struct name {
    struct name *next;
    char text[];
};

static struct belfry_record **chunks;
static size_t chunk_count;
static size_t record_count;
static struct name *names;

void os_trace_init(void)
{
    os_trace_cleanup();
}

void os_trace_cleanup(void)
{
    for (size_t i = 0; i < chunk_count; i++)
        free(chunks[i]);
    free(chunks);
    chunks = NULL;
    chunk_count = 0;
    record_count = 0;
    while (names != NULL) {
        struct name *next = names->next;

        free(names);
        names = next;
    }
}

const char *os_trace_intern(const char *text)
{
    size_t size = strlen(text) + 1;
    struct name *made;

    for (made = names; made != NULL; made = made->next)
        if (strcmp(made->text, text) == 0)
            return made->text;
    made = malloc(sizeof(*made) + size);
    if (made == NULL)
        abort();
    memcpy(made->text, text, size);
    made->next = names;
    names = made;
    return made->text;
}

static struct belfry_record *append(void)
{
    size_t chunk = record_count / CHUNK_RECORDS;

    if (chunk == chunk_count) {
        struct belfry_record **grown = realloc(chunks, (chunk + 1) * sizeof(*grown));

        if (grown == NULL)
            abort();
        chunks = grown;
        chunks[chunk] = calloc(CHUNK_RECORDS, sizeof(**chunks));
        if (chunks[chunk] == NULL)
            abort();
        chunk_count++;
    }
    struct belfry_record *record = &chunks[chunk][record_count % CHUNK_RECORDS];
    record->seq = record_count++;
    return record;
}

struct belfry_record *os_trace(enum belfry_record_kind kind, const char *name, uint64_t object)
{
    const struct os_thread *self = os_thread_self();
    struct belfry_record *record = append();

    record->cycle = bell_sim_now();
    record->kind = kind;
    record->name = name != NULL ? name : "";
    record->thread = self->name;
    record->process = self->process != NULL ? os_process_id(self->process) : 0;
    record->irql = self->irql;
    record->object = object;
    return record;
}

struct belfry_record *os_trace_args(enum belfry_record_kind kind, const char *name, uint64_t object,
                                    const void *args, size_t size)
{
    struct belfry_record *record = os_trace(kind, name, object);

    if (args != NULL)
        memcpy(record->args, args, size < sizeof(record->args) ? size : sizeof(record->args));
    return record;
}

struct belfry_record *os_trace_hardware(enum belfry_record_kind kind, const char *name,
                                        uint64_t cycle)
{
    struct belfry_record *record = append();

    record->cycle = cycle;
    record->kind = kind;
    record->name = name;
    record->thread = "";
    return record;
}

void os_ddi_enter(const char *name, uint64_t object, const void *args, size_t size, KIRQL irql)
{
    struct os_thread *self = os_thread_self();

    os_require_irql(irql, name, os_monitor_irql_rule(name));
    os_trace_args(BELFRY_DDI_ENTER, name, object, args, size);
    if (self->in_ddi != NULL)
        bell_sim_fail("%s called in thread %s inside %s; expected no driver call under way", name,
                      self->name, self->in_ddi);
    self->in_ddi = name;
    self->ddi_irql = irql;
    self->ddi_held = self->held;
    os_monitor_ddi_enter(name, object, args);
}

NTSTATUS os_ddi_exit(const char *name, uint64_t object, const void *args, size_t size,
                     NTSTATUS status)
{
    os_trace_args(BELFRY_DDI_EXIT, name, object, args, size)->status = (uint32_t)status;
    os_monitor_ddi_exit(name, object, args, status);
    os_thread_self()->in_ddi = NULL;
    return status;
}

size_t belfry_record_count(void)
{
    return record_count;
}

const struct belfry_record *belfry_record_at(size_t index)
{
    return index < record_count ? &chunks[index / CHUNK_RECORDS][index % CHUNK_RECORDS] : NULL;
}

size_t belfry_record_find(size_t from, enum belfry_record_kind kind, const char *name)
{
    for (size_t i = from; i < record_count; i++) {
        const struct belfry_record *record = belfry_record_at(i);

        if (record->kind == kind && (name == NULL || strcmp(record->name, name) == 0))
            return i;
    }
    return (size_t)-1;
}

size_t belfry_record_number(enum belfry_record_kind kind, const char *name)
{
    size_t number = 0;

    for (size_t at = belfry_record_find(0, kind, name); at != (size_t)-1;
         at = belfry_record_find(at + 1, kind, name))
        number++;
    return number;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = bell_hash_word(hash, (unsigned char)*text);
    return bell_hash_word(hash, 0);
}

/** Addresses of this host process differ from run to run: objects of driver calls are left out. */
static bool object_is_stable(enum belfry_record_kind kind)
{
    return kind != BELFRY_DDI_ENTER && kind != BELFRY_DDI_EXIT && kind != BELFRY_CB_ENTER &&
           kind != BELFRY_CB_EXIT;
}

uint64_t os_trace_hash(uint64_t hash)
{
    for (size_t i = 0; i < record_count; i++) {
        const struct belfry_record *record = belfry_record_at(i);

        hash = bell_hash_word(hash, ((uint64_t)record->kind << 32) | record->status);
        hash = bell_hash_word(hash, record->cycle);
        hash = bell_hash_word(hash, ((uint64_t)record->process << 32) | record->irql);
        hash = hash_text(hash_text(hash, record->name), record->thread);
        if (object_is_stable(record->kind))
            hash = bell_hash_word(hash, record->object);
        hash = bell_hash_word(hash, record->value);
        hash = bell_hash_word(hash, record->value2);
        hash = bell_hash_word(hash, record->value3);
    }
    return hash;
}
