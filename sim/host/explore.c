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

static bool take_range(const char *text, struct belfry_explore *explore)
{
    char *end;

    errno = 0;
    explore->from = strtoull(text, &end, 0);
    if (end == text || strncmp(end, "..", 2) != 0)
        return false;
    text = end + 2;
    explore->to = strtoull(text, &end, 0);
    return end != text && *end == '\0' && errno == 0 && explore->from <= explore->to &&
           explore->to - explore->from < MAX_RUNS;
}

bool belfry_explore_parse(const char *text, struct belfry_explore *explore)
{
    explore->sweep = strncmp(text, "sweep:", 6) == 0;
    if ((explore->sweep || strncmp(text, "seeds:", 6) == 0) && take_range(text + 6, explore))
        return true;
    fprintf(stderr, "belfry: option --explore: \"%s\" is not possible; expected seeds:FROM..TO or "
            "sweep:FROM..TO with FROM <= TO and at most %d runs\n", text, MAX_RUNS);
    return false;
}

static void set_value(const struct belfry_explore *explore, struct belfry_config *config,
                      uint64_t value)
{
    if (explore->sweep)
        config->sweep = value;
    else
        config->seed = value;
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

static void summarise(const struct belfry_explore *explore, uint64_t failed, uint64_t first)
{
    printf("explored %" PRIu64 " runs (%s %" PRIu64 "..%" PRIu64 "): %" PRIu64 " failed",
           explore->to - explore->from + 1, explore->sweep ? "sweep" : "seeds", explore->from,
           explore->to, failed);
    if (failed > 0)
        printf(", first at %" PRIu64, first);
    printf("\n");
}

int belfry_explore_run(const struct belfry_explore *explore, const struct belfry_config *config,
                       int (*one)(const struct belfry_config *config, void *ctx),
                       void (*replay)(const struct belfry_config *config, void *ctx), void *ctx)
{
    struct belfry_config used = *config;
    uint64_t failed = 0, first = 0, value = explore->from;

    for (;; value++) {
        FILE *output = tmpfile();
        int code;

        if (output == NULL) {
            perror("belfry: explore: no temporary file");
            return EXIT_OTHER;
        }
        set_value(explore, &used, value);
        code = run_one(output, &used, one, ctx);
        if (code != 0 && failed++ == 0) {
            first = value;
            show(output);
            replay(&used, ctx);
        }
        fclose(output);
        if (code == EXIT_OTHER)
            return EXIT_OTHER;
        if (value == explore->to)
            break;
    }
    summarise(explore, failed, first);
    return failed == 0 ? 0 : 1;
}
