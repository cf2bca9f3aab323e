/* branches, compiled by netc 0.1.0 for generic from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The trainer's main program. */
#include "branches.h"

int main(int argc, char **argv)
{
    return trainer_main(&branches_model, argc, argv);
}
