/* SPDX-License-Identifier: MIT */
/*
 * Timeline in Chrome's JSON format, for Perfetto. Rows: each process with its threads, the driver
 * with the threads it runs on, doorbell slots, hardware queues, engines. Arrows lead from the store
 * over the ring and the write-pointer sample to the command buffer.
 */
#include "belfry_machine.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "os_internal.h"

/** Rows of the timeline; processes are 1 .. 1023. */
enum { ROW_DRIVER = 2000, ROW_SLOTS, ROW_QUEUES, ROW_ENGINES };
#define TRACK_STEP 100000 /**< Hardware tracks of a row start at a multiple of this. */
#define MAX_HARDWARE 1024u
#define MAX_STORES 64u /**< Stores on their way to one slot that arrows are kept for. */
#define MAX_FLOWS 64u

struct track {
    struct track *next;
    int row, number;
    const char *name;
};

struct slot {
    uint64_t flow[MAX_STORES];
    unsigned head, count;
};

/** Arrows on their way to the same place. */
struct flows {
    uint64_t flow[MAX_FLOWS];
    unsigned count;
};

struct queue {
    struct flows pending; /**< Rung, not sampled yet. */
    struct flows sampled; /**< WPTR was read for them; the next buffer ends them. */
    struct flows running;
    uint64_t start;
};

struct mapping {
    struct mapping *next;
    uint64_t doorbell;
    uint32_t slot;
    bool mapped;
};

static struct {
    FILE *file;
    bool first;
    int tracks_made;
    struct track *tracks;
    struct mapping *mappings;
    uint64_t flows;
    struct slot slots[MAX_HARDWARE];
    struct queue queues[MAX_HARDWARE];
    bool row_made[MAX_HARDWARE * 4];
} out;

/* --- One event ------------------------------------------------------------------------------- */

static json_object *event(const char *phase, const char *name, int row, int track, uint64_t cycle)
{
    json_object *made = json_object_new_object();
    char text[32];

    snprintf(text, sizeof(text), "%llu.%02u", (unsigned long long)(cycle / OS_CLOCKS_PER_US),
             (unsigned)(cycle % OS_CLOCKS_PER_US));
    json_object_object_add(made, "ph", json_object_new_string(phase));
    json_object_object_add(made, "name", json_object_new_string(name));
    json_object_object_add(made, "pid", json_object_new_int(row));
    json_object_object_add(made, "tid", json_object_new_int(track));
    json_object_object_add(made, "ts", json_object_new_double_s(
                                           (double)cycle / OS_CLOCKS_PER_US, text));
    return made;
}
_Static_assert(OS_CLOCKS_PER_US == 100, "two decimals");

static json_object *arguments(json_object *of)
{
    json_object *made = json_object_new_object();

    json_object_object_add(of, "args", made);
    return made;
}

static void number(json_object *args, const char *key, uint64_t value)
{
    json_object_object_add(args, key, json_object_new_int64((int64_t)value));
}

static void hex(json_object *args, const char *key, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
    json_object_object_add(args, key, json_object_new_string(text));
}

static void emit(json_object *made)
{
    fprintf(out.file, "%s\n%s", out.first ? "" : ",",
            json_object_to_json_string_ext(made, JSON_C_TO_STRING_PLAIN));
    out.first = false;
    json_object_put(made);
}

static void emit_name(const char *what, int row, int track, const char *name)
{
    json_object *made = event("M", what, row, track, 0);

    json_object_object_add(arguments(made), "name", json_object_new_string(name));
    emit(made);
}

static void emit_slice(const char *name, int row, int track, uint64_t from, uint64_t to)
{
    json_object *made = event("X", name, row, track, from);

    json_object_object_add(made, "dur",
                           json_object_new_double((double)(to - from) / OS_CLOCKS_PER_US));
    number(arguments(made), "cycle", from);
    emit(made);
}

