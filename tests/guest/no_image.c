// Not linked at all: an object file, which the system must not take for a program.
// role: helper
// cc: -c
int nothing;
