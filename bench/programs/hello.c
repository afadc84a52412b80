/* cold start: the least a C program does. Not one of the ratios. */
#include <stdio.h>

int main(void) { puts("hello"); }
