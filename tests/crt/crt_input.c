// Standard input is a pipe: lines, formatted values, a byte that goes back, and the end.
// expect: exit 0
// stdin: first line
// stdin: 12 0x1f word
// stdin: rest
// stdout: [first line]
// stdout: [12 31 word]
// stdout: [rest]
// stdout: end
#include "crt_check.h"

int main(void)
{
    char line[80], word[20];
    int decimal = 0, other = 0;
    CHECK(fgets(line, sizeof line, stdin) == line);
    line[strcspn(line, "\n")] = 0;
    printf("[%s]\n", line);
    CHECK(scanf("%d %i %19s ", &decimal, &other, word) == 3);
    printf("[%d %d %s]\n", decimal, other, word);
    int first = getchar();
    ungetc(first, stdin);
    CHECK(first == 'r' && gets(line) == line);
    printf("[%s]\n", line);
    CHECK(getchar() == EOF && feof(stdin) && scanf("%d", &decimal) == EOF);
    puts("end");
    return failures;
}
