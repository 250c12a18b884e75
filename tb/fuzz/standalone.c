/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer: a fixed number of seeded inputs, or the files named.
 * usage: fuzz_X [--inputs N] [--seed S] [FILE ...]
 * An input that fails is left in fuzz-SEED-NUMBER.bin beside the log and named before it runs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024 };

static uint64_t state;

static uint64_t next_random(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/*
 * Random bytes rarely get anywhere: lead the way to a device, memory, a queue and a doorbell by
 * records (16 bytes: which call, then arguments) of mostly small numbers, and go on at random.
 */
static size_t make_input(uint8_t *input)
{
    static const uint8_t way[] = {0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8, 9, 10, 15, 15};
    size_t records = sizeof(way) + next_random() % 40, record, i, size = 0;
    unsigned wild = next_random() % 4 * 8; /* Of 100 bytes, how many may be anything. */

    for (record = 0; record < records; record++) {
        input[size++] = (uint8_t)(record < sizeof(way) && next_random() % 16 ? way[record]
                                                                             : next_random());
        for (i = 1; i < 16; i++)
            input[size++] = (uint8_t)(next_random() % 100 < wild ? next_random() : next_random() % 5);
    }
    return size;
}

static int run_file(const char *path)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        perror(path);
        return 2;
    }
    size = fread(data, 1, sizeof(data), file);
    fclose(file);
    return LLVMFuzzerTestOneInput(data, size);
}

static void save(const char *path, const uint8_t *input, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (file != NULL) {
        fwrite(input, 1, size, file);
        fclose(file);
    }
}

int main(int argc, char **argv)
{
    unsigned long inputs = 300, seed = 1, i;
    uint8_t input[INPUT_MAX];
    char path[64];
    int arg;

    for (arg = 1; arg + 1 < argc && strncmp(argv[arg], "--", 2) == 0; arg += 2) {
        if (strcmp(argv[arg], "--inputs") == 0)
            inputs = strtoul(argv[arg + 1], NULL, 0);
        else if (strcmp(argv[arg], "--seed") == 0)
            seed = strtoul(argv[arg + 1], NULL, 0);
        else
            break;
    }
    if (arg < argc)
        return run_file(argv[arg]);
    for (i = 0; i < inputs; i++) {
        size_t size;

        state = seed << 32 | i;
        size = make_input(input);
        snprintf(path, sizeof(path), "build/results/fuzz-%lu-%lu.bin", seed, i);
        save(path, input, size);
        LLVMFuzzerTestOneInput(input, size);
        remove(path);
    }
    printf("PASS fuzz.d3dkmt.%lu_inputs_of_seed_%lu\n", inputs, seed);
    return 0;
}
