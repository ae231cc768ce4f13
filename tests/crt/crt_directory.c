// The current directory, whole paths, and searches in their layouts.
// expect: exit 0
#include <direct.h>
#include <errno.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "crt_check.h"

// The functions of the DLL, whatever the compiler's headers make of their names.
struct small { unsigned attributes, created, accessed, written, size; char name[260]; };
struct large { unsigned attributes; long long created, accessed, written, size; char name[260]; };
int __cdecl find_first_small(const char *, struct small *) __asm__("__findfirst");
int __cdecl find_next_small(int, struct small *) __asm__("__findnext");

int main(void)
{
    char path[260];
    CHECK(_getcwd(path, sizeof path) == path && strcmp(path, "C:\\") == 0);
    CHECK(_getcwd(path, 3) == NULL && errno == ERANGE);
    CHECK(_chdir("C:\\WINDOWS\\system32") == 0 && _getdrive() == 3);
    char *own = _getcwd(NULL, 0);
    CHECK(own != NULL && strcmp(own, "C:\\WINDOWS\\system32") == 0);
    free(own);
    CHECK(_chdir("no such folder") == -1 && errno == ENOENT);
    CHECK(_fullpath(path, "..\\x\\.\\y.txt", sizeof path) == path && strcmp(path, "C:\\WINDOWS\\x\\y.txt") == 0);
    own = _fullpath(NULL, "ntdll.dll", 0);
    CHECK(own != NULL && strcmp(own, "C:\\WINDOWS\\system32\\ntdll.dll") == 0);
    free(own);

    struct small found;
    int search = find_first_small("ntd*.dll", &found), same = search;
    CHECK(search != -1 && strcmp(found.name, "ntdll.dll") == 0 && found.size > 4096);
    CHECK(found.written == 315532800);
    CHECK(find_next_small(same, &found) == -1 && errno == ENOENT);
    CHECK(_findclose(search) == 0);
    CHECK(find_first_small("*.nothing", &found) == -1 && errno == ENOENT);
    struct large wide;
    int (*first)(const char *, struct large *) = (void *)_findfirst64;
    search = first("ntdll.dll", &wide);
    CHECK(search != -1 && strcmp(wide.name, "ntdll.dll") == 0 && wide.size > 4096 && wide.written == 315532800);
    CHECK(_findclose(search) == 0);

    CHECK(_getmaxstdio() == 512 && _setmaxstdio(19) == -1 && _setmaxstdio(600) == 600 && _getmaxstdio() == 600);
    CHECK(_sys_nerr == 43 && strcmp(_sys_errlist[2], "No such file or directory") == 0);
    return 0;
}
