// SPDX-License-Identifier: MIT
// What the model reads is what the RTL read, early or not: addresses and PASIDs must agree.

#include "bell_lockstep_inside.h"

#include <string.h>

#define ENTRY_WORDS (BELL_ENTRY_BYTES / 8)
#define PACKET_WORDS (BELL_PACKET_BYTES / 8)

static const char *const reader_names[BELL_READERS] = {"ring read", "command read", "copy read"};

/* Report a word that was read, in place of the action that showed it. */
static void differ(struct bell_lockstep *lockstep, uint32_t node, enum bell_model_reader unit,
                   const struct bell_lockstep_word *word, uint64_t addr, uint32_t pasid)
{
    const struct bell_lockstep_action read = {
        .kind = BELL_SAW_READ,
        .cycle = word->cycle,
        .node = node,
        .queue = lockstep->model->nodes[node].queue,
        .unit = unit,
        .pasid = word->pasid,
        .size = sizeof word->data,
        .resp = (enum bell_resp)word->resp,
        .addr = word->addr,
        .data = {word->data},
    };
    const struct bell_lockstep_action *now = lockstep->now;

    lockstep->now = &read;
    bell_lockstep_differ(lockstep, reader_names[unit], "reads at 0x%llx for PASID %u%s",
                         (unsigned long long)addr, pasid,
                         word->addr != addr || word->pasid != pasid ? ""
                         : unit == BELL_READS_RING
                             ? ", again: the copy that was read beside WPTR is no good"
                             : ", once the writes before it are answered");
    lockstep->now = now;
}

static const struct bell_lockstep_word *first_bad(const struct bell_lockstep_words *words,
                                                  size_t count)
{
    for (size_t i = 0; i < count && i < words->count; i++)
        if (bell_lockstep_at(words, i)->resp != BELL_RESP_OKAY)
            return bell_lockstep_at(words, i);
    return NULL;
}

bool bell_lockstep_copy_failed(const struct bell_lockstep_node *node)
{
    const struct bell_lockstep_words *words = &node->reads[BELL_READS_COPY];

    return first_bad(words, words->count) != NULL;
}

/* Words that the open read can be answered with now; an error ends what is answered at once. */
static size_t available(const struct bell_lockstep_node *node)
{
    const struct bell_lockstep_words *words = &node->reads[node->asked.unit];
    const size_t unit = node->asked.unit == BELL_READS_COMMANDS ? PACKET_WORDS
                        : node->asked.unit == BELL_READS_COPY   ? 1
                                                                : node->asked.size / 8;
    size_t count = 0;

    while (count + unit <= words->count && (count + unit) * 8 <= node->asked.size) {
        count += unit;
        if (first_bad(words, count))
            return count == unit ? count : count - unit;
    }
    return count;
}

/* ------------------------------------------------------------------ early entries */

static struct bell_ring_entry entry_at(const struct bell_lockstep_words *words, size_t index)
{
    return (struct bell_ring_entry){bell_lockstep_at(words, index)->data,
                                    bell_lockstep_at(words, index + 1)->data};
}

/*
 * Early entry `count` of the turn, whose words are at `index`, names a command buffer. A first word of
 * zero proves nothing: a ring that was never written has the tag of count 0.
 */
static bool is_good(const struct bell_lockstep *lockstep, uint32_t n, size_t index, uint64_t count)
{
    const struct bell_lockstep_words *words = &lockstep->nodes[n].reads[BELL_READS_RING];
    const struct bell_ring_entry entry = entry_at(words, index);

    return bell_lockstep_at(words, index)->resp == BELL_RESP_OKAY &&
           bell_lockstep_at(words, index + 1)->resp == BELL_RESP_OKAY && entry.word0 != 0 &&
           bell_model_entry_is_good(&entry, lockstep->nodes[n].first + count,
                                    count ? 0 : lockstep->model->nodes[n].resume.offset);
}

/* A ring so large that the tag cannot tell one lap from the next is not read early. */
static uint64_t early_entries(const struct bell_lockstep *lockstep, uint32_t n)
{
    const struct bell_model_queue *queue =
        &lockstep->model->sched.queues[lockstep->model->nodes[n].queue];

    if (BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_LOG2_ENTRIES) >=
        BELL_MODEL_MAX_LOG2_ENTRIES)
        return 0;
    return lockstep->nodes[n].early;
}

/* Asked for before WPTR can have been there. How long the answers take under load is not known. */
static bool is_early(const struct bell_lockstep *lockstep, uint64_t cycle, uint64_t sample)
{
    return cycle + BELL_LOCKSTEP_SETTLE < sample + lockstep->model->config.dma_latency;
}

