// Writing the caches back is for the kernel alone.
// expect: exception C0000096
#define INSTRUCTION "wbinvd"
#include "instruction.h"
