// Other programs: spawned, run by the shell, with a pipe to and from them.
// expect: exit 0
// stdout: from the shell
// stdout: through a pipe
// stdout: all is well
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include "crt_check.h"
#include "crt_need.h"

static void spawned(void)
{
    CHECK(_spawnl(_P_WAIT, "C:\\child.exe", "child", "exit", "5", NULL) == 5);
    CHECK(_spawnlp(_P_WAIT, "child", "child", "exit", "6", NULL) == 6);
    const char *words[] = {"child", "exit", "7", NULL};
    CHECK(_spawnv(_P_WAIT, "child.exe", words) == 7);
    const char *variables[] = {"EXPECTED=child line a  b", "Path=C:\\", NULL};
    CHECK(_spawnle(_P_WAIT, "child.exe", "child", "line", "a  b", NULL, variables) == 77);
    CHECK(_wspawnl(_P_WAIT, L"child.exe", L"child", L"exit", L"8", NULL) == 8);
    CHECK(_spawnl(_P_WAIT, "no such program", "x", NULL) == -1 && errno == ENOENT);
    CHECK(_spawnl(9, "child.exe", "child", NULL) == -1 && errno == EINVAL);
    intptr_t process = _spawnl(_P_NOWAIT, "child.exe", "child", "exit", "9", NULL);
    int status = 0;
    CHECK(process != -1 && _cwait(&status, process, 0) == process && status == 9);
    CHECK(_execl("no such program", "x", NULL) == -1 && errno == ENOENT);
    CHECK(_getpid() > 4);
}

static void shell(void)
{
    CHECK(system(NULL) == 1);
    CHECK(system("exit 3") == 3);
    CHECK(system("child exit 4") == 4);
    CHECK(system("echo from the shell") == 0);
    CHECK(system("\"C:\\child.exe\" exit 11") == 11);
    CHECK(system("echo redirected> C:\\system.txt") == 0);
    FILE *file = NEED(fopen("C:\\system.txt", "r"));
    char line[80] = "";
    CHECK(fgets(line, sizeof line, file) != NULL);
    CHECK_TEXT(line, "redirected\n");
    fclose(file);
    CHECK(remove("C:\\system.txt") == 0);
}

static void pipes(void)
{
    FILE *reader = NEED(_popen("echo one& exit 12", "r"));
    char line[80] = "";
    CHECK(fgets(line, sizeof line, reader) != NULL);
    CHECK(_pclose(reader) >= 0);
    reader = NEED(_popen("child exit 13", "r"));
    CHECK(fgets(line, sizeof line, reader) == NULL && _pclose(reader) == 13);
    FILE *writer = _popen("crt_input.exe", "x");
    CHECK(writer == NULL && errno == EINVAL);
    CHECK(_pclose(stdout) == -1 && errno == EINVAL);

    int ends[2];
    CHECK(_pipe(ends, 512, _O_BINARY) == 0 && ends[0] > 2 && ends[1] > 2);
    CHECK(_write(ends[1], "abc\n", 4) == 4 && _close(ends[1]) == 0);
    CHECK(_read(ends[0], line, sizeof line) == 4 && memcmp(line, "abc\n", 4) == 0);
    CHECK(_read(ends[0], line, sizeof line) == 0 && _close(ends[0]) == 0);

    // What a child writes comes through a pipe that is its standard output meanwhile.
    CHECK(_pipe(ends, 512, _O_BINARY) == 0);
    int saved = _dup(1);
    CHECK(_dup2(ends[1], 1) == 0);
    CHECK(system("echo through a pipe") == 0);
    CHECK(_dup2(saved, 1) == 0 && _close(saved) == 0 && _close(ends[1]) == 0);
    int count = _read(ends[0], line, sizeof line - 1);
    line[count > 0 ? count : 0] = 0;
    CHECK_TEXT(line, "through a pipe\r\n");
    printf("%.*s\n", count - 2, line);
    _close(ends[0]);
}

int main(void)
{
    spawned();
    shell();
    pipes();
    if (failures == 0)
        printf("all is well\n");
    return failures;
}