/* An early copy that is no good is not what the turn goes by. */
static bool is_stale(const struct bell_lockstep *lockstep, uint32_t n)
{
    const struct bell_lockstep_node *node = &lockstep->nodes[n];
    const struct bell_lockstep_words *words = &node->reads[BELL_READS_RING];

    return node->asked.unit == BELL_READS_RING && node->sampled &&
           !lockstep->model->nodes[n].abort && words->count >= ENTRY_WORDS &&
           is_early(lockstep, bell_lockstep_at(words, 0)->cycle, node->sampled_at) &&
           !is_good(lockstep, n, 0, node->entries);
}

/*
 * Of the early copies, one that is no good ends what counts: it and what came after it are read
 * again, and so are those before it that had not gone to the engine by then.
 */
static void reread(struct bell_lockstep *lockstep, uint32_t n)
{
    struct bell_lockstep_node *node = &lockstep->nodes[n];
    struct bell_lockstep_words *words = &node->reads[BELL_READS_RING];
    const struct bell_model_queue *queue =
        &lockstep->model->sched.queues[lockstep->model->nodes[n].queue];
    const uint64_t early = early_entries(lockstep, n);
    size_t index = !node->sampled;
    size_t again = words->count;

    for (uint64_t count = node->entries; index + ENTRY_WORDS <= words->count && count < early;
         index += ENTRY_WORDS, count++) {
        if (again == words->count &&
            lockstep->now->addr == bell_model_entry_addr(queue, node->first + count))
            again = index;
        if (again == words->count || is_good(lockstep, n, index, count))
            continue;
        words->count = again;
        node->reread = true;
        return;
    }
}

/* Before the sample, no more entries than the last turn may have left. */
static bool is_too_early(const struct bell_lockstep *lockstep, uint32_t n)
{
    const struct bell_lockstep_node *node = &lockstep->nodes[n];
    const struct bell_lockstep_words *words = &node->reads[BELL_READS_RING];

    return !node->sampled && words->count &&
           words->count >= 1 + ENTRY_WORDS * early_entries(lockstep, n) &&
           is_early(lockstep, lockstep->now->cycle, bell_lockstep_at(words, 0)->cycle);
}

void bell_lockstep_ring_read(struct bell_lockstep *lockstep, uint32_t n)
{
    if (!lockstep->nodes[n].reread)
        reread(lockstep, n);
    if (is_too_early(lockstep, n))
        bell_lockstep_differ(lockstep, "ring read", "reads this entry once it knows WPTR");
}

void bell_lockstep_ring_left(struct bell_lockstep *lockstep, uint32_t n)
{
    const struct bell_model_node *node = &lockstep->model->nodes[n];
    const uint64_t left = node->wptr - node->rptr;

    lockstep->nodes[n].left = left < BELL_LOCKSTEP_EARLY ? left : BELL_LOCKSTEP_EARLY;
}

/* ------------------------------------------------------------------ answers */

static void answer(struct bell_lockstep *lockstep, uint32_t n,
                   const struct bell_model_dma_access *access)
{
    struct bell_lockstep_node *node = &lockstep->nodes[n];

    if (node->asked.unit == BELL_READS_COPY)
        node->copy_next = node->asked.addr + access->size;
    if (node->asked.unit == BELL_READS_COMMANDS)
        node->next_command = node->asked.addr + access->size;
    else if (node->asked.unit == BELL_READS_RING && node->sampled)
        node->entries++;
    if (node->asked.unit == BELL_READS_RING)
        node->sampled = true;
    node->asked.open = false;
    bell_model_node_answer(lockstep->model, &lockstep->model->nodes[n], access);
}

bool bell_lockstep_answer_read(struct bell_lockstep *lockstep, uint32_t n)
{
    struct bell_lockstep_node *node = &lockstep->nodes[n];
    struct bell_lockstep_words *words = &node->reads[node->asked.unit];
    struct bell_model_dma_access access = {.addr = node->asked.addr, .pasid = node->asked.pasid};
    const bool failing = lockstep->now->kind == BELL_SAW_EVENT &&
                         node->asked.unit == BELL_READS_COPY && bell_lockstep_copy_failed(node);
    const size_t count = failing ? words->count : available(node);

    if (is_stale(lockstep, n)) {
        differ(lockstep, n, BELL_READS_RING, bell_lockstep_at(words, 0), node->asked.addr,
               node->asked.pasid);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        const struct bell_lockstep_word word = bell_lockstep_pop(words);

        if (node->asked.unit == BELL_READS_RING && !node->sampled)
            node->sampled_at = word.cycle;
        if (lockstep->model->nodes[n].state == BELL_MODEL_WAITED)
            node->fence_at = word.cycle;
        if (word.addr != node->asked.addr + 8 * i || word.pasid != node->asked.pasid) {
            differ(lockstep, n, node->asked.unit, &word, node->asked.addr + 8 * i,
                   node->asked.pasid);
            return true;
        }
        if (node->asked.unit == BELL_READS_COPY &&
            bell_lockstep_asked_at(lockstep, word.cycle) <= node->copy_after) {
            differ(lockstep, n, node->asked.unit, &word, word.addr, word.pasid);
            return true;
        }
        if (!failing)
            memcpy(&access.data[8 * i], &word.data, sizeof word.data);
        if (word.resp != BELL_RESP_OKAY && access.resp == BELL_RESP_OKAY) {
            access.resp = (enum bell_resp)word.resp;
            access.addr = word.addr;
        }
    }
    access.size = failing ? 0 : (uint32_t)count * 8;
    if (count)
        answer(lockstep, n, &access);
    return count != 0;
}

