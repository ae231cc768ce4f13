// tour: short guided walks through the memory manager. Each prints what it does and shows the kernel's own words: PTEs,
// frames and VADs, read through NtSystemDebugControl, which answers where the kernel was started with the option `debug`.
//
// With --stop, `tour_stop` is called after every page-table entry that was printed, for a debugger to compare.
#include "tour_address_space.h"
#include "tour_heap.h"
#include "tour_translate.h"

// The next word of a command line, cut off in place; empty at the end. The tours' words need no quotes, the program's
// path may have them.
static char *next_word(char **rest)
{
    char *at = *rest;
    while (*at == ' ' || *at == '\t')
        at++;
    char end = ' ';
    if (*at == '"') {
        end = '"';
        at++;
    }
    char *word = at;
    while (*at != 0 && *at != end && (end == '"' || *at != '\t'))
        at++;
    if (*at != 0)
        *at++ = 0;
    *rest = at;
    return word;
}

static BOOL same(const char *text, const char *other)
{
    return lstrcmpiA(text, other) == 0;
}

static DWORD list_tours(void)
{
    put("tour address-space     the four partitions, and how a free range is found\n"
        "tour heap              a block of the heap, and the page under it before and after its first touch\n"
        "tour translate ADDRESS the way from an address to a byte of RAM: 2-9-9-12 by hand\n"
        "\nEach needs the kernel option debug. --stop lets a debugger look at each page-table entry.\n");
    return 0;
}

static DWORD run(char *line)
{
    next_word(&line);
    char *name = next_word(&line);
    if (same(name, "--stop")) {
        stops = TRUE;
        name = next_word(&line);
    }
    if (*name == 0)
        return list_tours();
    BOOL known = same(name, "address-space") || same(name, "heap") || same(name, "translate");
    if (!known) {
        put("tour: there is no tour of that name\n\n");
        list_tours();
        return 2;
    }
    DWORD word;
    NTSTATUS status = read_virtual(0xFFDFF01C, &word, sizeof word);
    if (status != 0) {
        put("tour: the kernel does not let programs read its memory (");
        put_status(status);
        put("): start it with the option debug\n");
        return 3;
    }
    if (same(name, "address-space"))
        return tour_address_space();
    return same(name, "heap") ? tour_heap() : tour_translate(next_word(&line));
}

void mainCRTStartup(void)
{
    char line[1024];
    lstrcpynA(line, GetCommandLineA(), sizeof line);
    ExitProcess(run(line));
}
