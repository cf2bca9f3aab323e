/* unpool, compiled by netc 0.1.0 for avx512 from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The trainer's main program. */
#include "unpool.h"

int main(int argc, char **argv)
{
    return trainer_main(&unpool_model, argc, argv);
}
