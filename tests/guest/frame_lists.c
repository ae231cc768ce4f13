// NtQuerySystemInformation tells where frames are and where they went: the lengths of the lists as Vista does, and under classes
// of this system's own the states of frames and their moves.
// expect: exit 0
#include "test.h"

NTSTATUS NTAPI NtQuerySystemInformation(ULONG class, PVOID buffer, ULONG length, ULONG *done);

enum { BASIC = 0, LISTS = 80, STATES = 0x1000, EVENTS = 0x1001 };
enum { ACTIVE = 6, PRIVATE = 1 };
#define UNTOUCHED 0xDDDDDDDD

static DWORD words[4 + 4 * 4096];
static BYTE states[8 + 0x10000];
static BYTE *pages;

static NTSTATUS ask(ULONG class, void *buffer, DWORD length, DWORD *done)
{
    *done = UNTOUCHED;
    return NtQuerySystemInformation(class, buffer, length, done);
}

static void lists(void)
{
    DWORD done, before[21], basic[11];
    EXPECT_EQUAL(ask(LISTS, before, sizeof before, &done), SUCCESS);
    EXPECT_EQUAL(done, sizeof before);
    DWORD standby = 0;
    for (int priority = 5; priority < 13; priority++)
        standby += before[priority];
    EXPECT_EQUAL(NtQuerySystemInformation(BASIC, basic, sizeof basic, NULL), SUCCESS);
    DWORD listed = before[0] + before[1] + standby + before[2] + before[3] + before[4];
    EXPECT(listed > 0 && listed < basic[3]);
    // Pages that are touched leave Zeroed and Free.
    for (DWORD page = 0; page < 64; page++)
        pages[page * PAGE] = 1;
    DWORD after[21];
    EXPECT_EQUAL(ask(LISTS, after, sizeof after, &done), SUCCESS);
    EXPECT(after[0] + after[1] + 60 < before[0] + before[1]);
    EXPECT_EQUAL(ask(LISTS, after, sizeof after - 1, &done), LENGTH_MISMATCH);
    EXPECT_EQUAL(ask(LISTS, after, 0, &done), LENGTH_MISMATCH);
    EXPECT_EQUAL(done, UNTOUCHED);
    EXPECT_EQUAL(ask(LISTS, NULL, sizeof after, &done), VIOLATION);
    EXPECT_EQUAL(ask(LISTS, (PVOID)0x81000000, sizeof after, &done), VIOLATION);
    EXPECT_EQUAL(NtQuerySystemInformation(LISTS, after, sizeof after, (ULONG *)0x81000000), VIOLATION);
}

// What all frames add up to, asked for in pieces.
static void count_states(void)
{
    DWORD basic[11], done, counts[8] = {0}, frames = 0, active_private = 0;
    EXPECT_EQUAL(NtQuerySystemInformation(BASIC, basic, sizeof basic, NULL), SUCCESS);
    DWORD *header = (DWORD *)states;
    for (DWORD first = 0;; first += header[1]) {
        header[0] = first;
        header[1] = UNTOUCHED;
        EXPECT_EQUAL(ask(STATES, states, sizeof states - 5, &done), SUCCESS);
        EXPECT_EQUAL(header[0], first);
        EXPECT_EQUAL(done, 8 + header[1]);
        EXPECT(header[1] <= sizeof states - 13);
        if (header[1] == 0 || header[1] > sizeof states)
            break;
        for (DWORD index = 0; index < header[1]; index++) {
            BYTE state = states[8 + index];
            if (state == 0xFF)
                continue;
            frames++;
            counts[state & 7]++;
            active_private += (state & 7) == ACTIVE && (state >> 3 & 7) == PRIVATE;
        }
    }
    // The number of frames, and of the last one.
    EXPECT_EQUAL(frames, basic[3]);
    header[0] = basic[5];
    EXPECT_EQUAL(ask(STATES, states, sizeof states, &done), SUCCESS);
    EXPECT_EQUAL(header[1], 1);
    EXPECT(states[8] != 0xFF);
    EXPECT(active_private >= 64);
    EXPECT(counts[ACTIVE] > active_private);
}

