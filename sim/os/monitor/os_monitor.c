/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Calls shown in a report. */
#define SHOWN_CALLS 8u
#define MAX_VIOLATIONS 1024u

static struct {
    char *replay;
    bool warn;
    uint64_t time;
    struct belfry_violation *list;
    size_t count;
} monitor;

static void drop_list(void)
{
    for (size_t i = 0; i < monitor.count; i++)
        free((char *)(uintptr_t)monitor.list[i].text);
    free(monitor.list);
    monitor.list = NULL;
    monitor.count = 0;
}

void os_monitor_init(const char *replay, bool warn)
{
    drop_list();
    free(monitor.replay);
    monitor.replay = strdup(replay);
    monitor.warn = warn;
    monitor.time = 0;
    os_monitor_device_init();
    os_monitor_interrupt_init();
    os_monitor_native_init();
    os_monitor_reset_init();
    os_monitor_caps_init();
    os_monitor_locks_init();
}

uint64_t os_monitor_tick(void)
{
    return ++monitor.time;
}

uint64_t os_monitor_time(void)
{
    return monitor.time;
}

struct os_monitor_call *os_monitor_call(void)
{
    return &os_thread_self()->monitor;
}

bool os_monitor_in(const char *ddi)
{
    const struct os_monitor_call *call = os_monitor_call();

    return call->serial != 0 && strcmp(call->name, ddi) == 0;
}

/* --- Text ------------------------------------------------------------------------------------ */

static const struct os_rule *find_rule(const char *id)
{
    for (size_t i = 0; i < os_rule_count; i++)
        if (strcmp(os_rules[i].id, id) == 0)
            return &os_rules[i];
    return NULL;
}

static const char *kind_name(uint64_t object)
{
    static const char *const names[] = {"", "adapter", "device", "paging queue", "fence",
                                        "resource", "allocation", "context", "queue", "doorbell"};

    if (object <= UINT32_MAX)
        for (int kind = OS_ADAPTER; kind <= OS_DOORBELL; kind++)
            if (os_object_peek((D3DKMT_HANDLE)object, (enum os_kind)kind) != NULL)
                return names[kind];
    return "object";
}

static const char *arrow(enum belfry_record_kind kind)
{
    return kind == BELFRY_KMT_ENTER || kind == BELFRY_DDI_ENTER || kind == BELFRY_CB_ENTER ? "->"
                                                                                           : "<-";
}

static bool is_call(enum belfry_record_kind kind)
{
    return kind <= BELFRY_CB_EXIT;
}

static size_t first_shown(void)
{
    size_t at = belfry_record_count();
    unsigned calls = 0;

    while (at > 0 && calls < SHOWN_CALLS)
        calls += is_call(belfry_record_at(--at)->kind);
    return at;
}

static void put_calls(FILE *out)
{
    for (size_t at = first_shown(); at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (!is_call(record->kind))
            continue;
        fprintf(out, "    cycle %-9" PRIu64 " %-14s %s %s", record->cycle, record->thread,
                arrow(record->kind), record->name);
        if (record->object != 0)
            fprintf(out, " 0x%" PRIx64, record->object);
        if (arrow(record->kind)[0] == '<')
            fprintf(out, " = 0x%08x", record->status);
        fputc('\n', out);
    }
}

static void put_where(FILE *out, uint64_t object)
{
    const struct os_thread *self = os_thread_self();

    if (object != 0)
        fprintf(out, "  object: %s 0x%" PRIx64 "\n", kind_name(object), object);
    fprintf(out, "  at:     cycle %" PRIu64 ", thread %s", bell_sim_now(), self->name);
    if (self->process != NULL)
        fprintf(out, " of process %u", os_process_id(self->process));
    fprintf(out, ", IRQL %u", self->irql);
    if (self->in_ddi != NULL)
        fprintf(out, ", inside %s", self->in_ddi);
    fputc('\n', out);
}

__attribute__((format(printf, 3, 0)))
static char *report(const struct os_rule *rule, uint64_t object, const char *format, va_list args)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        abort();
    fprintf(out, "contract %s: %s\n  seen:   ", rule->id, rule->sentence);
    vfprintf(out, format, args);
    fputc('\n', out);
    put_where(out, object);
    fputs("  last calls:\n", out);
    put_calls(out);
    fprintf(out, "  replay: %s", monitor.replay != NULL ? monitor.replay : "");
    fclose(out);
    return text;
}

/* --- Violations ------------------------------------------------------------------------------ */

/** Without an object: any report of the rule will do. */
static struct belfry_violation *known(const struct os_rule *rule, uint64_t object)
{
    for (size_t i = 0; i < monitor.count; i++)
        if (monitor.list[i].id == rule->id && (object == 0 || monitor.list[i].object == object))
            return &monitor.list[i];
    return NULL;
}

static void append(const struct os_rule *rule, uint64_t object, const char *text)
{
    if (monitor.list == NULL)
        monitor.list = calloc(MAX_VIOLATIONS, sizeof(*monitor.list));
    if (monitor.list == NULL)
        abort();
    monitor.list[monitor.count++] = (struct belfry_violation){
        .id = rule->id, .sentence = rule->sentence, .text = text, .object = object,
        .cycle = bell_sim_now(), .count = 1};
}

void os_violation(const char *id, uint64_t object, const char *format, ...)
{
    const struct os_rule *rule = find_rule(id);
    struct belfry_violation *before;
    va_list args;
    char *text;

    if (rule == NULL) {
        bell_sim_fail("monitor: \"%s\" is no rule of os_monitor_rules.c", id);
        return;
    }
    before = known(rule, object);
    if (before != NULL || monitor.count == MAX_VIOLATIONS) {
        if (before != NULL)
            before->count++;
        return;
    }
    va_start(args, format);
    text = report(rule, object, format, args);
    va_end(args);
    append(rule, object, text);
    if (monitor.warn)
        fprintf(stderr, "belfry: warning: %s\n", text);
    else
        bell_sim_fail("%s", text);
}

void os_monitor_give_up(const char *what)
{
    bell_sim_fail("the run cannot go on after the last violation: %s", what);
}

size_t belfry_violation_count(void)
{
    return monitor.count;
}

const struct belfry_violation *belfry_violations(size_t index)
{
    return index < monitor.count ? &monitor.list[index] : NULL;
}

bool belfry_monitor_rule(size_t index, const char **id, const char **sentence)
{
    if (index >= os_rule_count)
        return false;
    *id = os_rules[index].id;
    *sentence = os_rules[index].sentence;
    return true;
}
