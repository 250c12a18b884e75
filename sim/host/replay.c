/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "replay.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void put_word(FILE *out, const char *word)
{
    const char *at = word;

    while (*at != '\0' && (isalnum((unsigned char)*at) || strchr("-_./=:,+@%", *at) != NULL))
        at++;
    if (*at == '\0' && at != word) {
        fprintf(out, " %s", word);
        return;
    }
    fputs(" '", out);
    for (at = word; *at != '\0'; at++)
        fputs(*at == '\'' ? "'\\''" : (char[]){*at, '\0'}, out);
    fputc('\'', out);
}

const char *belfry_replay_line(const char *command, const struct belfry_config *config, int argc,
                               char **argv)
{
    static char line[8192];
    FILE *out = fmemopen(line, sizeof(line), "w");

    if (out == NULL)
        return NULL;
    fprintf(out, "belfry %s --device=%s --seed=%llu", command, config->device,
            (unsigned long long)config->seed);
    if (config->slots != 0)
        fprintf(out, " --slots=%u", config->slots);
    if (strcmp(config->doorbells, "page") != 0)
        fprintf(out, " --doorbells=%s", config->doorbells);
    if (config->lockstep_off)
        fputs(" --lockstep=off", out);
    if (config->explain == BELFRY_EXPLAIN_ENDS)
        fputs(" --explain", out);
    if (config->trap_loads)
        fputs(" --trap-loads", out);
    if (config->disconnect_published)
        fputs(" --os=disconnect=published", out);
    if (config->destroy_direct)
        fputs(" --os=destroy=direct", out);
    if (config->idle_by_driver)
        fputs(" --os=idle=driver", out);
    if (config->sweep != 0)
        fprintf(out, " --sweep=%llu", (unsigned long long)config->sweep);
    if (config->kmd != NULL) {
        fputs(" --kmd", out);
        put_word(out, config->kmd);
    }
    for (int i = 0; i < argc; i++)
        put_word(out, argv[i]);
    fclose(out);
    line[sizeof(line) - 1] = '\0';
    return line;
}

void belfry_print_replay(const struct belfry_config *config)
{
    fflush(stdout);
    if (config->replay != NULL)
        fprintf(stderr, "replay: %s\n", config->replay);
}