/** @param phase  "s" first, "t" further, "f" last point of an arrow. */
static void emit_flow(const char *phase, uint64_t flow, int row, int track, uint64_t cycle)
{
    json_object *made;

    if (flow == 0)
        return;
    made = event(phase, "submission", row, track, cycle);
    json_object_object_add(made, "cat", json_object_new_string("submission"));
    json_object_object_add(made, "id", json_object_new_int64((int64_t)flow));
    if (phase[0] == 'f')
        json_object_object_add(made, "bp", json_object_new_string("e"));
    emit(made);
}

/* --- Rows and tracks ------------------------------------------------------------------------- */

static int thread_track(int row, const char *name)
{
    struct track *at = out.tracks;

    while (at != NULL && (at->row != row || at->name != name))
        at = at->next;
    if (at == NULL) {
        at = calloc(1, sizeof(*at));
        if (at == NULL)
            abort();
        *at = (struct track){out.tracks, row, ++out.tracks_made, name};
        out.tracks = at;
        emit_name("thread_name", row, at->number, name);
    }
    return at->number;
}

static int hardware_track(int row, uint64_t index, const char *what)
{
    int track = (row - ROW_DRIVER) * TRACK_STEP + (int)(index % MAX_HARDWARE);
    bool *made = &out.row_made[(size_t)(row - ROW_DRIVER) * MAX_HARDWARE + index % MAX_HARDWARE];
    char name[40];

    if (!*made) {
        snprintf(name, sizeof(name), "%s %u", what, (unsigned)index);
        emit_name("thread_name", row, track, name);
        *made = true;
    }
    return track;
}

/** Row of the software that made this record. */
static int software_row(const struct belfry_record *record)
{
    return record->process != 0 ? (int)record->process : ROW_DRIVER;
}

/* --- Arrows ---------------------------------------------------------------------------------- */

static struct mapping *mapping_of(uint64_t doorbell)
{
    struct mapping *at = out.mappings;

    while (at != NULL && at->doorbell != doorbell)
        at = at->next;
    if (at == NULL) {
        at = calloc(1, sizeof(*at));
        if (at == NULL)
            abort();
        *at = (struct mapping){.next = out.mappings, .doorbell = doorbell};
        out.mappings = at;
    }
    return at;
}

static void note_store(const struct belfry_record *record, int row, int track)
{
    const struct mapping *mapping = mapping_of(record->object);
    struct slot *slot = &out.slots[mapping->slot % MAX_HARDWARE];

    if (strcmp(record->name, "doorbell") != 0 || !mapping->mapped || slot->count == MAX_STORES)
        return;
    slot->flow[(slot->head + slot->count++) % MAX_STORES] = ++out.flows;
    emit_flow("s", out.flows, row, track, record->cycle);
}

/** Let all arrows of `from` pass this point, and go on in `to`; what does not fit ends here. */
static void pass_flows(struct flows *from, struct flows *to, int row, int track, uint64_t cycle)
{
    for (unsigned i = 0; i < from->count; i++) {
        bool room = to != NULL && to->count < MAX_FLOWS;

        emit_flow(room ? "t" : "f", from->flow[i], row, track, cycle);
        if (room)
            to->flow[to->count++] = from->flow[i];
    }
    from->count = 0;
}

static void put_ring(const struct belfry_record *record)
{
    static const char *const buckets[] = {"credited", "coalesced", "unowned", "rejected"};
    bool wakes = record->status == BELL_RING_CREDITED || record->status == BELL_RING_COALESCED;
    int track = hardware_track(ROW_SLOTS, record->value, "slot");
    struct slot *slot = &out.slots[record->value % MAX_HARDWARE];
    struct flows one = {.count = 0};
    char name[64];

    snprintf(name, sizeof(name), "ring, queue %u: %s", (unsigned)record->value2,
             buckets[record->status & 3]);
    emit_slice(name, ROW_SLOTS, track, record->cycle, record->cycle + 1);
    if (slot->count > 0) {
        one = (struct flows){{slot->flow[slot->head]}, 1};
        slot->head = (slot->head + 1) % MAX_STORES;
        slot->count--;
    }
    pass_flows(&one, wakes ? &out.queues[record->value2 % MAX_HARDWARE].pending : NULL, ROW_SLOTS,
               track, record->cycle);
}

