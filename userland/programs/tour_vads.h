// The VAD tree of the running process, read from the kernel's own nodes.
#ifndef TOUR_VADS_H
#define TOUR_VADS_H

#include "tour_memory.h"

// The first seven words of every _MMVAD, and the two words that Vadose keeps behind it.
struct vad {
    DWORD start, end, parent, left, right, flags;
    DWORD summary, free_from;
};

static struct vad read_vad(DWORD node)
{
    struct vad vad = {0, 0, 0, 0, 0, 0, 0, 0};
    if (node == 0)
        return vad;
    for (int index = 0; index < 6; index++)
        (&vad.start)[index] = word_at(node + 4 * (DWORD)index);
    // Behind the largest form of a node, whatever this one's is.
    vad.summary = word_at(node + 0x34);
    vad.free_from = word_at(node + 0x38);
    return vad;
}

static DWORD vad_root(void)
{
    return word_at(current_process() + 0x11C);
}

// The node that covers a page, or 0.
static DWORD find_vad(DWORD page)
{
    DWORD node = vad_root();
    while (node != 0) {
        struct vad vad = read_vad(node);
        if (page >= vad.start && page <= vad.end)
            break;
        node = page < vad.start ? vad.left : vad.right;
    }
    return node;
}

static void show_vad(DWORD node, DWORD level, DWORD news)
{
    struct vad vad = read_vad(node);
    put(node == news ? " -> " : "    ");
    put_hex(node);
    put("  level ");
    put_decimal(level);
    put("  ");
    put_digits(vad.start, 5);
    put("-");
    put_digits(vad.end, 5);
    put(vad.flags >> 31 ? "  private  " : vad.flags >> 20 & 1 ? "  image    " : "  mapped   ");
    const char *protection = protection_name(vad.flags >> 24 & 31);
    if (vad.flags >> 30 & 1) {
        put_column(protection, 18);
        put("committed\n");
    } else {
        put(protection);
        put("\n");
    }
}

// Prints a subtree from its lowest address up and counts its nodes.
static DWORD show_tree(DWORD node, DWORD level, DWORD news)
{
    if (node == 0)
        return 0;
    struct vad vad = read_vad(node);
    DWORD count = show_tree(vad.left, level + 1, news);
    show_vad(node, level, news);
    return count + 1 + show_tree(vad.right, level + 1, news);
}

#endif
