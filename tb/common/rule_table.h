// SPDX-License-Identifier: MIT
//
// Table of rules and planted violations: each plant must break its rule, and no other.
//
// A checker says "rule NAME" in an $error. It is caught here, so that a run goes on after it.

#ifndef TB_COMMON_RULE_TABLE_H
#define TB_COMMON_RULE_TABLE_H

#include "rtl_test.h"

#include <set>
#include <unistd.h>

namespace rtl_test {

/// What is printed on standard output while it lives.
class Capture {
  public:
    Capture()
    {
        fflush(stdout);
        saved_ = dup(STDOUT_FILENO);
        file_ = tmpfile();
        if (saved_ < 0 || file_ == nullptr || dup2(fileno(file_), STDOUT_FILENO) < 0)
            fail(__FILE__, __LINE__, "standard output cannot be caught");
    }
    ~Capture()
    {
        fflush(stdout);
        dup2(saved_, STDOUT_FILENO);
        close(saved_);
        fclose(file_);
    }
    Capture(const Capture &) = delete;
    Capture &operator=(const Capture &) = delete;

    std::string text()
    {
        fflush(stdout);
        const long size = ftell(file_);
        std::string all(size_t(size < 0 ? 0 : size), '\0');
        rewind(file_);
        all.resize(fread(all.data(), 1, all.size(), file_));
        return all;
    }

  private:
    int saved_ = -1;
    FILE *file_ = nullptr;
};

/// The names after "rule " in the output of a checker.
inline std::set<std::string> rules_in(const std::string &text)
{
    std::set<std::string> rules;
    for (size_t at = text.find(": rule "); at != std::string::npos;
         at = text.find(": rule ", at + 1)) {
        const size_t from = at + 7;
        rules.insert(text.substr(from, text.find(':', from) - from));
    }
    return rules;
}

template <class T> struct Plant {
    const char *rule; ///< Empty: legal traffic.
    void (*drive)(T &);
};

/// A checker as top module: errors are counted, not fatal.
template <class T> std::string broken_by(void (*drive)(T &))
{
    T bench;
    bench.context.errorLimit(1 << 30);
    std::string names;
    std::string text;
    {
        Capture capture;
        drive(bench);
        bench.tick();
        text = capture.text();
    }
    for (const std::string &rule : rules_in(text))
        names += (names.empty() ? "" : " ") + rule;
    return names;
}

template <class T, size_t N> void run_table(const char *port, const Plant<T> (&plants)[N])
{
    for (const Plant<T> &plant : plants) {
        const std::string broken = broken_by<T>(plant.drive);
        if (broken != plant.rule)
            fail(__FILE__, __LINE__, std::string(port) + ": planted '" + plant.rule +
                                         "', the checker says '" + broken + "'");
    }
}

} // namespace rtl_test

#endif
