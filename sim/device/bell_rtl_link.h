/* SPDX-License-Identifier: MIT */
/**
 * @file bell_rtl_link.h
 * @brief What the pin drivers of the Verilated core share: the host, the clock, the event hash.
 */
#ifndef BELL_RTL_LINK_H
#define BELL_RTL_LINK_H

#include "bell_device_hash.h"
#include "bell_device_impl.h"
#include "bell_rtl_lockstep.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace bell {

/// Nothing of this kind is going to happen.
constexpr uint64_t kNever = UINT64_MAX;

struct Link {
    struct bell_device_host host;
    uint64_t cycle = 0; ///< The clock being performed, counted from 0.
    uint64_t hash = BELL_HASH_SEED;
    Lockstep lockstep;
    bool stop = false; ///< step() is to return after this clock.

    void note(enum bell_hash_action action, uint64_t a, uint64_t b)
    {
        hash = bell_hash_action(hash, action, cycle, a, b);
    }
};

/// The core broke a rule of its own buses: no run can go on from there.
[[noreturn]] inline void broken(const Link &link, const char *what)
{
    std::fprintf(stderr, "device rtl: cycle %llu: %s\n",
                 static_cast<unsigned long long>(link.cycle), what);
    std::abort();
}

/// Growing queue; elements are numbered from 0 for ever, and erased from the front.
template <typename T> class Fifo {
  public:
    ~Fifo() { delete[] slots_; }
    Fifo() = default;
    Fifo(const Fifo &) = delete;
    Fifo &operator=(const Fifo &) = delete;

    uint64_t head() const { return head_; }
    uint64_t tail() const { return tail_; }
    bool empty() const { return head_ == tail_; }
    T &operator[](uint64_t index) { return slots_[index & (size_ - 1)]; }
    void pop() { ++head_; }
    void push(const T &value)
    {
        if (tail_ - head_ == size_)
            grow();
        (*this)[tail_++] = value;
    }

  private:
    void grow()
    {
        T *slots = new T[size_ * 2];
        for (uint64_t i = head_; i != tail_; ++i)
            slots[i & (size_ * 2 - 1)] = slots_[i & (size_ - 1)];
        delete[] slots_;
        slots_ = slots;
        size_ *= 2;
    }

    uint64_t head_ = 0;
    uint64_t tail_ = 0;
    uint64_t size_ = 64; // Power of two.
    T *slots_ = new T[64];
};

} // namespace bell
#endif
