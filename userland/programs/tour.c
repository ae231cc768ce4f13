// tour: short guided walks through the memory manager. Each prints what it does and shows the kernel's own words: PTEs,
// frames and VADs, read through NtSystemDebugControl, which answers where the kernel was started with the option `debug`.
//
// With --stop, `tour_stop` is called after every page-table entry and share count that was printed, for a debugger to compare.
// With --break, `tour cow` stops for the kernel's own debugger while something is wrong. --other is what it starts itself with.
#include "tour_address_space.h"
#include "tour_cow.h"
#include "tour_heap.h"
#include "tour_mapped_file.h"
#include "tour_page_life.h"
#include "tour_shared_memory.h"
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
        "tour cow               two processes and a page of a DLL: copy on write, and past it\n"
        "tour shared-memory     a section without a file, and two processes that map it\n"
        "tour mapped-file       a file as memory: its pages in views, and in ReadFile and WriteFile\n"
        "tour page-life         a page through working set, lists and paging file, and back\n"
        "tour translate ADDRESS the way from an address to a byte of RAM: 2-9-9-12 by hand\n"
        "\nEach needs the kernel option debug. --stop lets a debugger look at each page-table entry.\n");
    return 0;
}

// A decimal number that another tour wrote.
static DWORD number_in(const char *text)
{
    DWORD number = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (DWORD)(*text - '0');
    return number;
}

static DWORD run(char *line)
{
    next_word(&line);
    char *name = next_word(&line);
    BOOL stop_inside = same(name, "--break");
    if (same(name, "--other"))
        return be_the_other(number_in(next_word(&line)));
    if (same(name, "--stop") || stop_inside) {
        stops = !stop_inside;
        name = next_word(&line);
    }
    if (*name == 0)
        return list_tours();
    BOOL one_of_memory = same(name, "cow") || same(name, "shared-memory") || same(name, "mapped-file");
    BOOL known = one_of_memory || same(name, "page-life") || same(name, "address-space") || same(name, "heap") || same(name, "translate");
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
    if (same(name, "cow"))
        return tour_cow(stop_inside);
    if (one_of_memory)
        return same(name, "mapped-file") ? tour_mapped_file() : tour_shared_memory();
    if (same(name, "page-life"))
        return tour_page_life();
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
