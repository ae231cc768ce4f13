// Exceptions as Visual C++ compiles them: functions whose tables and frames are written out by hand throw, catch and clean up.
// expect: exit 0
// stdout: caught, undone and destroyed as they should be
#include <windows.h>
#include "crt_check.h"

typedef struct { const void *functions, *spare; char name[8]; } type;
typedef struct { DWORD properties; const type *what; int offset, table, entry; DWORD size; void *copy; } kind;
typedef struct { DWORD count; const kind *kinds[2]; } kinds;
typedef struct { DWORD qualifiers; void *destructor, *compatible; const kinds *list; } description;
typedef struct { DWORD adjectives; const type *what; int variable; void *code; } handler;
typedef struct { int low, high, last; DWORD count; const handler *handlers; } block;
typedef struct { int next; void *code; } undoing;
typedef struct { DWORD magic, count; const undoing *undo; DWORD tries; const block *blocks; DWORD places; void *map; } function;
typedef struct { DWORD first, base_value; } derived;

static int undone, destroyed, again, other;
static void (__stdcall *throw_it)(void *, const description *);
void *frame_handler, *seh_handler;

static const type number_type = {0, 0, ".H"}, base_type = {0, 0, ".?base"}, derived_type = {0, 0, ".?deriv"}, text_type = {0, 0, ".PAD"};

static void __attribute__((thiscall)) destroy(derived *object)
{
    destroyed += object->first;
}

static const kind as_number = {1, &number_type, 0, -1, 0, 4, 0}, as_derived = {0, &derived_type, 0, -1, 0, 8, 0},
    as_base = {0, &base_type, 4, -1, 0, 4, 0}, as_text = {1, &text_type, 0, -1, 0, 4, 0};
static const kinds number_kinds = {1, {&as_number}}, derived_kinds = {2, {&as_derived, &as_base}}, text_kinds = {1, {&as_text}};
static const description number_thrown = {0, 0, 0, &number_kinds}, derived_thrown = {0, destroy, 0, &derived_kinds},
    text_thrown = {0, 0, 0, &text_kinds};

