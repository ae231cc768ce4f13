// The loader's three lists in the PEB are whole: forwards and backwards the same modules, each with its own image.
// expect: exit 0
#include "test.h"

typedef struct Link { struct Link *next, *previous; } Link;
typedef struct { USHORT length, maximum; WCHAR *buffer; } String;
typedef struct {
    Link links[3];
    char *base, *entry;
    DWORD size;
    String full, name;
    DWORD flags;
    USHORT count, slot;
} Module;
typedef struct { DWORD length, initialised, handle; Link lists[3]; } Loader;

static Loader *loader(void)
{
    char *process;
    __asm__("mov %%fs:0x30, %0" : "=r"(process));
    EXPECT(*(HMODULE *)(process + 8) == GetModuleHandleA(NULL));
    return *(Loader **)(process + 12);
}

static void walk(Link *list, int order, int expected)
{
    int count = 0;
    for (Link *link = list->next; link != list && count < 100; link = link->next, count++) {
        EXPECT(link->next->previous == link && link->previous->next == link);
        Module *module = (Module *)(link - order);
        EXPECT(module->base[0] == 'M' && module->size % PAGE == 0);
        EXPECT(GetModuleHandleW(module->full.buffer) == (HMODULE)module->base);
        EXPECT_EQUAL(module->name.buffer + module->name.length / 2, module->full.buffer + module->full.length / 2);
    }
    EXPECT_EQUAL(count, expected);
}

static void test(void)
{
    Loader *data = loader();
    EXPECT_EQUAL(data->length, 0x28);
    EXPECT_EQUAL(data->initialised, 1);
    walk(&data->lists[0], 0, 3);
    walk(&data->lists[1], 1, 3);
    walk(&data->lists[2], 2, 2);
    Module *program = (Module *)data->lists[0].next;
    EXPECT(program->base == (char *)GetModuleHandleA(NULL));
    EXPECT_EQUAL(program->count, 0xFFFF);
    EXPECT(program->entry == (char *)mainCRTStartup);
    Module *first = (Module *)(data->lists[2].next - 2);
    EXPECT(first->base == (char *)GetModuleHandleA("ntdll.dll"));
}