static void refuse_states(void)
{
    DWORD done, *header = (DWORD *)states;
    for (DWORD length = 0; length < 8; length++)
        EXPECT_EQUAL(ask(STATES, states, length, &done), LENGTH_MISMATCH);
    EXPECT_EQUAL(ask(STATES, NULL, sizeof states, &done), VIOLATION);
    EXPECT_EQUAL(ask(STATES, (PVOID)0x81000000, sizeof states, &done), VIOLATION);
    EXPECT_EQUAL(ask(STATES, (PVOID)0xFFFFFFF0, 0x20, &done), VIOLATION);
    header[0] = header[1] = 0xFFFFFFFF;
    EXPECT_EQUAL(ask(STATES, states, sizeof states, &done), SUCCESS);
    EXPECT(header[0] == 0xFFFFFFFF && header[1] == 0 && done == 8);
    header[0] = 0;
    EXPECT_EQUAL(ask(STATES, states, 8, &done), SUCCESS);
    EXPECT(header[1] == 0 && done == 8);
    // Into a reserved page the first states still fit.
    BYTE *two = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    VirtualAlloc(two, PAGE, MEM_COMMIT, PAGE_READWRITE);
    *(DWORD *)two = 0;
    EXPECT_EQUAL(ask(STATES, two, 2 * PAGE, &done), VIOLATION);
    EXPECT_EQUAL(done, UNTOUCHED);
    VirtualFree(two, 0, MEM_RELEASE);
}

// The address of the PTE of an address, as the self-map has it.
static DWORD pte_of(const void *address)
{
    return 0xC0000000 + ((DWORD)address >> 12 << 3);
}

static void moves(void)
{
    DWORD done;
    words[0] = 0x7FFFFFFF;
    EXPECT_EQUAL(ask(EVENTS, words, 16, &done), SUCCESS);
    DWORD now = words[3];
    EXPECT(words[0] == now && words[1] == 0 && words[2] == 0 && done == 16);
    pages[100 * PAGE] = 1;
    VirtualFree(pages + 100 * PAGE, PAGE, MEM_DECOMMIT);
    words[0] = now;
    EXPECT_EQUAL(ask(EVENTS, words, sizeof words, &done), SUCCESS);
    EXPECT_EQUAL(words[0], now);
    EXPECT_EQUAL(words[2], 0);
    EXPECT(words[1] >= 2 && words[3] - now >= words[1]);
    EXPECT_EQUAL(done, 16 + 16 * words[1]);
    // The page got a frame, and gave it back: bit 0 of the address says that it was deleted.
    DWORD seen = 0, frame = 0;
    for (DWORD *record = words + 4; record < words + 4 + 4 * words[1]; record += 4) {
        BYTE from = record[3] >> 8 & 7, to = record[3] >> 24 & 7;
        EXPECT_EQUAL(record[0], now + (record - words - 4) / 4);
        if (record[2] == pte_of(pages + 100 * PAGE)) {
            EXPECT(seen == 0 && record[1] >> 24 == 0 && from <= 1 && to == ACTIVE);
            frame = record[1];
            seen = 1;
        } else if (record[2] == (pte_of(pages + 100 * PAGE) | 1)) {
            EXPECT(seen == 1 && record[1] == frame && from == ACTIVE && to == 1);
            seen = 2;
        }
    }
    EXPECT_EQUAL(seen, 2);
}

static void lost_moves(void)
{
    DWORD done;
    words[0] = 0x7FFFFFFF;
    EXPECT_EQUAL(ask(EVENTS, words, 16, &done), SUCCESS);
    DWORD now = words[3];
    for (int round = 0; round < 3000; round++) {
        pages[101 * PAGE] = 1;
        VirtualFree(pages + 101 * PAGE, PAGE, MEM_DECOMMIT);
        VirtualAlloc(pages + 101 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    }
    words[0] = now;
    EXPECT_EQUAL(ask(EVENTS, words, 16 + 16 * 10 + 15, &done), SUCCESS);
    EXPECT(words[1] == 10 && done == 16 + 160 && words[2] >= 6000 - 4096);
    EXPECT(words[0] == now + words[2] && words[3] - words[0] >= 4096);
    for (DWORD length = 0; length < 16; length++)
        EXPECT_EQUAL(ask(EVENTS, words, length, &done), LENGTH_MISMATCH);
    EXPECT_EQUAL(ask(EVENTS, NULL, sizeof words, &done), VIOLATION);
    EXPECT_EQUAL(ask(EVENTS, (PVOID)0x81000000, sizeof words, &done), VIOLATION);
    EXPECT_EQUAL(ask(0x1002, words, sizeof words, &done), BAD_INFO_CLASS);
}

static void test(void)
{
    pages = VirtualAlloc(NULL, 102 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    lists();
    count_states();
    refuse_states();
    moves();
    lost_moves();
}
