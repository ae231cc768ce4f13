// Programs that are broken, started by another program: the refusal is the exit status of the child or no child at all.
// expect: exit 0
#include "process.h"

static void test(void)
{
    EXPECT_EQUAL(run("hostile_imports"), 0xC000007B);
    EXPECT_EQUAL(run("hostile_thunks"), 0xC000007B);
    EXPECT_EQUAL(run("hostile_storage"), 0xC000007B);
    EXPECT_EQUAL(run("import_absent_library"), 0xC0000135);
    EXPECT_EQUAL(run("import_absent_export"), 0xC0000139);
    EXPECT_EQUAL(run("import_absent_ordinal"), 0xC0000138);
    EXPECT_EQUAL(run("hostile_entry"), -1);
    EXPECT_EQUAL(GetLastError(), ERROR_BAD_EXE_FORMAT);
    EXPECT_EQUAL(run("hostile_relocations"), 0xC000007B);
    EXPECT_EQUAL(run("child exit 5"), 5);
}
