/* SPDX-License-Identifier: MIT */
/* The belfry command. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "belfry/belfry.h"
#include "belfry/observe.h"
#include "belfry_demo.h"
#include "bench.h"
#include "explore.h"
#include "replay.h"

enum { EXIT_DONE = 0, EXIT_RUN_FAILED = 1, EXIT_BAD_INPUT = 2 };
enum {
    OPTION_TRAP_LOADS = 256,
    OPTION_OS,
    OPTION_EXPLORE,
    OPTION_SWEEP,
    OPTION_DOORBELLS,
    OPTION_LOCKSTEP,
    OPTION_MONITOR,
    OPTION_EXPLAIN
};

typedef int umd_main_fn(int argc, char **argv);

/** What the command line asked for beside the machine itself. */
static struct {
    bool explore;
    struct belfry_explore what;
} asked;

static const struct option options[] = {
    {"device", required_argument, NULL, 'd'},
    {"slots", required_argument, NULL, 'n'},
    {"doorbells", required_argument, NULL, OPTION_DOORBELLS},
    {"seed", required_argument, NULL, 's'},
    {"waves", required_argument, NULL, 'w'},
    {"trace", required_argument, NULL, 't'},
    {"kmd", required_argument, NULL, 'k'},
    {"monitor", required_argument, NULL, OPTION_MONITOR},
    {"lockstep", required_argument, NULL, OPTION_LOCKSTEP},
    {"explain", no_argument, NULL, OPTION_EXPLAIN},
    {"trap-loads", no_argument, NULL, OPTION_TRAP_LOADS},
    {"os", required_argument, NULL, OPTION_OS},
    {"explore", required_argument, NULL, OPTION_EXPLORE},
    {"sweep", required_argument, NULL, OPTION_SWEEP},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "Usage: belfry run [options] PROGRAM.so [arguments]\n"
    "       belfry explain [options] PROGRAM.so [arguments]\n"
    "       belfry demo [options]\n"
    "       belfry bench [options]\n"
    "       belfry --help | --version\n"
    "\n"
    "run   Start one process that executes `int umd_main(int argc, char **argv)` of PROGRAM.so\n"
    "      on a simulated machine: GPU with doorbells, kernel-mode driver, small OS.\n"
    "explain\n"
    "      The same as run --explain.\n"
    "demo  Three processes share a few doorbells; every byte is checked.\n"
    "bench Latencies of a submission in clocks: histograms, and the budgets they must meet.\n"
    "\n"
    "Options\n"
    "  -d, --device=KIND   rtl (default): the hardware itself, or model: its fast reference\n"
    "  -n, --slots=N       physical doorbells fitted (default: all of the build; demo: 2)\n"
    "      --doorbells=KIND\n"
    "                      where they are: page (default): a page each; packed: several share a\n"
    "                      page; global: one page, the value stored names the queue\n"
    "  -s, --seed=N        another order of software threads and bus delays (default 1)\n"
    "  -w, --waves=FILE    write waves (FST); rtl only\n"
    "  -t, --trace=FILE    write a timeline (JSON; open it at https://ui.perfetto.dev)\n"
    "  -k, --kmd=FILE.so   run this kernel-mode driver instead of the built-in one\n"
    "      --monitor=WHAT  stop (default): the first breach of the DDI contract ends the run;\n"
    "                      warn: each is printed and counted, the run goes on\n"
    "      --lockstep=WHAT on (default): with rtl, the model predicts each action of the hardware,\n"
    "                      a difference ends the run; off: no model beside it\n"
    "      --explain       at the end of the process say of each queue that has work and does not\n"
    "                      run why not; without it only when the run or the process fails\n"
    "      --trap-loads    loads of fence and status words are scheduling points: user code\n"
    "                      may spin on them\n"
    "  -h, --help          this text\n"
    "  -V, --version       version\n"
    "\n"
    "Exit status: 0 all right, 1 the run failed, 2 bad input, 3 a program computes for ever.\n";

/* --- Contract -------------------------------------------------------------------------------- */

/** Breaches of the contract make a bad run also when it went on. @return exit code. */
static int judge_contract(int code)
{
    size_t count = belfry_violation_count();

    if (count == 0)
        return code;
    fflush(stdout);
    fprintf(stderr, "belfry: %zu breach%s of the DDI contract\n", count, count == 1 ? "" : "es");
    return EXIT_RUN_FAILED;
}

/* --- Options --------------------------------------------------------------------------------- */

static bool take_number(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                        uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    if (isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *value >= minimum &&
        *value <= maximum)
        return true;
    fprintf(stderr, "belfry: option --%s: \"%s\" is not possible; expected a number from %llu to "
            "%llu\n", option, text, (unsigned long long)minimum, (unsigned long long)maximum);
    return false;
}

static bool take_device(struct belfry_config *config, const char *kind)
{
    config->device = kind;
    if (strcmp(kind, "rtl") == 0 || strcmp(kind, "model") == 0)
        return true;
    fprintf(stderr, "belfry: option --device: \"%s\" is no device; expected rtl or model\n", kind);
    return false;
}

static bool take_doorbells(struct belfry_config *config, const char *kind)
{
    config->doorbells = kind;
    if (strcmp(kind, "page") == 0 || strcmp(kind, "packed") == 0 || strcmp(kind, "global") == 0)
        return true;
    fprintf(stderr, "belfry: option --doorbells: \"%s\" is no layout; expected page, packed or "
            "global\n", kind);
    return false;
}

static const struct policy {
    const char *text;
    size_t field; /* Offset in struct belfry_config. */
    bool value;
} policies[] = {
    {"disconnect=safe", offsetof(struct belfry_config, disconnect_published), false},
    {"disconnect=published", offsetof(struct belfry_config, disconnect_published), true},
    {"destroy=disconnect-first", offsetof(struct belfry_config, destroy_direct), false},
    {"destroy=direct", offsetof(struct belfry_config, destroy_direct), true},
    {"idle=cadence", offsetof(struct belfry_config, idle_by_driver), false},
    {"idle=driver", offsetof(struct belfry_config, idle_by_driver), true},
};

static bool take_policy(struct belfry_config *config, const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        if (strlen(policies[i].text) == length && memcmp(policies[i].text, text, length) == 0) {
            *(bool *)((char *)config + policies[i].field) = policies[i].value;
            return true;
        }
    fprintf(stderr, "belfry: option --os: \"%.*s\" is no policy; expected one of", (int)length,
            text);
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        fprintf(stderr, " %s", policies[i].text);
    fputc('\n', stderr);
    return false;
}

static bool take_policies(struct belfry_config *config, const char *list)
{
    for (;;) {
        size_t length = strcspn(list, ",");

        if (!take_policy(config, list, length))
            return false;
        if (list[length] == '\0')
            return true;
        list += length + 1;
    }
}

static bool take_monitor(struct belfry_config *config, const char *what)
{
    config->monitor_warn = strcmp(what, "warn") == 0;
    if (config->monitor_warn || strcmp(what, "stop") == 0)
        return true;
    fprintf(stderr, "belfry: option --monitor: \"%s\" is not possible; expected stop or warn\n",
            what);
    return false;
}

static bool take_lockstep(struct belfry_config *config, const char *what)
{
    config->lockstep_off = strcmp(what, "off") == 0;
    if (config->lockstep_off || strcmp(what, "on") == 0)
        return true;
    fprintf(stderr, "belfry: option --lockstep: \"%s\" is not possible; expected on or off\n",
            what);
    return false;
}

static bool take_option(struct belfry_config *config, int option, const char *value)
{
    uint64_t number;

    switch (option) {
    case 'd':
        return take_device(config, value);
    case 'n':
        if (!take_number("slots", value, 1, UINT16_MAX, &number))
            return false;
        config->slots = (uint32_t)number;
        return true;
    case 's':
        return take_number("seed", value, 0, UINT64_MAX, &config->seed);
    case 'w':
        config->waves = value;
        return true;
    case 't':
        config->trace = value;
        return true;
    case OPTION_DOORBELLS:
        return take_doorbells(config, value);
    case 'k':
        config->kmd = value;
        return true;
    case OPTION_MONITOR:
        return take_monitor(config, value);
    case OPTION_LOCKSTEP:
        return take_lockstep(config, value);
    case OPTION_EXPLAIN:
        config->explain = BELFRY_EXPLAIN_ENDS;
        return true;
    case OPTION_TRAP_LOADS:
        config->trap_loads = true;
        return true;
    case OPTION_OS:
        return take_policies(config, value);
    case OPTION_SWEEP:
        return take_number("sweep", value, 0, UINT64_MAX, &config->sweep);
    case OPTION_EXPLORE:
        asked.explore = true;
        return belfry_explore_parse(value, &asked.what);
    default: /* getopt_long() has printed what is wrong. */
        fputs("belfry: expected an option of `belfry --help`\n", stderr);
        return false;
    }
}

/** @return exit code when there is nothing to run, else -1. optind is the first argument. */
static int take_options(struct belfry_config *config, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "+d:n:s:w:t:k:hV", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option == 'V') {
            printf("belfry %d.%d\n", BELFRY_VERSION_MAJOR, BELFRY_VERSION_MINOR);
            return EXIT_DONE;
        }
        if (!take_option(config, option, optarg))
            return EXIT_BAD_INPUT;
    }
    return -1;
}