// A frame: EBP - 4 the state, - 8 the handler, - 12 the next one, - 16 the stack pointer, - 20 the variable, - 24 the result.
#define FRAME(name) \
    int name(int (*body)(int), int argument); \
    extern char name##_number[], name##_base[], name##_all[], name##_undo[]; \
    static const handler name##_handlers[] = { \
        {0, &number_type, -20, name##_number}, {9, &base_type, -20, name##_base}, {0x40, 0, 0, name##_all}}; \
    static const undoing name##_undoing[] = {{-1, 0}, {0, name##_undo}, {-1, 0}}; \
    static const block name##_blocks[] = {{0, 1, 2, 3, name##_handlers}}; \
    const function name##_tables = {0x19930520, 3, name##_undoing, 1, name##_blocks, 0, 0}; \
    __asm__(".intel_syntax noprefix\n" \
        "_" #name "_asked: mov eax, offset _" #name "_tables\n jmp dword ptr [_frame_handler]\n" \
        "_" #name ": push ebp\n mov ebp, esp\n push -1\n push offset _" #name "_asked\n push dword ptr fs:[0]\n mov fs:[0], esp\n" \
        "sub esp, 12\n push ebx\n push esi\n push edi\n mov [ebp - 16], esp\n mov dword ptr [ebp - 4], 1\n" \
        "mov ebx, 0x1234\n push [ebp + 12]\n call [ebp + 8]\n add esp, 4\n mov [ebp - 24], eax\n" \
        "_" #name "_done: mov eax, [ebp - 24]\n mov ecx, [ebp - 12]\n mov fs:[0], ecx\n pop edi\n pop esi\n pop ebx\n leave\n ret\n" \
        "_" #name "_number: mov eax, [ebp - 20]\n add eax, 1000\n mov [ebp - 24], eax\n mov eax, offset _" #name "_done\n ret\n" \
        "_" #name "_base: push [ebp - 20]\n call _caught_base\n add esp, 4\n mov [ebp - 24], eax\n mov eax, offset _" #name "_done\n ret\n" \
        "_" #name "_all: mov dword ptr [ebp - 24], 3\n mov eax, offset _" #name "_done\n ret\n" \
        "_" #name "_undo: call _undo\n ret\n" \
        ".att_syntax prefix\n")

FRAME(inner);
FRAME(outer);

void undo(void)
{
    undone++;
}

static int throw_number(int value)
{
    int thrown = value;
    throw_it(&thrown, &number_thrown);
    return 0;
}

static int throw_derived(int value)
{
    derived thrown = {1, (DWORD)value};
    throw_it(&thrown, &derived_thrown);
    return 0;
}

static int throw_text(int value)
{
    const char *thrown = "text";
    throw_it(&thrown, &text_thrown);
    return value;
}

int caught_base(DWORD *base)
{
    CHECK(destroyed == 0);
    if (again-- == 1)
        throw_it(NULL, NULL);
    if (other)
        throw_number(other);
    return (int)*base + 2000;
}

static int fault(int address)
{
    return *(volatile int *)address;
}

static int quiet(int value)
{
    return value;
}

static int inner_throws(int value)
{
    return inner(throw_derived, value);
}

static int at(int (*frame)(int (*)(int), int), int (*body)(int), int value)
{
    void *before = ((NT_TIB *)NtCurrentTeb())->ExceptionList;
    undone = destroyed = 0;
    int result = frame(body, value);
    CHECK(((NT_TIB *)NtCurrentTeb())->ExceptionList == before);
    return result;
}

// A function with __try, __except around __try, __finally: EBP - 4 the block, - 8 the table, - 12 the handler, - 16 the next one, - 20
// the exception's pointers, - 24 the stack pointer.
static int finished, answer;
DWORD filtered;
typedef struct { int around; void *filter, *code; } seh_entry;
extern char seh_filter[], seh_except[], seh_finally[];
const seh_entry seh_table[] = {{-1, seh_filter, seh_except}, {0, 0, seh_finally}};
int guarded(int (*body)(int), int argument);
__asm__(".intel_syntax noprefix\n"
    "_guarded_asked: jmp dword ptr [_seh_handler]\n"
    "_guarded: push ebp\n mov ebp, esp\n push -1\n push offset _seh_table\n push offset _guarded_asked\n push dword ptr fs:[0]\n mov fs:[0], esp\n"
    "sub esp, 8\n push ebx\n push esi\n push edi\n mov [ebp - 24], esp\n mov dword ptr [ebp - 4], 1\n push [ebp + 12]\n call [ebp + 8]\n add esp, 4\n"
    "_guarded_done: mov ecx, [ebp - 16]\n mov fs:[0], ecx\n pop edi\n pop esi\n pop ebx\n leave\n ret\n"
    "_seh_filter: mov eax, [ebp - 20]\n mov eax, [eax]\n push [eax]\n call _choose\n add esp, 4\n ret\n"
    "_seh_except: mov esp, [ebp - 24]\n mov dword ptr [ebp - 4], -1\n mov eax, 77\n jmp _guarded_done\n"
    "_seh_finally: call _finish\n ret\n"
    ".att_syntax prefix\n");

int choose(DWORD code)
{
    filtered = code;
    return answer;
}

void finish(void)
{
    finished++;
}

static int guarded_fault(int value)
{
    return guarded(fault, value);
}

int main(void)
{
    HMODULE msvcrt = GetModuleHandleA("msvcrt.dll");
    throw_it = (void *)GetProcAddress(msvcrt, "_CxxThrowException");
    frame_handler = (void *)GetProcAddress(msvcrt, "__CxxFrameHandler");
    seh_handler = (void *)GetProcAddress(msvcrt, "_except_handler3");
    CHECK(throw_it != NULL && frame_handler != NULL && seh_handler != NULL);

    CHECK(at(inner, quiet, 5) == 5 && undone == 0);
    CHECK(at(inner, throw_number, 42) == 1042 && undone == 1);
    CHECK(at(inner, throw_derived, 7) == 2007 && undone == 1 && destroyed == 1);
    CHECK(at(inner, throw_text, 0) == 3 && undone == 1);
    CHECK(at(inner, fault, 0) == 3 && undone == 1);

    again = 1; // the inner catch throws it once more; the outer one keeps it
    CHECK(at(outer, inner_throws, 8) == 2008 && undone == 2 && destroyed == 1);
    again = 0;
    other = 9; // the inner catch throws something else
    CHECK(at(outer, inner_throws, 8) == 1009 && undone == 2 && destroyed == 1);
    other = 0;
    for (int index = 0; index < 1000; index++)
        CHECK(at(outer, inner_throws, index) == 2000 + index);

    answer = EXCEPTION_EXECUTE_HANDLER;
    CHECK(at(guarded, fault, 16) == 77 && finished == 1 && filtered == EXCEPTION_ACCESS_VIOLATION);
    answer = EXCEPTION_CONTINUE_SEARCH;
    CHECK(at(inner, guarded_fault, 16) == 3 && finished == 2 && undone == 1);
    if (failures == 0)
        printf("caught, undone and destroyed as they should be\n");
    return failures;
}
