// An instruction that does not exist.
// expect: exception C000001D
#define INSTRUCTION "ud2"
#include "instruction.h"
