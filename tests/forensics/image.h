// For the programs of the images with known answers: each says what it has hidden, a line each, and then that all is set.
//
//   finding name=code pid=44 va=3d0000 length=13
//
// `va` and `length` are hexadecimal.
#ifndef IMAGE_H
#define IMAGE_H

#include <windows.h>

#define PAGE 4096u

static inline void put(const char *text) {
    DWORD written;
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, lstrlenA(text), &written, NULL);
}

static inline void fail(const char *what) {
    DWORD written;
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), what, lstrlenA(what), &written, NULL);
    ExitProcess(1);
}

static inline char *append(char *to, const char *text) {
    lstrcpyA(to, text);
    return to + lstrlenA(to);
}

static inline char *append_number(char *to, DWORD number, DWORD base) {
    char digits[16];
    unsigned at = sizeof digits;
    digits[--at] = 0;
    do digits[--at] = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    return append(to, digits + at);
}

static inline void finding(const char *name, DWORD pid, const volatile void *address, DWORD length) {
    char line[160], *at = append(append(line, "finding name="), name);
    at = append_number(append(at, " pid="), pid, 10);
    at = append_number(append(at, " va="), (DWORD)address, 16);
    at = append_number(append(at, " length="), length, 16);
    append(at, "\n");
    put(line);
}

static inline void wait_for_ever(void) {
    for (;;) Sleep(INFINITE);
}

static inline void all_set(void) {
    put("the image is set\n");
    wait_for_ever();
}

// What page `index` of the pattern consists of: no two are the same, and none is full of zeros.
static inline void fill(char *page, unsigned index) {
    for (unsigned word = 0; word < PAGE / 4; word++) ((unsigned *)page)[word] = index * 2654435761u + word * 40503u + 1;
}

// Starts victim.exe; `event` is what it sets when it runs.
static inline PROCESS_INFORMATION start_victim(DWORD flags, HANDLE *event) {
    char line[] = "victim.exe";
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    *event = CreateEventA(NULL, TRUE, FALSE, "image.victim");
    if (!*event || !CreateProcessA("C:\\victim.exe", line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &process)) fail("no victim\n");
    return process;
}

static inline void wait_until(HANDLE event, HANDLE process) {
    HANDLE both[] = {event, process};
    if (WaitForMultipleObjects(2, both, FALSE, INFINITE) != WAIT_OBJECT_0) fail("the victim ended\n");
}

static inline void write_there(HANDLE process, void *there, const void *bytes, DWORD length) {
    SIZE_T done;
    if (!WriteProcessMemory(process, there, bytes, length, &done) || done != length) fail("not written\n");
}

#endif
