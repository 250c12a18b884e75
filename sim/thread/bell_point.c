/* SPDX-License-Identifier: MIT */
#include "bell_sched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point {
    struct point *next;
    struct bell_waitq queue;
    bool held;
    uint64_t passed;
    char *what; /* For messages; the name is its tail. */
    const char *name;
};

static struct point *points;

static struct point *point_get(const char *name)
{
    static const char prefix[] = "release of delay point ";
    struct point *point;
    size_t bytes = sizeof(prefix) + strlen(name);

    for (point = points; point != NULL; point = point->next) {
        if (strcmp(point->name, name) == 0)
            return point;
    }
    point = calloc(1, sizeof(*point));
    if (point == NULL || (point->what = malloc(bytes)) == NULL)
        bell_sched_panic("no memory for delay point '%s'", name);
    snprintf(point->what, bytes, "%s%s", prefix, name);
    point->name = point->what + sizeof(prefix) - 1;
    point->next = points;
    points = point;
    return point;
}

void bell_thread_named_point(const char *name)
{
    struct point *point = point_get(name);

    bell_thread_point();
    while (point->held && bell_sched_current() != NULL)
        bell_thread_wait(&point->queue, 0, point->what);
    point->passed++;
}

void bell_point_hold(const char *name)
{
    point_get(name)->held = true;
}

void bell_point_release(const char *name)
{
    struct point *point = point_get(name);

    point->held = false;
    bell_thread_wake_all(&point->queue);
}

unsigned bell_point_waiting(const char *name)
{
    unsigned count = 0;

    for (const struct bell_thread *t = point_get(name)->queue.head; t != NULL; t = t->next)
        count++;
    return count;
}

uint64_t bell_point_passed(const char *name)
{
    return point_get(name)->passed;
}

void bell_point_cleanup(void)
{
    while (points != NULL) {
        struct point *point = points;

        points = point->next;
        free(point->what);
        free(point);
    }
}
