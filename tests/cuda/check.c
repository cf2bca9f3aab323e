#include "check.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "compare") == 0)
        return compare_models(argv[2]);
    if (argc == 2 && strcmp(argv[1], "kernels") == 0)
        return print_kernels();
    if (argc == 3 && strcmp(argv[1], "nvrtc") == 0)
        return compile_models(argv[2]);
    if (argc == 3 && strcmp(argv[1], "train") == 0)
        return train_models(strcmp(argv[2], "all") == 0);
    fprintf(stderr, "usage: check compare FOLDER | kernels | nvrtc all|ends|some|half | train all|tuned\n");
    return 2;
}