static void put_sample(const struct belfry_record *record)
{
    struct queue *queue = &out.queues[record->value2 % MAX_HARDWARE];
    int track = hardware_track(ROW_QUEUES, record->value2, "queue");

    emit_slice("WPTR sample", ROW_QUEUES, track, record->cycle, record->cycle + 1);
    pass_flows(&queue->pending, &queue->sampled, ROW_QUEUES, track, record->cycle);
}

static void put_start(const struct belfry_record *record)
{
    struct queue *queue = &out.queues[record->value2 % MAX_HARDWARE];
    int engine = hardware_track(ROW_ENGINES, record->value3, "node");

    queue->start = record->cycle;
    pass_flows(&queue->sampled, &queue->running, ROW_ENGINES, engine, record->cycle);
}

static void put_finish(const struct belfry_record *record)
{
    struct queue *queue = &out.queues[record->value2 % MAX_HARDWARE];
    int engine = hardware_track(ROW_ENGINES, record->value3, "node");
    int track = hardware_track(ROW_QUEUES, record->value2, "queue");
    char name[48];

    snprintf(name, sizeof(name), "queue %u, buffer %llu", (unsigned)record->value2,
             (unsigned long long)record->value - 1);
    emit_slice(name, ROW_ENGINES, engine, queue->start, record->cycle);
    emit_slice(name, ROW_QUEUES, track, queue->start, record->cycle);
    pass_flows(&queue->running, NULL, ROW_ENGINES, engine, record->cycle - 1);
}

/* --- Records --------------------------------------------------------------------------------- */

static void put_call(const struct belfry_record *record, const char *phase, int row)
{
    json_object *made = event(phase, record->name, row, thread_track(row, record->thread),
                              record->cycle);
    json_object *args = arguments(made);

    number(args, "cycle", record->cycle);
    if (phase[0] == 'E')
        hex(args, "status", record->status);
    emit(made);
}

static void put_instant(const struct belfry_record *record, const char *name)
{
    int row = software_row(record);
    json_object *made = event("i", name, row, thread_track(row, record->thread), record->cycle);
    json_object *args = arguments(made);

    json_object_object_add(made, "s", json_object_new_string("t"));
    number(args, "cycle", record->cycle);
    hex(args, "object", record->object);
    hex(args, "value", record->value);
    hex(args, "value2", record->value2);
    emit(made);
}

static void put_access(const struct belfry_record *record)
{
    int row = software_row(record), track = thread_track(row, record->thread);
    char name[80];

    snprintf(name, sizeof(name), "%s %s", record->kind == BELFRY_STORE ? "store" : "load",
             record->name);
    emit_slice(name, row, track, record->cycle, record->cycle + 1);
    if (record->kind == BELFRY_STORE)
        note_store(record, row, track);
}

static void put_mapping(const struct belfry_record *record)
{
    static const char *const names[] = {"map: none", "map: dummy page", "map: slot"};
    struct mapping *mapping = mapping_of(record->object);

    mapping->mapped = record->value == BELFRY_MAPPED_SLOT;
    mapping->slot = (uint32_t)(record->value2 / BELL_PAGE);
    put_instant(record, names[record->value % 3]);
}

static void put_status(const struct belfry_record *record)
{
    static const char *const names[] = {"status: connected", "status: connected, notify",
                                        "status: disconnected, retry",
                                        "status: disconnected, abort"};

    put_instant(record, names[record->value & 3]);
}

static void put_irq(const struct belfry_record *record)
{
    json_object *made = event("C", "interrupt line", ROW_DRIVER, 0, record->cycle);

    number(arguments(made), "level", record->value);
    emit(made);
}

