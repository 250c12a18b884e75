/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "explore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_RUNS = 1000000, EXIT_OTHER = 2 };

static bool take_range(const char *text, size_t length, struct belfry_range *range)
{
    char *end;

    errno = 0;
    range->from = strtoull(text, &end, 0);
    if (end == text || strncmp(end, "..", 2) != 0)
        return false;
    range->to = strtoull(end + 2, &end, 0);
    range->given = true;
    return end == text + length && errno == 0 && range->from <= range->to &&
           range->to - range->from < MAX_RUNS;
}

static bool take_part(const char *text, size_t length, struct belfry_explore *explore)
{
    if (strncmp(text, "sweep:", 6) == 0 && !explore->sweep.given)
        return take_range(text + 6, length - 6, &explore->sweep);
    if (strncmp(text, "seeds:", 6) == 0 && !explore->seeds.given)
        return take_range(text + 6, length - 6, &explore->seeds);
    return false;
}

static uint64_t count_of(const struct belfry_range *range)
{
    return range->given ? range->to - range->from + 1 : 1;
}

bool belfry_explore_parse(const char *text, struct belfry_explore *explore)
{
    size_t length = strcspn(text, ",");

    memset(explore, 0, sizeof(*explore));
    if (take_part(text, length, explore) &&
        (text[length] == '\0' ||
         take_part(text + length + 1, strlen(text + length + 1), explore)) &&
        count_of(&explore->seeds) * count_of(&explore->sweep) <= MAX_RUNS)
        return true;
    fprintf(stderr, "belfry: option --explore: \"%s\" is not possible; expected seeds:FROM..TO, "
            "sweep:FROM..TO, or both with a comma, FROM <= TO, at most %d runs\n", text, MAX_RUNS);
    return false;
}

/** Values of run number `run`: sweep varies fastest. */
static void set_values(const struct belfry_explore *explore, struct belfry_config *config,
                       uint64_t run)
{
    uint64_t sweeps = count_of(&explore->sweep);

    if (explore->seeds.given)
        config->seed = explore->seeds.from + run / sweeps;
    if (explore->sweep.given)
        config->sweep = explore->sweep.from + run % sweeps;
}

/** In the child: everything printed goes to `output`. */
static void run_child(FILE *output, const struct belfry_config *config,
                      int (*one)(const struct belfry_config *config, void *ctx), void *ctx)
{
    int code;

    dup2(fileno(output), STDOUT_FILENO);
    dup2(fileno(output), STDERR_FILENO);
    code = one(config, ctx);
    fflush(NULL);
    _exit(code);
}

static void show(FILE *output)
{
    char line[512];

    rewind(output);
    while (fgets(line, sizeof(line), output) != NULL)
        fputs(line, stderr);
}

/** @return exit code of the run, EXIT_OTHER when it could not be made; `output` holds its text. */
static int run_one(FILE *output, const struct belfry_config *config,
                   int (*one)(const struct belfry_config *config, void *ctx), void *ctx)
{
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0)
        run_child(output, config, one, ctx);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("belfry: explore: cannot start a run");
        return EXIT_OTHER;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void print_range(const char *name, const struct belfry_range *range)
{
    if (range->given)
        printf(" %s %" PRIu64 "..%" PRIu64, name, range->from, range->to);
}

static void summarise(const struct belfry_explore *explore, uint64_t runs, uint64_t failed)
{
    printf("explored %" PRIu64 " runs,", runs);
    print_range("seeds", &explore->seeds);
    print_range("sweep", &explore->sweep);
    printf(": %" PRIu64 " failed\n", failed);
}

int belfry_explore_run(const struct belfry_explore *explore, const struct belfry_config *config,
                       int (*one)(const struct belfry_config *config, void *ctx),
                       void (*replay)(const struct belfry_config *config, void *ctx), void *ctx)
{
    uint64_t runs = count_of(&explore->seeds) * count_of(&explore->sweep);
    struct belfry_config used = *config;
    uint64_t failed = 0, run;

    for (run = 0; run < runs; run++) {
        FILE *output = tmpfile();
        int code;

        if (output == NULL) {
            perror("belfry: explore: no temporary file");
            return EXIT_OTHER;
        }
        set_values(explore, &used, run);
        code = run_one(output, &used, one, ctx);
        if (code != 0 && failed++ == 0) {
            show(output);
            replay(&used, ctx);
        }
        fclose(output);
        if (code == EXIT_OTHER)
            return EXIT_OTHER;
    }
    summarise(explore, runs, failed);
    return failed == 0 ? 0 : 1;
}
