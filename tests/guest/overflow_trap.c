// INTO after an overflow.
// expect: exception C0000095
#define INSTRUCTION "movb $0x7F, %%al; addb $1, %%al; into"
#include "instruction.h"