static void put_record(const struct belfry_record *record)
{
    switch (record->kind) {
    case BELFRY_KMT_ENTER:
    case BELFRY_KMT_EXIT:
        put_call(record, record->kind == BELFRY_KMT_ENTER ? "B" : "E", software_row(record));
        break;
    case BELFRY_DDI_ENTER:
    case BELFRY_CB_ENTER:
        put_call(record, "B", ROW_DRIVER);
        break;
    case BELFRY_DDI_EXIT:
    case BELFRY_CB_EXIT:
        put_call(record, "E", ROW_DRIVER);
        break;
    case BELFRY_STATUS:
        put_status(record);
        break;
    case BELFRY_MAP:
        put_mapping(record);
        break;
    case BELFRY_RING:
        put_ring(record);
        break;
    case BELFRY_SAMPLE:
        put_sample(record);
        break;
    case BELFRY_START:
        put_start(record);
        break;
    case BELFRY_FINISH:
        put_finish(record);
        break;
    case BELFRY_IRQ:
        put_irq(record);
        break;
    case BELFRY_STORE:
    case BELFRY_LOAD:
        put_access(record);
        break;
    case BELFRY_ALLOC:
    case BELFRY_POINT:
    case BELFRY_PROCESS:
        put_instant(record, record->name);
        break;
    case BELFRY_MMIO_WRITE:
    case BELFRY_MMIO_READ:
    case BELFRY_POWER:
    case BELFRY_SCHED:
    case BELFRY_FENCE_LOG:
        break;
    }
}

static void put_rows(void)
{
    const char *name;

    emit_name("process_name", ROW_DRIVER, 0, "driver (KMD)");
    emit_name("process_name", ROW_SLOTS, 0, "doorbell slots");
    emit_name("process_name", ROW_QUEUES, 0, "hardware queues");
    emit_name("process_name", ROW_ENGINES, 0, "engines");
    for (uint32_t id = 1; (name = belfry_process_name(id)) != NULL; id++)
        emit_name("process_name", (int)id, 0, name);
}

/* --- The file -------------------------------------------------------------------------------- */

static char *part_path(const char *path)
{
    static const char suffix[] = ".part";
    size_t length = strlen(path);
    char *part = malloc(length + sizeof(suffix));

    if (part == NULL)
        abort();
    memcpy(part, path, length);
    memcpy(part + length, suffix, sizeof(suffix));
    return part;
}

bool belfry_trace_open(const char *path, char *error, size_t error_size)
{
    struct stat there;
    char *part;
    FILE *file;

    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        snprintf(error, error_size, "trace file \"%s\": is no regular file; expected a path where "
                 "a file can be written", path);
        return false;
    }
    part = part_path(path);
    file = fopen(part, "w");
    if (file == NULL) {
        snprintf(error, error_size, "trace file \"%s\": %s; expected a path where a file can be "
                 "written", path, strerror(errno));
        free(part);
        return false;
    }
    fclose(file);
    remove(part);
    belfry_machine.trace_path = strdup(path);
    belfry_machine.trace_part = part;
    return true;
}

void belfry_trace_drop(void)
{
    free(belfry_machine.trace_part);
    free(belfry_machine.trace_path);
    belfry_machine.trace_part = NULL;
    belfry_machine.trace_path = NULL;
}

static void free_tables(void)
{
    while (out.tracks != NULL) {
        struct track *next = out.tracks->next;

        free(out.tracks);
        out.tracks = next;
    }
    while (out.mappings != NULL) {
        struct mapping *next = out.mappings->next;

        free(out.mappings);
        out.mappings = next;
    }
}

bool belfry_trace_write(void)
{
    bool bad;

    memset(&out, 0, sizeof(out));
    out.first = true;
    out.file = fopen(belfry_machine.trace_part, "w");
    if (out.file != NULL) {
        fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", out.file);
        put_rows();
        for (size_t i = 0; i < belfry_record_count(); i++)
            put_record(belfry_record_at(i));
        fputs("\n]}\n", out.file);
        free_tables();
    }
    bad = out.file == NULL || ferror(out.file) != 0;
    bad = (out.file != NULL && fclose(out.file) != 0) || bad;
    bad = bad || rename(belfry_machine.trace_part, belfry_machine.trace_path) != 0;
    if (bad) {
        fprintf(stderr, "belfry: trace file \"%s\": %s; nothing was written\n",
                belfry_machine.trace_path, strerror(errno));
        remove(belfry_machine.trace_part);
    }
    return !bad;
}
