// SPDX-License-Identifier: MIT
//
// Unit tests of RTL modules: one .cpp file, one Verilated module, one program.
//
// The first lines of a test file name what to verilate; rtl/bell.f gives the sources:
//     // top: bell_sched -GNumQueues=96 -GNumNodes=2
//
// RTL_TEST(stage, name) { ... } defines a test; CHECK and CHECK_EQ end it when they fail. Each test
// prints one line, "PASS stage.name" or "FAIL stage.name file:line what: expected E, got G".
// usage: test_x [--list] [part of a name ...]     exit code 1 if a test failed, 2 if none ran

#ifndef TB_COMMON_RTL_TEST_H
#define TB_COMMON_RTL_TEST_H

#include <verilated.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace rtl_test {

struct Test {
    std::string name;
    void (*run)();
};

struct Failure {
    std::string text;
};

inline std::vector<Test> &tests()
{
    static std::vector<Test> all;
    return all;
}

struct Register {
    Register(const char *stage, const char *name, void (*run)())
    {
        tests().push_back({std::string(stage) + "." + name, run});
    }
};

[[noreturn]] inline void fail(const char *file, int line, const std::string &text)
{
    throw Failure{std::string(file) + ":" + std::to_string(line) + " " + text};
}

inline std::string shown(uint64_t value)
{
    char text[48];
    snprintf(text, sizeof(text), "%llu (0x%llx)", (unsigned long long)value,
             (unsigned long long)value);
    return text;
}

inline void check_eq(const char *file, int line, const char *what, uint64_t got, uint64_t expected)
{
    if (got != expected) {
        fail(file, line,
             std::string(what) + ": expected " + shown(expected) + ", got " + shown(got));
    }
}

/// Bits of a port, whatever its width: packed structs come as one wide word.
inline uint64_t get_bits(const EData *words, unsigned lsb, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        value |= (uint64_t)(words[(lsb + i) / 32] >> ((lsb + i) % 32) & 1) << i;
    }
    return value;
}

inline void put_bits(EData *words, unsigned lsb, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++) {
        EData &word = words[(lsb + i) / 32];
        const EData bit = (EData)1 << ((lsb + i) % 32);
        word = (value >> i & 1) ? word | bit : word & ~bit;
    }
}

/// A module with clk_i and rst_ni. Set inputs, settle() to look at outputs, tick() for one clock.
template <class Dut> struct Bench {
    VerilatedContext context;
    Dut dut{&context};
    uint64_t clock = 0; ///< Rising edges so far.

    Bench()
    {
        dut.clk_i = 0;
        dut.rst_ni = 1;
        dut.eval();
        reset();
    }
    Bench(const Bench &) = delete;
    Bench &operator=(const Bench &) = delete;

    void reset()
    {
        dut.rst_ni = 0;
        tick();
        dut.rst_ni = 1;
        settle();
    }

    void settle() { dut.eval(); }

    void tick()
    {
        settle();
        dut.clk_i = 1;
        dut.eval();
        dut.clk_i = 0;
        dut.eval();
        clock++;
    }
};

inline bool wanted(const std::string &name, int argc, char **argv)
{
    bool filtered = false;
    for (int i = 1; i < argc; i++) {
        filtered = true;
        if (name.find(argv[i]) != std::string::npos) {
            return true;
        }
    }
    return !filtered;
}

inline int run_all(int argc, char **argv)
{
    int ran = 0;
    int failed = 0;
    const bool list = argc > 1 && strcmp(argv[1], "--list") == 0;

    for (const Test &test : tests()) {
        if (list) {
            printf("%s\n", test.name.c_str());
            ran++;
            continue;
        }
        if (!wanted(test.name, argc, argv)) {
            continue;
        }
        ran++;
        try {
            test.run();
            printf("PASS %s\n", test.name.c_str());
        } catch (const Failure &failure) {
            failed++;
            printf("FAIL %s %s\n", test.name.c_str(), failure.text.c_str());
        }
        fflush(stdout);
    }
    return failed ? 1 : (ran ? 0 : 2);
}

} // namespace rtl_test

#define RTL_TEST(stage, name)                                                                      \
    static void test_##stage##_##name();                                                           \
    static const rtl_test::Register register_##stage##_##name(#stage, #name,                       \
                                                              test_##stage##_##name);              \
    static void test_##stage##_##name()

#define CHECK_EQ(got, expected)                                                                    \
    rtl_test::check_eq(__FILE__, __LINE__, #got, (uint64_t)(got), (uint64_t)(expected))

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            rtl_test::fail(__FILE__, __LINE__, #condition ": expected true, got false");           \
        }                                                                                          \
    } while (0)

int main(int argc, char **argv)
{
    return rtl_test::run_all(argc, argv);
}

#endif