/* ------------------------------------------------------------------ leftovers */

/* Walks through the command words that the turn could still have come to. */
struct ahead {
    uint64_t addr;
    uint64_t end;
    uint64_t rptr; /* Of the next entry. */
    size_t entry;  /* Where its words are among the leftover reads of the ring. */
};

static bool next_buffer(const struct bell_lockstep_node *own, struct ahead *ahead)
{
    const struct bell_lockstep_words *ring = &own->reads[BELL_READS_RING];
    const uint32_t offset = ahead->rptr == own->first ? own->offset : 0;
    struct bell_ring_entry entry;

    if (ahead->entry + ENTRY_WORDS > ring->count)
        return false;
    entry = entry_at(ring, ahead->entry);
    if (!bell_model_entry_is_good(&entry, ahead->rptr, offset))
        return false;
    ahead->end = BELL_FIELD_GET(entry.word0, BELL_ENTRY_WORD0_ADDR);
    ahead->addr = ahead->end + offset;
    ahead->end += BELL_FIELD_GET(entry.word1, BELL_ENTRY_WORD1_LENGTH);
    ahead->entry += ENTRY_WORDS;
    ahead->rptr++;
    return true;
}

static void command_leftovers(struct bell_lockstep *lockstep, uint32_t n)
{
    const struct bell_lockstep_node *own = &lockstep->nodes[n];
    const struct bell_lockstep_words *words = &own->reads[BELL_READS_COMMANDS];
    const struct bell_model_node *node = &lockstep->model->nodes[n];
    struct ahead ahead = {
        .addr = own->next_command ? own->next_command : node->packet_addr,
        .end = node->packet_end,
        .rptr = own->first + own->entries,
    };

    for (size_t i = 0; i < words->count && !lockstep->over; i++) {
        const struct bell_lockstep_word *word = bell_lockstep_at(words, i);

        if (ahead.addr == ahead.end && !next_buffer(own, &ahead))
            differ(lockstep, n, BELL_READS_COMMANDS, word, 0, node->pasid);
        else if (word->addr != ahead.addr || word->pasid != node->pasid)
            differ(lockstep, n, BELL_READS_COMMANDS, word, ahead.addr, node->pasid);
        ahead.addr += 8;
    }
}

/* Where the RTL may read word `index` of what the model has not read of the ring. */
static uint64_t ring_addr(const struct bell_lockstep *lockstep, uint32_t n, size_t index)
{
    const struct bell_lockstep_node *own = &lockstep->nodes[n];
    const struct bell_model_queue *queue =
        &lockstep->model->sched.queues[lockstep->model->nodes[n].queue];

    if (!own->sampled && index == 0)
        return queue->control + BELL_CONTROL_WPTR_OFFSET;
    index -= !own->sampled;
    return bell_model_entry_addr(queue, own->first + own->entries + index / ENTRY_WORDS) +
           8 * (index % ENTRY_WORDS);
}

static void ring_leftovers(struct bell_lockstep *lockstep, uint32_t n)
{
    const struct bell_lockstep_words *words = &lockstep->nodes[n].reads[BELL_READS_RING];
    const uint32_t pasid = lockstep->model->nodes[n].ring_pasid;

    for (size_t i = 0; i < words->count && !lockstep->over; i++) {
        const struct bell_lockstep_word *word = bell_lockstep_at(words, i);

        if (word->addr != ring_addr(lockstep, n, i) || word->pasid != pasid)
            differ(lockstep, n, BELL_READS_RING, word, ring_addr(lockstep, n, i), pasid);
    }
}

static void copy_leftovers(struct bell_lockstep *lockstep, uint32_t n)
{
    const struct bell_model_node *node = &lockstep->model->nodes[n];
    const struct bell_lockstep_words *words = &lockstep->nodes[n].reads[BELL_READS_COPY];

    for (size_t i = 0; i < words->count && !lockstep->over; i++) {
        const struct bell_lockstep_word *word = bell_lockstep_at(words, i);

        if (word->addr - node->src >= node->bytes || word->pasid != node->pasid)
            differ(lockstep, n, BELL_READS_COPY, word, node->src, node->pasid);
    }
}

void bell_lockstep_leftovers(struct bell_lockstep *lockstep, uint32_t n)
{
    ring_leftovers(lockstep, n);
    command_leftovers(lockstep, n);
    copy_leftovers(lockstep, n);
}