/* --- run ------------------------------------------------------------------------------------- */

/** A name without '/' means the working directory, not the library path. */
static void *load(const char *path)
{
    char here[4096];
    void *program;

    snprintf(here, sizeof(here), "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    program = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (program == NULL)
        fprintf(stderr, "belfry: program \"%s\": cannot be loaded: %s; expected a shared object\n",
                path, dlerror());
    return program;
}

static umd_main_fn *find_main(void *program, const char *path)
{
    umd_main_fn *entry;

    *(void **)&entry = dlsym(program, "umd_main");
    if (entry == NULL)
        fprintf(stderr, "belfry: program \"%s\": has no function umd_main; expected "
                "`int umd_main(int argc, char **argv)`\n", path);
    return entry;
}

/** @return exit code; says on stderr how it ended when that was not well. */
static int judge(enum belfry_result result, const struct belfry_process *process, const char *path)
{
    if (result != BELFRY_DONE) {
        fprintf(stderr, "belfry: the run failed: %s\n", belfry_failure());
        return EXIT_RUN_FAILED;
    }
    if (belfry_process_exit(process) == BELFRY_EXIT_FAULT) {
        fprintf(stderr, "belfry: program \"%s\" ended by a fault: %s\n", path,
                belfry_process_fault(process));
        return EXIT_RUN_FAILED;
    }
    if (belfry_process_code(process) != 0) {
        fprintf(stderr, "belfry: program \"%s\": umd_main returned %d; expected 0\n", path,
                belfry_process_code(process));
        return EXIT_RUN_FAILED;
    }
    return EXIT_DONE;
}

/** On stdout when it was asked for. */
static void print_explanation(const struct belfry_config *config)
{
    const bool asked_for = config->explain == BELFRY_EXPLAIN_ENDS;
    const char *text = belfry_explanation();

    fflush(stdout);
    if (text[0] != '\0')
        fputs(text, asked_for ? stdout : stderr);
    else if (asked_for)
        puts("no queue had work and did not run");
}

struct program {
    umd_main_fn *entry;
    int argc;
    char **argv;
};

static int run_once(const struct belfry_config *config, void *ctx)
{
    const struct program *program = ctx;
    struct belfry_config used = *config;
    struct belfry_process *process;
    char error[8192];
    int code;

    if (used.explain == BELFRY_EXPLAIN_NOTHING)
        used.explain = BELFRY_EXPLAIN_FAILURES;
    used.replay = belfry_replay_line("run", config, program->argc, program->argv);
    if (belfry_open(&used, error, sizeof(error)) != 0) {
        fprintf(stderr, "belfry: %s\n", error);
        return judge_contract(EXIT_BAD_INPUT);
    }
    process = belfry_spawn(program->argv[0], program->entry, program->argc, program->argv);
    code = judge(belfry_run(), process, program->argv[0]);
    print_explanation(&used);
    if (belfry_close() != 0)
        code = EXIT_RUN_FAILED;
    return judge_contract(code);
}

static void replay_run(const struct belfry_config *config, void *ctx)
{
    const struct program *program = ctx;
    struct belfry_config shown = *config;

    shown.replay = belfry_replay_line("run", config, program->argc, program->argv);
    belfry_print_replay(&shown);
}

static int run_program(const struct belfry_config *config, struct program *program)
{
    int code;

    if (asked.explore)
        return belfry_explore_run(&asked.what, config, run_once, replay_run, program);
    code = run_once(config, program);
    if (code == EXIT_RUN_FAILED)
        replay_run(config, program);
    return code;
}

static int command_run(struct belfry_config *config, int argc, char **argv)
{
    umd_main_fn *entry;
    void *program;
    int code = EXIT_BAD_INPUT;

    if (argc == 0) {
        fputs("belfry run: no program given; expected PROGRAM.so\n", stderr);
        return EXIT_BAD_INPUT;
    }
    program = load(argv[0]);
    if (program == NULL)
        return EXIT_BAD_INPUT;
    entry = find_main(program, argv[0]);
    if (entry != NULL)
        code = run_program(config, &(struct program){entry, argc, argv});
    dlclose(program);
    return code;
}

/* --- demo and bench -------------------------------------------------------------------------- */

/** A command that runs what the project brings along: options only. */
static int command_own(const char *command, struct belfry_config *config, int argc, char **argv)
{
    const bool demo = strcmp(command, "demo") == 0;
    int code;

    if (argc != 0) {
        fprintf(stderr, "belfry %s: \"%s\" is not expected; it takes options only\n", command,
                argv[0]);
        return EXIT_BAD_INPUT;
    }
    if (asked.explore || config->explain != BELFRY_EXPLAIN_NOTHING) {
        fprintf(stderr, "belfry %s: option --%s is not expected; expected with belfry run\n",
                command, asked.explore ? "explore" : "explain");
        return EXIT_BAD_INPUT;
    }
    if (!demo && config->slots != 0) {
        fputs("belfry bench: option --slots is not expected; each run has its own number\n",
              stderr);
        return EXIT_BAD_INPUT;
    }
    config->replay = belfry_replay_line(command, config, 0, NULL);
    code = judge_contract(demo ? belfry_demo(config) : belfry_bench(config));
    if (code == EXIT_RUN_FAILED)
        belfry_print_replay(config);
    return code;
}

static bool is_command(const char *word)
{
    static const char *const commands[] = {"run", "explain", "demo", "bench"};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(word, commands[i]) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct belfry_config config = BELFRY_CONFIG_DEFAULT;
    const char *command;
    int code = take_options(&config, argc, argv);

    if (code >= 0)
        return code;
    if (optind == argc) {
        fputs(usage, stderr);
        return EXIT_BAD_INPUT;
    }
    command = argv[optind++];
    if (!is_command(command)) {
        fprintf(stderr, "belfry: \"%s\" is no command; expected run, explain, demo or bench "
                "(belfry --help)\n", command);
        return EXIT_BAD_INPUT;
    }
    argc -= optind - 1;
    argv += optind - 1;
    optind = 0;
    argv[0] = (char *)"belfry";
    code = take_options(&config, argc, argv);
    if (code >= 0)
        return code;
    if (strcmp(command, "explain") == 0)
        config.explain = BELFRY_EXPLAIN_ENDS;
    return strcmp(command, "run") == 0 || strcmp(command, "explain") == 0
               ? command_run(&config, argc - optind, argv + optind)
               : command_own(command, &config, argc - optind, argv + optind);
}
